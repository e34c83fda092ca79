"""The NetSuite stand-in: routes requests to authentication, records, queries, jobs and metadata."""

from collections.abc import Callable
from urllib.parse import unquote

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.vendor import Context
from tieline_standins.netsuite import metadata
from tieline_standins.netsuite.administration import Administration
from tieline_standins.netsuite.auth import Gate
from tieline_standins.netsuite.batches import is_batch, works_of
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.errors import (
    RefusalError,
    error_response,
    malformed,
    no_such_record,
    too_many_requests,
)
from tieline_standins.netsuite.jobs import JOB_PATH, Jobs
from tieline_standins.netsuite.oauth2 import TOKEN_PATH
from tieline_standins.netsuite.preferences import preferences
from tieline_standins.netsuite.reading import RECORD_PATH
from tieline_standins.netsuite.record_service import RecordService
from tieline_standins.netsuite.seed import seed
from tieline_standins.netsuite.suiteql.service import QueryService

SUITEQL_PATH = "/services/rest/query/v1/suiteql"
_VERBS = {"POST": "create", "GET": "list", "PATCH": "update", "PUT": "upsert", "DELETE": "delete"}
_CODES = {401: "INVALID_LOGIN", 403: "INSUFFICIENT_PERMISSION", 404: "NONEXISTENT_ID", 400: "USER_ERROR"}


class NetSuite:
    """One account, seeded with the fictional firm."""

    name = "netsuite"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._under_way = 0
        self.reset()

    def reset(self) -> None:
        context = self._context
        self._books = Books(context.clock)
        seed(self._books, context.firm)
        settings = self._books.settings
        self._gate = Gate(context.clock, settings, context.seed)
        self._records = RecordService(self._books, context.ledger, self._gate)
        self._queries = QueryService(self._books, self._gate)
        self._jobs = Jobs(context.clock, settings, context.seed)
        self._administration = Administration(self._books, self._gate, self._queries)

    def operation(self, request: Request) -> str:
        """`customer.create`, `timeBill.batch_create`, `suiteql.query`, `job.get`, ..."""
        path = request.raw_path
        if path.startswith(f"{RECORD_PATH}/"):
            return _record_operation(request, _parts(path, RECORD_PATH))
        if path == SUITEQL_PATH:
            return "suiteql.query"
        if path == TOKEN_PATH:
            return "oauth2.token"
        if path.startswith(f"{JOB_PATH}/"):
            parts = _parts(path, JOB_PATH)
            return ("job.get", "job.tasks", "job.task", "job.result")[min(len(parts), 4) - 1]
        return "unknown"

    def enter(self, _request: Request) -> Response | None:
        """Concurrency governance: requests over the limit are refused, not queued (fact sheet section 4)."""
        if self._under_way >= self._books.settings.concurrency_limit:
            return too_many_requests().response()
        self._under_way += 1
        return None

    def leave(self) -> None:
        self._under_way -= 1

    def handle(self, request: Request) -> Response:
        self._jobs.run_due()
        try:
            if request.raw_path == TOKEN_PATH and request.method == "POST":
                return self._gate.issue_token(request)
            if len(request.body) > self._books.settings.max_body_bytes:
                raise RefusalError("INVALID_REQUEST", "The request body is too large.", status=413)
            self._gate.check(request)
            return self._route(request)
        except RefusalError as error:
            return error.response()

    def _route(self, request: Request) -> Response:
        path = request.raw_path
        if path.startswith(f"{JOB_PATH}/"):
            return self._jobs.answer(request, _parts(path, JOB_PATH))
        if path == metadata.CATALOG or path.startswith(f"{metadata.CATALOG}/"):
            return metadata.answer(self._books, request, "/".join(_parts(path, metadata.CATALOG)) or None)
        if path == SUITEQL_PATH and request.method == "POST":
            return self._sooner_or_later(request, self._queries.answer)
        if path.startswith(f"{RECORD_PATH}/"):
            return self._record_route(request, _parts(path, RECORD_PATH))
        if request.method == "OPTIONS":
            return Response(204, headers=[("allow", "GET, POST, PATCH, PUT, DELETE, OPTIONS")])
        raise no_such_record()

    def _record_route(self, request: Request, parts: list[str]) -> Response:
        if len(parts) == 1 and is_batch(request):
            if "respond-async" not in preferences(request):
                text = "Collection requests are supported only with the header Prefer: respond-async."
                raise RefusalError("INVALID_HEADER", text, header="Prefer")
            return self._jobs.accept(request, works_of(request, self._records, parts[0]))
        return self._sooner_or_later(request, lambda one: self._record_answer(one, parts))

    def _sooner_or_later(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        """With `Prefer: respond-async` any request becomes a job of one task."""
        if "prefer" in request.headers and "respond-async" in preferences(request):
            return self._jobs.accept(request, [lambda: answer(request)])
        return answer(request)

    def _record_answer(self, request: Request, parts: list[str]) -> Response:
        records = self._records
        match request.method, parts:
            case "POST", [name]:
                return records.create(request, name)
            case "GET", [name]:
                return records.list_ids(request, name)
            case "GET", [name, key]:
                return records.read(request, name, key)
            case "PATCH", [name, key]:
                return records.update(request, name, key)
            case "PUT", [name, key]:
                return records.upsert(request, name, key)
            case "DELETE", [name, key]:
                return records.delete(request, name, key)
            case "POST", [name, key, "!transform", target]:
                return records.transform(request, name, key, target)
            case "GET", [name, key, sublist]:
                return records.read_sublist(request, name, key, sublist)
        if len(parts) in (1, 2):
            text = f"Method {request.method} is not supported here."
            raise RefusalError("METHOD_NOT_ALLOWED", text, status=405)
        raise malformed()

    def fault(self, request: Request, status: int, body: Json | None, retry_after: int | str | None) -> Response:
        """429 and 5xx as NetSuite words them; it documents no Retry-After, a rule may add one."""
        if body is not None:
            answer = Response(status, body)
        elif status == 429:
            answer = too_many_requests().response()
        else:
            code = _CODES.get(status, "UNEXPECTED_ERROR")
            answer = error_response(status, code, "An unexpected error occurred. Error ID: standin0fault")
        if retry_after is not None:
            answer.headers.append(("retry-after", str(retry_after)))
        return answer

    def expire_token(self, request: Request) -> None:
        self._gate.expire(request)

    def customize(self, change: Json) -> Json:
        return self._administration.apply(change)

    def control(self, request: Request, path: str) -> Response | None:
        if request.method == "GET" and path == "netsuite/settings":
            return Response(200, self._books.settings.as_json())
        return None


def _parts(path: str, prefix: str) -> list[str]:
    rest = path[len(prefix) :].strip("/")
    return [unquote(part) for part in rest.split("/")] if rest else []


def _record_operation(request: Request, parts: list[str]) -> str:
    if parts[:1] == ["metadata-catalog"]:
        return "metadata.get" if len(parts) > 1 else "metadata.list"
    verb = _VERBS.get(request.method, "unknown")
    match parts:
        case [name] if is_batch(request):
            return f"{name}.batch_{'get' if verb == 'list' else verb}"
        case [name]:
            return f"{name}.{verb}"
        case [name, _]:
            return f"{name}.{'get' if verb == 'list' else verb}"
        case [name, _, "!transform", _]:
            return f"{name}.transform"
        case [name, _, _]:
            return f"{name}.sublist"
    return "unknown"
