"""An ERP for tests of the lane that keeps what its write-safety class promises, and not one thing more."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from threading import Lock

from tieline.sdk.errors import NotSent, Rejected, Unavailable, Unclear
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, WriteSafety

NOW = timedelta(0)
ENDS = {
    "ok": 8,
    "reorder": 1,
    "leave_out": 1,
    "lose": 1,
    "accept": 2,
    "drop_after": 2,
    "drop_before": 1,
    "late": 2,
    "accept_unheard": 1,
    "busy": 1,
    "not_sent": 1,
    "bug": 1,
    "die_before": 1,
    "die_after": 1,
    "die_late": 1,
}
"""How a call may end, and how often it does.

`leave_out`: the answer does not name a line it stored. `lose`: it neither stores nor names it. `accept`: it answers
with a job. `late`: the connection breaks and the write lands later. `accept_unheard`: so does that of a job whose
handle never arrives. `die_…`: our process ends in the call, and the write happens before, later, or never.
"""


class Death(BaseException):
    """kill -9, as far as one thread can play it: nothing of ours runs after it."""


@dataclass
class Job:
    """A request the vendor has taken and not yet carried out."""

    lines: Sequence[ErpLine]
    key: str
    patience: int
    settled: Settled | None = None


@dataclass
class StrictErp:
    """A line sink with an append-only ledger. The seed says how calls end."""

    connection: str
    safety: WriteSafety
    chance: random.Random
    batch_size: int = 4
    at_once: int = 1
    system: str = "StrictERP"
    quarantine: timedelta = timedelta(hours=1)
    calm: bool = False
    """From now on every call ends well."""
    ledger: list[tuple[str, ErpLine]] = field(default_factory=list)
    closed: set[date] = field(default_factory=set)
    """Days it takes no time on."""
    breaches: list[str] = field(default_factory=list)
    """What no careful client does."""
    in_call: Callable[[], None] = lambda: None
    posts: int = 0
    _answers: dict[str, tuple[Sequence[ErpLine], Settled]] = field(default_factory=dict)
    _jobs: dict[str, Job] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        """One call."""
        with self._lock:
            self.posts += 1
            end = "ok" if self.calm else self.chance.choices(list(ENDS), list(ENDS.values()))[0]
        self.in_call()
        with self._lock:
            self._end_before(end, lines, key)
            if end == "accept":
                return Accepted(self._taken(lines, key), NOW)
            if end == "lose" and len(lines) > 1:
                return self._commit(lines[1:], f"{key}:part")
            settled = self._commit(lines, key)
            if end == "drop_after":
                raise Unclear(self.connection, "no answer")
            if end == "die_after":
                raise Death
            if end == "leave_out":
                return Settled(dict(list(settled.ids.items())[1:]), settled.refused)
            return Settled(dict(reversed(list(settled.ids.items()))), settled.refused) if end == "reorder" else settled

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled | Accepted:
        """The job, which takes its time."""
        with self._lock:
            job = self._jobs[handle]
            job.patience -= 1
            if job.patience > 0 and not self.calm:
                return Accepted(handle, NOW)
            return self._carried_out(job)

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        """What is there now."""
        with self._lock:
            known = {line.reference: erp_id for erp_id, line in self.ledger}
        return {reference: known[reference] for reference in references if reference in known}

    def land(self) -> None:
        """All that was under way arrives: no request lives longer than this."""
        with self._lock:
            for job in self._jobs.values():
                self._carried_out(job)

    def doubles(self) -> list[str]:
        """References it holds more than once."""
        counted = Counter(line.reference for _, line in self.ledger)
        return [reference for reference, times in counted.items() if times > 1]

    def net(self) -> dict[str, dict[tuple[str, date, str], Decimal]]:
        """Source line -> (project, day, entity) -> minutes, without what comes to nothing."""
        found: dict[str, Counter[tuple[str, date, str]]] = {}
        for _, line in self.ledger:
            source_id = line.reference.split(":")[2]
            place = (line.project, line.work_date, line.legal_entity)
            found.setdefault(source_id, Counter())[place] += line.minutes  # type: ignore[assignment]
        left = {
            source_id: {place: Decimal(minutes) for place, minutes in places.items() if minutes}
            for source_id, places in found.items()
        }
        return {source_id: places for source_id, places in left.items() if places}

    def _end_before(self, end: str, lines: Sequence[ErpLine], key: str) -> None:
        """Ends without an answer and, for now, without a write."""
        if end in ("late", "accept_unheard", "die_late"):
            self._taken(lines, key)
        match end:
            case "drop_before" | "late" | "accept_unheard":
                raise Unclear(self.connection, "no answer")
            case "busy":
                raise Unavailable(self.connection, "too many calls", NOW)
            case "not_sent":
                raise NotSent(self.connection, "the send window is over")
            case "bug":
                raise ZeroDivisionError
            case "die_before" | "die_late":
                raise Death

    def _taken(self, lines: Sequence[ErpLine], key: str) -> str:
        handle = f"job {len(self._jobs) + 1}"
        self._jobs[handle] = Job(lines, key, self.chance.randrange(3))
        return handle

    def _carried_out(self, job: Job) -> Settled:
        if job.settled is None:
            job.settled = self._commit(job.lines, job.key)
        return job.settled

    def _commit(self, lines: Sequence[ErpLine], key: str) -> Settled:
        if self.safety == WriteSafety.NATIVE_KEY and key in self._answers:
            before, settled = self._answers[key]
            if list(before) != list(lines):
                self.breaches.append(f"{key} came with another content")
            return settled
        refused = {
            line.reference: Rejected(self.connection, f"{line.work_date} is closed", "closed_period", key="closed")
            for line in lines
            if line.work_date in self.closed
        }
        ids = {line.reference: self._store(line) for line in lines if line.reference not in refused}
        self._answers[key] = lines, Settled(ids, refused)
        return self._answers[key][1]

    def _store(self, line: ErpLine) -> str:
        if self.safety == WriteSafety.UPSERT:
            for erp_id, known in self.ledger:
                if known.reference == line.reference:
                    if known != line:
                        self.breaches.append(f"{line.reference} came with another content")
                    return erp_id
        self.ledger.append((f"{self.connection}-{len(self.ledger) + 1}", line))
        return self.ledger[-1][0]
