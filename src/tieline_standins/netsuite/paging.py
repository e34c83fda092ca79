"""limit and offset, and the envelope of every list (fact sheet section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.netsuite.errors import bad_parameter

MAX_LIMIT = 1000
MAX_PAGES = 1000
LIST_TYPE = ("content-type", "application/vnd.oracle.resource+json; type=collection")


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int

    def of(self, rows: Sequence[Json]) -> Sequence[Json]:
        return rows[self.offset : self.offset + self.limit]


def page_of(request: Request) -> Page:
    """limit 1..1000 (default 1000); offset a multiple of it; at most 1000 pages. Raises RefusalError."""
    limit = _number(request, "limit", MAX_LIMIT)
    offset = _number(request, "offset", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise bad_parameter("limit", f"Invalid query parameter value '{limit}': limit must be 1 to {MAX_LIMIT}.")
    if offset % limit:
        text = f"Invalid query parameter value '{offset}': offset must be divisible by limit '{limit}'."
        raise bad_parameter("offset", text)
    if offset // limit >= MAX_PAGES:
        raise bad_parameter("offset", f"Invalid query parameter value '{offset}': at most {MAX_PAGES} pages.")
    return Page(limit, offset)


def _number(request: Request, name: str, default: int) -> int:
    text = request.param(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad_parameter(name, f"Invalid query parameter value '{text[:50]}'.")
    return int(text)


def list_response(request: Request, page: Page, total: int, items: Sequence[Json]) -> Response:
    """One page in NetSuite's envelope; the links repeat the caller's other parameters."""
    more = page.offset + len(items) < total
    body = {
        "links": _links(request, page, total, more),
        "count": len(items),
        "hasMore": more,
        "items": items,
        "offset": page.offset,
        "totalResults": total,
    }
    return Response(200, body, [LIST_TYPE])


def _links(request: Request, page: Page, total: int, more: bool) -> list[Json]:
    last = max((total - 1) // page.limit, 0) * page.limit
    targets = {"self": page.offset}
    if more:
        targets |= {"next": page.offset + page.limit, "last": last}
    if page.offset:
        targets |= {"first": 0, "prev": page.offset - page.limit}
    others = [(name, value) for name, value in request.query if name not in ("limit", "offset")]
    here = f"{request.base_url}{request.raw_path}"
    return [
        {"rel": rel, "href": f"{here}?{urlencode([*others, ('limit', page.limit), ('offset', offset)])}"}
        for rel, offset in targets.items()
    ]
