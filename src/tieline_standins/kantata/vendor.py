"""The Kantata OX stand-in: routes of `/api/v1`, tokens, limits and the control routes of its own.

Default credentials: `Authorization: Bearer kantata-admin-token` (see `seed.people`). Change them, the settings and the
add-on with `POST /__standin__/customize {"tokens": {"…": {"user": "e-mail or id", "admin": true}}, "settings": {…}}`.
"""

from collections import deque
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from time import perf_counter
from uuid import UUID

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.vendor import Context, ControlError
from tieline_standins.kantata import actions, crud, render, seed
from tieline_standins.kantata import settings as settings_module
from tieline_standins.kantata.catalogue import RESOURCES
from tieline_standins.kantata.errors import ApiError, not_found, system, unauthorized
from tieline_standins.kantata.resource import Session
from tieline_standins.kantata.world import World

_OPENED = datetime(2026, 1, 1, tzinfo=UTC)  # a fixed time, so that the seeded firm is the same after each start
_BASE = "/api/v1/"
_TEXTS = {429: "Too many requests", 503: "Service is unavailable", 504: "Request timeout"}


def build(context: Context) -> "KantataVendor":
    return KantataVendor(context)


class KantataVendor:
    """One Kantata account."""

    name = "kantata"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._requests = 0
        self.reset()

    def reset(self) -> None:
        self.world = World(RESOURCES, self._context.clock, settings_module.Settings())
        with self._context.clock.pinned(_OPENED):
            self.tokens = seed.people(self.world, self._context.firm)
        self._recent: dict[str, deque[float]] = {}

    def operation(self, request: Request) -> str:
        """`time_entries.list`, `timesheet_submissions.approve`, `external_references.create_or_update`, `unknown`."""
        found = actions.route(request.method, _path(request))
        return found.operation if found else "unknown"

    def handle(self, request: Request) -> Response:
        started = perf_counter()
        try:
            response = self._answer(request)
        except ApiError as error:
            response = render.failure(error)
        self._requests += 1
        response.headers += [
            ("date", format_datetime(self._context.clock.now(), usegmt=True)),
            ("x-request-id", str(UUID(int=self._requests))),
            ("x-runtime", f"{perf_counter() - started:.6f}"),
        ]
        return response

    def _answer(self, request: Request) -> Response:
        session = self._session(request)
        found = actions.route(request.method, _path(request))
        if found is None:
            raise not_found()
        self._limit(found.operation)

        def committed(operation: str, key: str, body: Json) -> None:
            reference = body.get("external_reference", body) if isinstance(body, dict) else {}
            external = reference.get("service_model_ref") if isinstance(reference, dict) else None
            self._context.ledger.commit(request, operation, key, body, external_key=str(external) if external else None)

        return found.run(actions.Call(self.world, session, request, found, committed))

    def _session(self, request: Request) -> Session:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        session = self.tokens.get(token.strip())
        if scheme.lower() != "bearer" or session is None:
            raise unauthorized()
        return session

    def _limit(self, operation: str) -> None:
        """429 without any header about it, once a configured limit is passed (fact sheet, section 3)."""
        now = self._context.clock.now().timestamp()
        for pattern, (allowed, seconds) in self.world.settings.rate_limits.items():
            if fnmatchcase(operation, pattern):
                recent = self._recent.setdefault(pattern, deque())
                while recent and recent[0] <= now - seconds:
                    recent.popleft()
                if len(recent) >= allowed:
                    raise system(429, _TEXTS[429])
                recent.append(now)

    def fault(self, _request: Request, status: int, body: Json | None, retry_after: int | str | None) -> Response:
        """Kantata sends no Retry-After of its own; a rule that names one gets it all the same."""
        kind = "oauth" if status == 401 else "system"
        errors = {"errors": [{"type": kind, "message": _TEXTS.get(status, "An error occurred")}]}
        response = render.plain(errors if body is None else body)
        response.status = status
        if retry_after is not None:
            response.headers.append(("retry-after", str(retry_after)))
        return response

    def expire_token(self, request: Request) -> None:
        """Tokens do not expire by themselves; this is the administrator revoking one."""
        self.tokens.pop(request.headers.get("authorization", "").partition(" ")[2].strip(), None)

    def customize(self, change: Json) -> Json:
        if not isinstance(change, dict) or not change.keys() <= {"settings", "tokens", "custom_fields"}:
            raise ControlError('customize takes {"settings": {…}, "tokens": {…}, "custom_fields": […]}')
        if not isinstance(change.get("tokens", {}), dict):
            raise ControlError("`tokens` is an object of token and grant")
        changed = settings_module.changed(self.world.settings, change.get("settings", {}))
        tokens = {token: self._granted(grant) for token, grant in change.get("tokens", {}).items()}
        self._create_custom_fields(change.get("custom_fields", []))
        self.world.settings = changed
        self.tokens |= tokens
        return {"settings": {name: getattr(changed, name) for name in changed.__slots__}, "tokens": sorted(self.tokens)}

    def _create_custom_fields(self, rows: Json) -> None:
        """Custom fields that are not there yet, each as in the body of POST /custom_fields."""
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ControlError("`custom_fields` is a list of objects")
        there = {(field.data["subject_type"], field.data["name"]) for field in self.world.all("custom_fields")}
        new = [row for row in rows if (row.get("subject_type"), row.get("name")) not in there]
        try:
            crud.create(self.world, RESOURCES["custom_fields"], Session("1", admin=True), new, lambda *_: None)
        except ApiError as error:
            raise ControlError(f"custom fields: {error.errors}") from error

    def _granted(self, grant: Json) -> Session:
        wanted = grant.get("user") if isinstance(grant, dict) else None
        for user in self.world.all("users"):
            if wanted in (user.sid, user.data["email_address"]):
                return Session(user.sid, admin=bool(grant.get("admin", False)))
        raise ControlError('a token takes {"user": "id or e-mail address", "admin": true or false}')

    def control(self, request: Request, path: str) -> Response | None:
        if (request.method, path) == ("POST", "kantata/hire"):
            return Response(200, seed.hire(self.world, self._context.firm, request.json()), changed=True)
        if (request.method, path) != ("POST", "kantata/seed"):
            return None
        session = self.tokens.get("kantata-admin-token") or Session("1", admin=True)
        return Response(200, seed.time_entries(self.world, self._context.seed, session, request.json()), changed=True)


def _path(request: Request) -> str:
    """The path below `/api/v1/`, with or without `.json`; a path elsewhere matches no route."""
    return request.raw_path.removeprefix(_BASE).removesuffix(".json") if request.raw_path.startswith(_BASE) else ""
