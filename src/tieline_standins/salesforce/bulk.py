"""Bulk API 2.0: jobs, shared by ingest and query (fact sheet section 6)."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.call import Answer, Call
from tieline_standins.salesforce.ids import make_id

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
CSV_TYPE = (("Content-Type", "text/csv"),)


@dataclass
class Job:
    """One job; `polls` counts how often a finished one was still shown as InProgress."""

    id: str
    kind: str  # ingest | query
    operation: str
    object: str
    created: str
    user: str
    version: str
    delimiter: str = "COMMA"
    line_end: str = "LF"
    external_id: str | None = None
    state: str = "Open"
    polls: int = 0
    upload: bytes = b""
    processed: int = 0
    failed: int = 0
    message: str | None = None
    header: list[str] = field(default_factory=list)
    successful_rows: list[list[str]] = field(default_factory=list)
    failed_rows: list[list[str]] = field(default_factory=list)
    unprocessed_rows: list[list[str]] = field(default_factory=list)
    lines: list[list[Json]] = field(default_factory=list)

    def shown_state(self) -> str:
        return "InProgress" if self.polls > 0 and self.state in ("JobComplete", "Failed") else self.state

    def as_json(self) -> dict[str, Json]:
        body: dict[str, Json] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.shown_state(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": Decimal(self.version),
            "lineEnding": self.line_end,
            "columnDelimiter": self.delimiter,
        }
        if self.external_id:
            body["externalIdFieldName"] = self.external_id
        if self.kind == "ingest" and self.state == "Open":
            body["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        return body

    def progress(self) -> dict[str, Json]:
        """What a poll sees beside the job itself."""
        kind = "V2Ingest" if self.kind == "ingest" else "V2Query"
        body: dict[str, Json] = {
            "jobType": kind,
            "numberRecordsProcessed": self.processed,
            "retries": 0,
            "totalProcessingTime": 0,
        }
        if self.kind == "ingest":
            body |= {"numberRecordsFailed": self.failed, "apiActiveProcessingTime": 0, "apexProcessingTime": 0}
        if self.message:
            body["errorMessage"] = self.message
        return body


@dataclass
class Jobs:
    """All jobs of the org."""

    jobs: dict[str, Job] = field(default_factory=dict)
    made: int = 0

    def add(self, call: Call, kind: str, operation: str, name: str, body: dict[str, Json]) -> Job:
        """A new job with the formats the body asks for. Raises ApiError."""
        delimiter, line_end = body.get("columnDelimiter", "COMMA"), body.get("lineEnding", "LF")
        if delimiter not in DELIMITERS or line_end not in LINE_ENDS or body.get("contentType", "CSV") != "CSV":
            raise ApiError(400, "INVALIDJOB", "Unsupported content type, column delimiter or line ending")
        self.made += 1
        job = Job(
            make_id("750", self.made), kind, operation, name, call.work.stamp, call.work.user, call.version,
            delimiter, line_end,
        )  # fmt: skip
        self.jobs[job.id] = job
        return job

    def find(self, kind: str, job_id: str) -> Job:
        """Raises ApiError."""
        job = self.jobs.get(job_id)
        if job is None or job.kind != kind:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return job

    def listed(self, kind: str) -> Json:
        records = [{**job.as_json(), "jobType": job.progress()["jobType"]} for job in self.jobs.values()
                   if job.kind == kind]  # fmt: skip
        return {"done": True, "records": records, "nextRecordsUrl": None}


def table(job: Job, header: list[str], rows: Iterable[Iterable[Json]], *, quoted_header: int = 0) -> bytes:
    """CSV in the format of the job: every value quoted; the columns the vendor adds have quoted names."""
    delimiter, end = DELIMITERS[job.delimiter], LINE_ENDS[job.line_end]
    names = [f'"{name}"' if place < quoted_header else name for place, name in enumerate(header)]
    text = io.StringIO(newline="")
    text.write(delimiter.join(names) + end)
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def poll(call: Call, job: Job) -> Answer:
    """The job as it stands; a finished one is shown InProgress for the first polls, as a real one needs time."""
    body = {**job.as_json(), **job.progress()}
    if job.polls:
        job.polls -= 1
    return Answer(200, body)
