"""Bulk API 2.0 query: a SOQL job whose result is read as pages of CSV (fact sheet section 6)."""

import base64
import binascii

from tieline_standins.salesforce.api_error import ApiError, not_found
from tieline_standins.salesforce.bulk import CSV_TYPE, Job, Jobs, poll, table
from tieline_standins.salesforce.call import Answer, Call, method_not_allowed
from tieline_standins.salesforce.soql.execution import run
from tieline_standins.salesforce.soql.parser import parse


def bulk_query(jobs: Jobs, call: Call) -> Answer:
    """Everything below /jobs/query. Raises ApiError."""
    rest = call.target.segments[2:]
    if not rest:
        if call.method == "POST":
            return Answer(200, _opened(jobs, call))
        return Answer(200, jobs.listed("query"))
    job = jobs.find("query", rest[0])
    if len(rest) == 2 and rest[1].lower() == "results" and call.method == "GET":
        return _page(call, job)
    if len(rest) != 1:
        raise not_found()
    match call.method:
        case "GET":
            return poll(call, job)
        case "DELETE":
            del jobs.jobs[job.id]
            return Answer(204)
        case "PATCH" if call.object_body().get("state") == "Aborted":
            job.state, job.polls = "Aborted", 0
            return Answer(200, job.as_json())
    raise method_not_allowed(call, "GET", "PATCH", "DELETE")


def _opened(jobs: Jobs, call: Call) -> object:
    body = call.object_body(frozenset({"operation", "query", "contentType", "columnDelimiter", "lineEnding"}))
    operation, text = body.get("operation"), body.get("query")
    if operation not in ("query", "queryAll") or not isinstance(text, str):
        raise ApiError(400, "INVALIDJOB", "A query job needs the operation query or queryAll, and a query")
    found = run(text, call.work.store, call.org.stamp(), call.version, deleted=operation == "queryAll")
    if not found.columns or found.columns == ():
        raise ApiError(400, "INVALIDJOB", "Aggregates without rows are not supported by Bulk API 2.0 queries")
    job = jobs.add(call, "query", operation, parse(text).source, body)
    job.header = [".".join(names) for names in found.columns]
    job.lines = [found.values(row) for row in found.rows]
    job.processed = len(job.lines)
    answer = {**job.as_json(), "state": "UploadComplete"}
    job.state, job.polls = "JobComplete", call.org.settings.bulk_polls
    return answer


def _page(call: Call, job: Job) -> Answer:
    """One page; the locator of the next is in a header, the text `null` after the last."""
    if job.shown_state() != "JobComplete":
        raise ApiError(400, "INVALIDJOBSTATE", f"Job {job.id} is not complete")
    start = _position(call.target.param("locator"))
    size = call.target.param("maxRecords") or str(call.org.settings.bulk_query_page)
    if not size.isdecimal() or int(size) == 0:
        raise ApiError(400, "INVALID_INPUT", "maxRecords must be a positive whole number")
    rows = job.lines[start : start + int(size)]
    end = start + len(rows)
    locator = base64.b64encode(str(end).encode()).decode().rstrip("=") if end < len(job.lines) else "null"
    headers = (("Sforce-Locator", locator), ("Sforce-NumberOfRecords", str(len(rows))), *CSV_TYPE)
    header = [f'"{name}"' for name in job.header]
    return Answer(200, table(job, header, rows), headers)


def _position(locator: str | None) -> int:
    if locator in (None, "", "null"):
        return 0
    try:
        return int(base64.b64decode(str(locator) + "=" * (-len(str(locator)) % 4)))
    except (binascii.Error, ValueError) as error:
        raise ApiError(400, "INVALID_LOCATOR", "the locator is not valid") from error
