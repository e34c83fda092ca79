"""One call of the REST API, whether it came by itself or as a part of a composite request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, unquote_plus

from tieline_standins.core.http import BadJsonError, Json, Request
from tieline_standins.salesforce.api_error import ApiError, bad_json, not_found
from tieline_standins.salesforce.settings import Settings
from tieline_standins.salesforce.transaction import Org, Transaction

ROOT = "/services/data/"
OLDEST, NEWEST = 31, 68  # versions alive (fact sheet section 1)
_NOTHING = object()


class Answer(NamedTuple):
    """Status and JSON body; a bytes body (CSV, a file) goes out as it is."""

    status: int
    body: Json | bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What an address points at: API version, decoded path segments below it, query parameters."""

    version: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]

    def param(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)

    def flag(self, name: str) -> bool:
        return (self.param(name) or "").lower() == "true"


def parse_target(path: str, query: str, settings: Settings) -> Target:
    """Read an address below /services/data/. Raises ApiError NOT_FOUND for a version that is not alive."""
    if not path.startswith(ROOT):
        raise not_found()
    version, _, rest = path[len(ROOT) :].partition("/")
    number = version.removeprefix("v").partition(".")
    if not version.startswith("v") or not number[0].isdecimal() or number[2] != "0":
        raise not_found()
    if not OLDEST <= int(number[0]) <= NEWEST:
        raise not_found()
    decode = unquote_plus if settings.plus_is_blank_in_paths else unquote
    segments = tuple(decode(segment) for segment in rest.rstrip("/").split("/")) if rest.strip("/") else ()
    return Target(version.removeprefix("v"), segments, tuple(parse_qsl(query, keep_blank_values=True)))


@dataclass(slots=True)
class Call:
    """A call with its transaction. `depth` counts composite requests around it."""

    method: str
    target: Target
    headers: Mapping[str, str]
    work: Transaction
    request: Request
    content: Json = _NOTHING
    depth: int = 0

    @property
    def org(self) -> Org:
        return self.work.org

    @property
    def version(self) -> str:
        return self.target.version

    @property
    def body(self) -> Json:
        """The JSON body. Raises ApiError."""
        if self.content is _NOTHING:
            try:
                self.content = self.request.json()
            except BadJsonError as error:
                raise bad_json(f"Unexpected character or end of input: {error}") from error
        return self.content

    def object_body(self, known: frozenset[str] | None = None) -> dict[str, Json]:
        """The body as an object; with `known`, unknown members are refused."""
        body = self.body
        if not isinstance(body, dict):
            raise bad_json("The HTTP entity body must be a JSON object")
        for name in body:
            if known is not None and name not in known:
                raise bad_json(f'Unrecognized field "{name}"')
        return body

    def url(self, kind: str, record_id: str) -> str:
        return f"{ROOT}v{self.version}/sobjects/{kind}/{record_id}"


def method_not_allowed(call: Call, *allowed: str) -> ApiError:
    names = ",".join(allowed)
    return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed. Allowed are {names}")
