"""Requests, responses and the router: the few HTTP words a stand-in needs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, unquote

from tieline_standins.core import exact_json
from tieline_standins.core.exact_json import BadJsonError, Json

__all__ = ["BadJsonError", "Json", "Match", "Request", "Response", "Router"]

Value = TypeVar("Value")
_UNPARSED = object()


@dataclass(slots=True, eq=False)
class Request:
    """One HTTP request, body read in full. `path` is percent-decoded, `raw_path` is not; neither holds the query."""

    method: str
    raw_path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    _json: Json = _UNPARSED
    _query: list[tuple[str, str]] | None = None

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Query parameters in the order sent, repeated names kept, blank values kept."""
        if self._query is None:
            self._query = parse_qsl(self.query_string, keep_blank_values=True) if self.query_string else []
        return self._query

    def param(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def json(self) -> Json:
        """The parsed body, numbers with a fraction as Decimal. Raises BadJsonError."""
        if self._json is _UNPARSED:
            self._json = exact_json.loads(self.body)
        return self._json

    def form(self) -> list[tuple[str, str]]:
        """The body as application/x-www-form-urlencoded. Raises BadJsonError when it is not text."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True)
        except ValueError as error:
            raise BadJsonError("the form is not UTF-8 text") from error

    @property
    def base_url(self) -> str:
        """Scheme and host as the caller addressed this stand-in."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


class Response:
    """One HTTP response; a body that is not bytes is written as JSON.

    `changed` tells the journal whether this request must be replayed after a restart; None (the default) means: if it
    committed a ledger entry. Set it True for state that is no record (a token issued, an upload received).
    """

    __slots__ = ("body", "changed", "headers", "status")

    def __init__(
        self,
        status: int,
        body: Json | bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
        *,
        changed: bool | None = None,
    ) -> None:
        self.status = status
        self.headers = list(headers)
        self.changed = changed
        if isinstance(body, bytes):
            self.body = body
        else:
            self.body = exact_json.dumps(body)
            if not any(name.lower() == "content-type" for name, _ in self.headers):
                self.headers.append(("content-type", "application/json"))


@dataclass(frozen=True, slots=True)
class Match(Generic[Value]):
    """What a route leads to, with the decoded values of its `{name}` parts."""

    value: Value
    params: dict[str, str]


class Router(Generic[Value]):
    """Finds the value (a handler, an operation name) registered for a method and a path pattern.

    A pattern is a path with `{name}` parts; a part never spans a slash (an encoded one belongs to the value) and may
    share its segment with fixed text, as in `/record/v1/{type}/eid:{external_id}`. The pattern added first wins.
    """

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Value] = {}
        self._patterns: dict[tuple[str, int], list[tuple[re.Pattern[str], Value]]] = {}

    def add(self, method: str, pattern: str, value: Value) -> None:
        if "{" not in pattern:
            self._exact.setdefault((method, pattern), value)
            return
        parts = re.split(r"\{(\w+)\}", pattern)
        expression = "".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        self._patterns.setdefault((method, pattern.count("/")), []).append((re.compile(expression), value))

    def match(self, method: str, raw_path: str) -> Match[Value] | None:
        exact = self._exact.get((method, raw_path))
        if exact is not None:
            return Match(exact, {})
        for expression, value in self._patterns.get((method, raw_path.count("/")), ()):
            found = expression.fullmatch(raw_path)
            if found:
                return Match(value, {name: unquote(text) for name, text in found.groupdict().items()})
        return None

    def methods(self, raw_path: str) -> list[str]:
        """The methods a path knows: empty means 404, otherwise a miss is a 405."""
        known = sorted({method for method, _ in self._exact} | {method for method, _ in self._patterns})
        return [method for method in known if self.match(method, raw_path)]
