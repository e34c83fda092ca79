"""Approved time as cost records (timeBill): batches of 100 in asynchronous jobs, each line under our reference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid5

from tieline.connectors.netsuite.client import NetSuite
from tieline.connectors.netsuite.records import REFERENCE
from tieline.connectors.netsuite.refusal import AlreadySubmitted
from tieline.connectors.netsuite.settings import Options
from tieline.model.ids import NAMESPACE
from tieline.sdk.errors import Rejected
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, Payload, WriteSafety

BATCH = 100
"""The most NetSuite takes in one collection (fact sheet section 4)."""
LOOKED_UP = 1000
"""References per look-up, the most values Oracle allows in a list and the most rows of one page."""
MEMO_LENGTH = 999


@dataclass(slots=True)
class TimeLines:
    """The sink of time lines (`sdk.lines.LineSink`)."""

    client: NetSuite
    options: Options
    connection: str
    system: str
    safety: WriteSafety
    quarantine: timedelta
    batch_size: int = BATCH
    at_once: int = 2

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        """Send one batch. Lines NetSuite could not take are refused here and at every poll alike."""
        bodies, refused = self._bodies(lines)
        if not bodies:
            return Settled({}, refused)
        try:
            # Unlike our create key NetSuite's must be a UUID.
            job = self.client.submit_batch(
                "timeBill", bodies, str(uuid5(NAMESPACE, key)), parallel=self.options.parallel_batches
            )
        except AlreadySubmitted as known:
            job = self.client.job_of(known.location)
        return self._accepted(job)

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled | Accepted:
        """The state of a batch: ids by one look-up; only lines that are not there are asked for, task by task.

        A job that `succeeded` may hold failed tasks (fact sheet section 8).
        """
        progress = self.client.job_progress(handle)
        if progress is None:
            return self._accepted(handle)
        bodies, refused = self._bodies(lines)
        references = [str(body[REFERENCE]) for body in bodies]
        ids = self.find_many(references)
        missing = [place for place, reference in enumerate(references) if reference not in ids]
        if missing:
            refused |= self._problems(handle, progress, references, missing)
        return Settled(ids, refused)

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        """Internal ids of the time lines that exist, by our reference."""
        found: dict[str, str] = {}
        for part in _chunks(references, LOOKED_UP):
            marks = ", ".join("?" * len(part))
            sql = f"select id, externalid from timebill where externalid in ({marks})"  # noqa: S608 - marks only
            rows = self.client.query(sql, part).rows
            found |= {str(row["externalid"]): str(row["id"]) for row in rows if {"id", "externalid"} <= row.keys()}
        return found

    def _accepted(self, job: str) -> Accepted:
        return Accepted(job, timedelta(seconds=self.options.concurrent_polls_seconds))

    def _problems(
        self, job: str, progress: str, references: Sequence[str], missing: Sequence[int]
    ) -> dict[str, Rejected]:
        """What the tasks of missing lines say. A line whose task succeeded but that is not there stays in doubt."""
        paths = self.client.task_paths(job)
        if len(paths) != len(references):
            # Its idempotency key is used up, so the same batch can never be sent again: a person releases the lines.
            whole = Rejected(self.connection, f"NetSuite failed the whole batch (job {job})", owner="integration")
            return {references[place]: whole for place in missing} if progress == "failed" else {}
        answers = {references[place]: self.client.task_problem(paths[place]) for place in missing}
        return {reference: problem for reference, problem in answers.items() if problem is not None}

    def _bodies(self, lines: Sequence[ErpLine]) -> tuple[list[Payload], dict[str, Rejected]]:
        bodies: list[Payload] = []
        refused: dict[str, Rejected] = {}
        for line in lines:
            problem = self._unfit(line)
            if problem is None:
                bodies.append(body_of(line, self.options.time_fields))
            else:
                refused[line.reference] = problem
        return bodies, refused

    def _unfit(self, line: ErpLine) -> Rejected | None:
        if line.minutes < 0 and self.options.reversals == "by_hand":
            taken = f"take back {-line.minutes} minutes of {line.reference} by hand"
            message = f"this NetSuite account takes no negative hours: {taken}"
            return Rejected(self.connection, message, kind="policy", field="hours", owner="finance")
        if line.minutes != line.minutes.to_integral_value():
            message = f"NetSuite holds whole minutes, and the entry has {line.minutes}"
            return Rejected(self.connection, message, kind="mapping", field="hours", owner="delivery")
        return None


def body_of(line: ErpLine, fixed: Mapping[str, object]) -> Payload:
    """A time line as NetSuite wants it: `customer` is the project, `caseTaskEvent` its task. Never billable there:
    the draft invoice bills it (else NetSuite would bill it a second time)."""
    body: Payload = {
        REFERENCE: line.reference,
        "employee": {"id": line.person},
        "customer": {"id": line.project},
        "tranDate": line.booked_on.isoformat(),
        "hours": clock(int(line.minutes)),
        "timeType": {"id": "A"},
        "isBillable": False,
    }
    if line.task is not None:
        body["caseTaskEvent"] = {"id": line.task}
    if line.item is not None:
        body["item"] = {"id": line.item}
    worked = f"Worked on {line.work_date.isoformat()}" if line.posts_on is not None else None
    memo = ": ".join(words for words in (worked, line.note) if words)
    if memo:
        body["memo"] = memo[:MEMO_LENGTH]
    return {**body, **fixed}


def clock(minutes: int) -> str:
    """Minutes as `hh:mm`, a reversal with a minus sign."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}{hours}:{rest:02}"


def _chunks(references: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (references[start : start + size] for start in range(0, len(references), size))
