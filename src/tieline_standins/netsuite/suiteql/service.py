"""POST /services/rest/query/v1/suiteql (fact sheet section 4)."""

from collections.abc import Mapping

from tieline_standins.core.http import BadJsonError, Json, Request, Response
from tieline_standins.netsuite.auth import Gate
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.errors import RefusalError, bad_parameter, malformed
from tieline_standins.netsuite.paging import list_response, page_of
from tieline_standins.netsuite.preferences import preferences
from tieline_standins.netsuite.suiteql.parser import parse
from tieline_standins.netsuite.suiteql.query import Result, run_query
from tieline_standins.netsuite.suiteql.tables import Table, record_tables
from tieline_standins.netsuite.suiteql.transaction_tables import transaction_tables


class QueryService:
    """Runs queries; the pages of one result are cut from one run, until something is written."""

    def __init__(self, books: Books, gate: Gate) -> None:
        self._books = books
        self._gate = gate
        self._tables: Mapping[str, Table] = {}
        self._last: tuple[object, Result] | None = None
        self.rebuild()

    def rebuild(self) -> None:
        """Custom fields were added: columns change."""
        self._tables = record_tables(self._books) | transaction_tables(self._books)
        self._last = None

    def answer(self, request: Request) -> Response:
        """Raises RefusalError."""
        self._gate.allow("suiteql", "view")
        if "transient" not in preferences(request):
            raise RefusalError("INVALID_HEADER", "The Prefer header must be set to transient.", header="Prefer")
        query, parameters = _body(request)
        page = page_of(request)
        cap = self._books.settings.suiteql_row_cap
        if page.offset >= cap:
            raise bad_parameter("offset", f"Invalid query parameter value '{page.offset}': at most {cap} results.")
        result = self._run(query, parameters)
        return list_response(request, page, len(result.rows), result.show(page.of(result.rows)))

    def _run(self, query: str, parameters: list[Json]) -> Result:
        books = self._books
        key = (query, repr(parameters), books.store.version, books.settings.date_format)
        if self._last is None or self._last[0] != key or "SYSDATE" in query.upper():
            result = run_query(
                parse(query, parameters),
                self._tables,
                date_format=books.settings.date_format,
                now=books.now(),
                omit_nulls=books.settings.suiteql_omits_nulls,
            )
            self._last = (key, result)
        return self._last[1]


def _body(request: Request) -> tuple[str, list[Json]]:
    try:
        body = request.json()
    except BadJsonError as error:
        raise malformed() from error
    if not isinstance(body, dict) or not isinstance(body.get("q"), str):
        raise malformed("q")
    parameters = body.get("params", [])
    if not isinstance(parameters, list):
        raise malformed("params")
    return body["q"], parameters
