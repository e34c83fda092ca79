"""Bulk API 2.0 ingest: upload CSV, process it, read the results (fact sheet section 6)."""

import csv
import io

from tieline_standins.core.http import Json
from tieline_standins.salesforce import dml
from tieline_standins.salesforce.api_error import ApiError, ManyMatchesError, not_found
from tieline_standins.salesforce.bulk import CSV_TYPE, DELIMITERS, Job, Jobs, poll, table
from tieline_standins.salesforce.call import Answer, Call, method_not_allowed
from tieline_standins.salesforce.schema import Field, SObject
from tieline_standins.salesforce.transaction import Transaction

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_NULL = "#N/A"
_MAX_UPLOAD = 150 * 1024 * 1024
_CHUNK = 200  # rows the platform saves together; each chunk is a transaction of its own
_MAX_CELL = 32_000
csv.field_size_limit(1_000_000)


def ingest(jobs: Jobs, call: Call) -> Answer:
    """Everything below /jobs/ingest. Raises ApiError."""
    rest = call.target.segments[2:]
    if not rest:
        if call.method == "POST":
            return Answer(200, _opened(jobs, call).as_json())
        return Answer(200, jobs.listed("ingest"))
    job = jobs.find("ingest", rest[0])
    if len(rest) == 1:
        return _job(jobs, call, job)
    match rest[1].lower(), call.method:
        case "batches", "PUT":
            return _uploaded(call, job)
        case "successfulresults", "GET":
            return _results(job, ["sf__Id", "sf__Created"], job.successful_rows)
        case "failedresults", "GET":
            return _results(job, ["sf__Id", "sf__Error"], job.failed_rows)
        case "unprocessedrecords", "GET":
            return _results(job, [], job.unprocessed_rows)
    raise not_found()


def _opened(jobs: Jobs, call: Call) -> Job:
    body = call.object_body(
        frozenset({"object", "operation", "externalIdFieldName", "contentType", "columnDelimiter", "lineEnding"})
    )
    operation, name = body.get("operation"), body.get("object")
    if operation not in OPERATIONS:
        raise ApiError(400, "INVALIDJOB", f"Unknown operation: {operation}")
    sobject = call.org.schema.find(str(name))
    if sobject is None:
        raise ApiError(400, "INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API")
    external = body.get("externalIdFieldName")
    if operation == "upsert":
        key = sobject.find(str(external))
        if key is None or not key.key:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Field name not found : {external}")
    job = jobs.add(call, "ingest", str(operation), sobject.name, body)
    job.external_id = str(external) if operation == "upsert" else None
    return job


def _job(jobs: Jobs, call: Call, job: Job) -> Answer:
    match call.method:
        case "GET":
            return poll(call, job)
        case "DELETE":
            if job.shown_state() not in ("JobComplete", "Aborted", "Failed"):
                raise ApiError(400, "INVALIDJOBSTATE", f"Job {job.id} is still in progress")
            del jobs.jobs[job.id]
            return Answer(204)
        case "PATCH":
            return _closed(call, job)
    raise method_not_allowed(call, "GET", "PATCH", "DELETE")


def _uploaded(call: Call, job: Job) -> Answer:
    if job.state != "Open" or job.upload:
        raise ApiError(400, "INVALIDJOBSTATE", f"Found multiple contents for job: <{job.id}>, please 'Close' the job")
    if len(call.request.body) > _MAX_UPLOAD:
        raise ApiError(413, "EXCEEDEDQUOTA", "The upload is larger than 150 MB")
    job.upload = call.request.body
    return Answer(201)


def _closed(call: Call, job: Job) -> Answer:
    state = call.object_body(frozenset({"state"})).get("state")
    if job.state != "Open" or state not in ("UploadComplete", "Aborted"):
        raise ApiError(400, "INVALIDJOBSTATE", f"Job state {job.state} cannot be changed to {state}")
    answer = {**job.as_json(), "state": state}
    answer.pop("contentUrl", None)
    if state == "Aborted":
        job.state = "Aborted"
        return Answer(200, answer)
    _process(call, job)
    job.polls = call.org.settings.bulk_polls
    return Answer(200, answer)


def _process(call: Call, job: Job) -> None:
    """Save all rows; a job whose header is wrong fails as a whole."""
    sobject = call.org.schema.objects[job.object]
    try:
        rows = list(csv.reader(io.StringIO(job.upload.decode("utf-8-sig"), newline=""),
                               delimiter=DELIMITERS[job.delimiter], strict=True))  # fmt: skip
    except (UnicodeDecodeError, csv.Error) as error:
        job.state, job.message = "Failed", f"InvalidBatch : Failed to parse CSV: {error}"
        return
    rows = [row for row in rows if row]
    job.header, lines = (rows[0] if rows else []), rows[1:]
    unknown = [name for name in job.header if not _known(call, sobject, name)]
    if unknown or not job.header:
        job.state, job.unprocessed_rows = "Failed", lines
        job.message = f"InvalidBatch : Field name not found : {', '.join(unknown)}"
        return
    for start in range(0, len(lines), _CHUNK):
        # The first lines of a job belong to its own transaction, so that the request counts as a write.
        with call.org.transaction(call.request, call.work.user, f"bulk/{call.version}") as work:
            for line in lines[start : start + _CHUNK]:
                _save(work, job, sobject, line)
    job.state = "JobComplete"
    job.upload = b""


def _known(call: Call, sobject: SObject, name: str) -> bool:
    relationship, _, key = name.rpartition(".")
    if not relationship:
        return sobject.find(name) is not None
    reference = sobject.parent(relationship)
    parent = call.org.schema.find(reference.refers_to[0]) if reference else None
    return parent is not None and parent.find(key) is not None


def _save(work: Transaction, job: Job, sobject: SObject, line: list[str]) -> None:
    job.processed += 1
    mark = work.mark()
    try:
        if len(line) != len(job.header):
            raise ApiError(400, "InvalidBatch", f"Row has {len(line)} columns, the header {len(job.header)}")
        record_id, created = _saved(work, job, sobject, _body(job, line))
    except (ApiError, ManyMatchesError) as error:
        work.rollback(mark)
        job.failed += 1
        job.failed_rows.append([_id_of(job, line), _told(error), *line])
        return
    job.successful_rows.append([record_id, "true" if created else "false", *line])


def _saved(work: Transaction, job: Job, sobject: SObject, body: dict[str, Json]) -> tuple[str, bool]:
    given_id = body.pop("Id", None)
    match job.operation:
        case "insert":
            return dml.create(work, sobject, body), True
        case "upsert":
            key = dml.key_field(sobject, job.external_id or "")
            value = _pop(body, key)
            if key.name == "Id":
                value = given_id
            if value is None:
                raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
            saved = dml.upsert(work, sobject, key, value, body)
            return saved.id, saved.created
    if not given_id:
        raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    row = dml.find_row(work, sobject, str(given_id))
    if job.operation == "update":
        dml.update(work, sobject, row["Id"], body)
    else:
        dml.delete(work, sobject, row["Id"])
    return str(row["Id"]), False


def _pop(body: dict[str, Json], key: Field) -> Json:
    for name in list(body):
        if name.lower() == key.name.lower():
            return body.pop(name)
    return None


def _body(job: Job, line: list[str]) -> dict[str, Json]:
    """A line as a record: an empty cell is left out, `#N/A` is null, `Owner.Email` names a parent by key."""
    body: dict[str, Json] = {}
    for name, cell in zip(job.header, line, strict=True):
        if len(cell) > _MAX_CELL:
            raise ApiError(400, "STRING_TOO_LONG", f"{name}: data value too large (max length={_MAX_CELL})", [name])
        if cell == "":
            continue
        relationship, _, key = name.rpartition(".")
        value = None if cell == _NULL else cell
        if relationship:
            body[relationship] = {key: value} if value is not None else None
        else:
            body["Id" if name.lower() == "id" else name] = value
    return body


def _id_of(job: Job, line: list[str]) -> str:
    lower = [name.lower() for name in job.header]
    return line[lower.index("id")] if "id" in lower and len(line) > lower.index("id") else ""


def _told(error: ApiError | ManyMatchesError) -> str:
    if isinstance(error, ManyMatchesError):
        return f"DUPLICATE_EXTERNAL_ID:{error}:--"
    return f"{error.code}:{error.message}:{' '.join(error.fields or ())} --"


def _results(job: Job, extra: list[str], rows: list[list[str]]) -> Answer:
    header = job.header or []
    return Answer(200, table(job, [*extra, *header], rows, quoted_header=len(extra)), CSV_TYPE)
