"""NetSuite's REST services as plain calls: records by id or by our reference, SuiteQL, and asynchronous batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

from tieline.connectors.netsuite.refusal import Gone
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.http import HttpAnswer, VendorHttp
from tieline.sdk.operation import Payload

RECORD = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
ASYNC = "/services/rest/async/v1/job"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
ROW_CAP = 100_000
"""SuiteQL reaches no more rows by paging."""
STRICT = {
    # By default unknown field names are ignored without a word (fact sheet section 4).
    "x-netsuite-propertynamevalidation": "Error",
    "x-netsuite-propertyvaluevalidation": "Error",
}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of SuiteQL rows; all values are texts, columns without a value are absent."""

    rows: Sequence[Row]
    more: bool
    body: Mapping[str, Any]


class NetSuite:
    """The calls this connector makes. All raise the three errors."""

    def __init__(self, http: VendorHttp) -> None:
        self.http = http
        self.connection = http.connection

    def read(self, record_type: str, ref: str, *, fields: Sequence[str] = (), lines: bool = False) -> dict[str, Any]:
        """A record by internal id, or by our reference as `by_reference` writes it. Raises Gone when there is none."""
        params = {"fields": ",".join(fields)} if fields else {}
        if lines:
            params["expandSubResources"] = "true"
        record = self._object(self.http.get(f"{RECORD}/{record_type}/{ref}", params=params or None))
        if ref.isdigit() and str(record.get("id", ref)) != ref:
            raise Unavailable(self.connection, f"answered with another {record_type} than was asked for")
        return record

    def id_of_reference(self, record_type: str, external_id: str, label: str) -> tuple[str, str] | None:
        """Internal id and label of the record with our reference, or None."""
        try:
            record = self.read(record_type, by_reference(external_id), fields=("id", label))
        except Gone:
            return None
        return self._checked_id(record.get("id")), str(record.get(label) or external_id)

    def upsert(self, record_type: str, external_id: str, body: Payload, *, replaced: Sequence[str], what: str) -> str:
        """Create or update by our reference; answers the internal id."""
        path = f"{RECORD}/{record_type}/{by_reference(external_id)}"
        answer = self._write("PUT", path, body, replaced, what)
        try:
            return self._checked_id(last_part(answer.headers.get("location", "")))
        except Unavailable:
            found = self.id_of_reference(record_type, external_id, "id")
            if found is None:
                raise
            return found[0]

    def change(
        self, record_type: str, record_id: str, body: Payload, *, replaced: Sequence[str] = (), what: str
    ) -> None:
        """Update by internal id; what the body leaves out stays."""
        self._write("PATCH", f"{RECORD}/{record_type}/{quote(record_id, safe='')}", body, replaced, what)

    def query(self, sql: str, params: Sequence[str], *, limit: int = 1000, offset: int = 0) -> RowPage:
        """One page of a SuiteQL query; values only as bound parameters."""
        assert sql.count("?") == len(params), "every value is a bound parameter"
        answer = self.http.request(
            "POST",
            SUITEQL,
            write=False,
            params={"limit": limit, "offset": offset},
            json={"q": sql, "params": list(params)},
            headers={"prefer": "transient"},
        )
        body = self._object(answer)
        rows = body.get("items")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unavailable(self.connection, "answered a query without rows")
        return RowPage(rows, body.get("hasMore") is True, body)

    def rows(self, sql: str, params: Sequence[str] = ()) -> Iterator[Row]:
        """All rows of a query that is known to be small."""
        for offset in range(0, ROW_CAP, 1000):
            page = self.query(sql, params, offset=offset)
            yield from page.rows
            if not page.more:
                return
        raise Rejected(self.connection, f"a query has more than {ROW_CAP} rows, the most NetSuite hands out")

    def submit_batch(self, record_type: str, items: Sequence[Payload], key: str, *, parallel: bool) -> str:
        """Upsert up to 100 records by our reference in an asynchronous job; answers the job's id.

        Raises AlreadySubmitted when the key was used before.
        """
        prefer = 'respond-async, batch-processing="parallel"' if parallel else "respond-async"
        answer = self.http.request(
            "PUT",
            f"{RECORD}/{record_type}",
            write=True,
            json={"items": list(items)},
            headers={"prefer": prefer, "content-type": COLLECTION, "x-netsuite-idempotency-key": key},
        )
        return self.job_of(answer.headers.get("location", ""))

    def job_of(self, location: str) -> str:
        """The job's id in a Location. Raises Unclear when there is none: the batch may well be under way."""
        job = last_part(location)
        if not job or not job.isascii() or not all(letter.isalnum() or letter in "-_" for letter in job):
            raise Unclear(self.connection, "accepted a batch without saying which job works on it")
        return job

    def job_progress(self, job: str) -> str | None:
        """How an asynchronous job ended (`succeeded`, `failed`), or None while it works.

        `succeeded` does not mean that its records were accepted.
        """
        state = self._object(self.http.get(f"{ASYNC}/{job}"))
        return str(state.get("progress")) if state.get("completed") is True else None

    def task_paths(self, job: str) -> list[str]:
        """The addresses of a job's tasks, one per record, in the order the records were sent."""
        items = self._object(self.http.get(f"{ASYNC}/{job}/task")).get("items")
        links = [item.get("links") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        return [f"{ASYNC}/{job}/task/{last_part(_self(link))}" for link in links]

    def task_problem(self, path: str) -> Rejected | None:
        """Why a task failed, or None when it did not. Raises Unavailable or Unauthorized for anything else."""
        try:
            self.http.get(f"{path}/result", headers={"prefer": "transient"})
        except Rejected as problem:
            return problem
        return None

    def describe(self, record_type: str) -> Mapping[str, Any]:
        """The JSON schema of a record type, custom fields included."""
        accept = {"accept": "application/schema+json"}
        return self._object(self.http.get(f"{RECORD}/metadata-catalog/{record_type}", headers=accept))

    def may_read(self, record_type: str) -> None:
        """A harmless read of a record type. Raises Unauthorized when the role lacks the right."""
        self.http.get(f"{RECORD}/{record_type}", params={"limit": 1})

    def _write(self, method: str, path: str, body: Payload, replaced: Sequence[str], what: str) -> HttpAnswer:
        params = {"replace": ",".join(replaced)} if replaced else None
        try:
            return self.http.request(method, path, write=True, params=params, json=body)
        except Rejected as problem:
            raise replace(problem, message=f"{what}: {problem.message}") from problem

    def _object(self, answer: HttpAnswer) -> dict[str, Any]:
        body = answer.json()
        if not isinstance(body, dict):
            raise Unavailable(self.connection, "answered with something that is no record")
        return body

    def _checked_id(self, value: object) -> str:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 20:
            raise Unclear(self.connection, "took the record but did not say under which id")
        return value


def by_reference(external_id: str) -> str:
    """A path's last part that names a record by our reference: `eid:cus_1:US`."""
    return f"eid:{quote(external_id, safe=':~')}"


def last_part(location: str) -> str:
    """The last part of an address, where NetSuite puts ids."""
    return urlsplit(location).path.rstrip("/").rpartition("/")[2]


def _self(links: object) -> str:
    found = (
        [link for link in links if isinstance(link, dict) and link.get("rel") == "self"]
        if isinstance(links, list)
        else []
    )
    return str(found[0].get("href")) if found else ""
