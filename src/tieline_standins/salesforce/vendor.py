"""The Salesforce stand-in: takes a request apart, checks the session, and hands it to the part that answers it."""

from collections.abc import Awaitable

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.vendor import Context
from tieline_standins.salesforce import administration
from tieline_standins.salesforce.api_error import ApiError, ManyMatchesError, not_found
from tieline_standins.salesforce.bulk import Jobs
from tieline_standins.salesforce.bulk_ingest import ingest
from tieline_standins.salesforce.bulk_query import bulk_query
from tieline_standins.salesforce.call import NEWEST, OLDEST, ROOT, Answer, Call, method_not_allowed, parse_target
from tieline_standins.salesforce.cometd import CometD
from tieline_standins.salesforce.composite import composite
from tieline_standins.salesforce.customization import customize
from tieline_standins.salesforce.events import EventLog, event_schema
from tieline_standins.salesforce.limits import Usage
from tieline_standins.salesforce.oauth import Tokens
from tieline_standins.salesforce.operations import operation_name
from tieline_standins.salesforce.rest_query import Cursors, query
from tieline_standins.salesforce.rest_rows import many_matches, sobjects, versions
from tieline_standins.salesforce.schema import standard_schema
from tieline_standins.salesforce.seed import FOUNDED, add_currencies, fill
from tieline_standins.salesforce.settings import Settings, default_access
from tieline_standins.salesforce.soap_login import soap_login
from tieline_standins.salesforce.store import Store
from tieline_standins.salesforce.transaction import Org

_JSON = ("Content-Type", "application/json;charset=UTF-8")
_HEADERS = (
    ("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private"),
    ("Vary", "Accept-Encoding"),
    ("X-Robots-Tag", "none"),
)
_ENDED = ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
_USED_UP = ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
_FAULTS = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    429: ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support"),
    503: ("SERVER_UNAVAILABLE", "Server Unavailable / too many requests in an hour"),
}


class Salesforce:
    """One org; implements the protocol `tieline_standins.core.vendor.Vendor`."""

    name = "salesforce"

    def __init__(self, context: Context) -> None:
        self.context = context
        self.reset()

    def reset(self) -> None:
        """Back to the seeded firm."""
        settings = Settings()
        schema = standard_schema()
        add_currencies(schema, self.context.firm)
        self.org = Org(self.context, schema, Store(schema), settings, default_access(), EventLog(settings))
        fill(self.org)
        self.org.schema_changed = FOUNDED
        self.tokens = Tokens(self.org)
        self.cursors = Cursors()
        self.jobs = Jobs()
        self.usage = Usage(settings)
        self.cometd = CometD(self.org, self.tokens)

    def operation(self, request: Request) -> str:
        return operation_name(request)

    def customize(self, change: Json) -> Json:
        return customize(self.org, change)

    def control(self, request: Request, path: str) -> Response | None:
        return administration.control(self.org, self.tokens, request, path)

    def expire_token(self, request: Request) -> None:
        self.tokens.sessions.pop(request.headers.get("authorization", "").partition(" ")[2].strip(), None)

    def fault(self, request: Request, status: int, body: Json | None, retry_after: int | str | None) -> Response:
        headers = [("Retry-After", str(retry_after))] if retry_after is not None else []
        if body is None and request.raw_path.startswith("/services/oauth2/"):
            body = {"error": "unknown_error", "error_description": "retry your request"}
        if body is None:
            code, message = _FAULTS.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred."))
            body = [{"message": message, "errorCode": code}]
        return Response(status, body, [_JSON, *headers])

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        path = request.raw_path
        if path.startswith(ROOT):
            return self._api(request)
        match request.method, path.rstrip("/"):
            case "GET", "/services/data":
                return Response(200, versions(NEWEST, OLDEST), [_JSON])
            case "POST", "/services/oauth2/token":
                return self.tokens.token_request(request)
            case "POST", "/services/oauth2/revoke":
                return self.tokens.revoke(request)
            case _, "/services/oauth2/userinfo":
                return self.tokens.identity(request)
        if path.startswith("/services/Soap/u/") and request.method == "POST":
            return soap_login(self.tokens, request)
        if path.startswith("/cometd/"):
            return self.cometd.handle(request)
        if path.startswith("/id/"):
            return self.tokens.identity(request)
        return self._response(Answer(404, not_found().body()))

    def _api(self, request: Request) -> Response:
        user = self.tokens.user_of(request.headers.get("authorization"))
        if user is None:
            return self._response(Answer(401, _ENDED.body()))
        if not self.usage.count(self.context.clock.now()):
            return self._response(Answer(403, _USED_UP.body()))
        try:
            target = parse_target(request.raw_path, request.query_string, self.org.settings)
            with self.org.transaction(request, user, f"rest/{target.version}") as work:
                answer = self._dispatch(Call(request.method, target, request.headers, work, request))
        except ApiError as error:
            answer = Answer(error.status, error.body())
        changes_job = "/jobs/" in request.raw_path and request.method != "GET" and answer.status < 400
        return self._response(answer, changed=True if changes_job else None)

    def _dispatch(self, call: Call) -> Answer:
        """Answer one call or sub-request. Raises ApiError."""
        try:
            return self._route(call)
        except ManyMatchesError as error:
            return many_matches(call, error)

    def _route(self, call: Call) -> Answer:
        match call.target.segments:
            case ("sobjects", *_):
                return sobjects(call)
            case ("query" | "queryAll",) | ("query" | "queryAll", _):
                return query(self.cursors, call)
            case ("composite", *_):
                return composite(self._dispatch, call)
            case ("jobs", "ingest", *_) if not call.depth:
                return ingest(self.jobs, call)
            case ("jobs", "query", *_) if not call.depth:
                return bulk_query(self.jobs, call)
            case ("event", "eventSchema", wanted):
                found = event_schema(self.org.schema, wanted)
                return Answer(200, found) if found else Answer(404, not_found().body())
        if call.method != "GET":
            raise method_not_allowed(call, "GET") if call.target.segments in ((), ("limits",)) else not_found()
        match call.target.segments:
            case ("limits",):
                return Answer(200, self.usage.limits())
            case ():
                base = f"{ROOT}v{call.version}/"
                return Answer(
                    200,
                    {name: base + name for name in ("sobjects", "query", "queryAll", "composite", "limits", "jobs")},
                )
        raise not_found()

    def _response(self, answer: Answer, changed: bool | None = None) -> Response:
        headers = [*_HEADERS, ("Sforce-Limit-Info", self.usage.header()), *answer.headers]
        if not isinstance(answer.body, bytes):
            headers.append(_JSON)
        return Response(answer.status, answer.body, headers, changed=changed)
