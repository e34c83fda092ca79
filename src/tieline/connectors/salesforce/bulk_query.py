"""The first column of a large query by the Bulk API 2.0, which spares the daily calls (fact sheet section 6)."""

import csv
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from tieline.connectors.salesforce.client import Salesforce
from tieline.connectors.salesforce.org_id import is_id
from tieline.sdk.errors import Rejected, Unavailable

ROWS_A_PAGE = 50_000
PATIENCE = 900.0
"""Seconds a job may take; afterwards the next night tries again."""
SLOWEST_POLL = 15.0
MOST_PAGES = 10_000


def bulk_column(salesforce: Salesforce, soql: str, rows_a_page: int = ROWS_A_PAGE) -> Iterator[str]:
    """The values of the first column. Raises Unavailable when the job does not end in time, Rejected when it fails."""
    path = f"{salesforce.root}/jobs/query"
    job = salesforce.http.request("POST", path, write=False, json={"operation": "query", "query": soql}).json()
    identifier = job.get("id") if isinstance(job, dict) else None
    if not isinstance(identifier, str) or not is_id(identifier):
        raise Unavailable(salesforce.connection, "answered a Bulk query without a job id")
    try:
        _wait(salesforce, f"{path}/{identifier}", job)
        yield from _values(salesforce, f"{path}/{identifier}/results", rows_a_page)
    finally:
        with suppress(Rejected, Unavailable):  # a job that still runs cannot be deleted; all end after seven days
            salesforce.http.request("DELETE", f"{path}/{identifier}", write=False)


def _wait(salesforce: Salesforce, path: str, job: Mapping[str, Any]) -> None:
    deadline, pause = time.monotonic() + PATIENCE, 0.1
    while job.get("state") != "JobComplete":
        if job.get("state") in ("Failed", "Aborted"):
            raise Rejected(salesforce.connection, f"the Bulk query failed: {str(job.get('errorMessage'))[:300]}")
        if time.monotonic() > deadline:
            raise Unavailable(salesforce.connection, "a Bulk query did not end in time")
        time.sleep(pause)
        pause = min(pause * 2, SLOWEST_POLL)
        answer = salesforce.http.get(path).json()
        job = answer if isinstance(answer, dict) else {}


def _values(salesforce: Salesforce, path: str, rows_a_page: int) -> Iterator[str]:
    locator: str | None = None
    for _ in range(MOST_PAGES):
        params = {"maxRecords": str(rows_a_page)} | ({"locator": locator} if locator else {})
        answer = salesforce.http.get(path, params=params, headers={"accept": "text/csv"})
        rows = csv.reader(io.StringIO(answer.body.decode("utf-8", "replace")))
        next(rows, None)
        yield from (row[0] for row in rows if row)
        locator = answer.headers.get("sforce-locator", "null")
        if locator == "null":  # the literal word, on the last page
            return
    raise Unavailable(salesforce.connection, "the pages of a Bulk query do not end")
