"""`/query` and `/queryAll`: SOQL by pages with locators (fact sheet section 4)."""

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.call import ROOT, Answer, Call, method_not_allowed
from tieline_standins.salesforce.ids import with_checksum
from tieline_standins.salesforce.soql.execution import Found, run

_LOCATOR = re.compile(r"([A-Za-z0-9]{15,18})-(\d{1,9})")
_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Cursor:
    found: Found
    page: int
    opened: datetime


class Cursors:
    """Open query cursors; reading must not need the journal, so that they die with the process, as tokens age."""

    def __init__(self) -> None:
        self.open: OrderedDict[str, _Cursor] = OrderedDict()


def query(cursors: Cursors, call: Call) -> Answer:
    """A new query, or the page a locator names. Raises ApiError."""
    if call.method != "GET":
        raise method_not_allowed(call, "GET")
    if len(call.target.segments) == 2:
        return _next(cursors, call, call.target.segments[1])
    text = call.target.param("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    found = run(text, call.work.store, call.org.stamp(), call.version, deleted=call.target.segments[0] == "queryAll")
    page = _page_size(call)
    if len(found.rows) <= page:
        return Answer(200, _body(found, 0, page, None))
    key = with_checksum("0r8Hm" + secrets.token_hex(5))
    cursors.open[key] = _Cursor(found, page, call.org.stamp())
    while len(cursors.open) > call.org.settings.open_cursors:
        cursors.open.popitem(last=False)
    return Answer(200, _body(found, 0, page, lambda end: f"{_root(call)}{key}-{end}"))


def _next(cursors: Cursors, call: Call, locator: str) -> Answer:
    match = _LOCATOR.fullmatch(locator)
    cursor = cursors.open.get(match.group(1)) if match else None
    life = timedelta(seconds=call.org.settings.cursor_seconds)
    if match is None or cursor is None or call.org.stamp() - cursor.opened > life:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    key, start = match.group(1), int(match.group(2))
    return Answer(200, _body(cursor.found, start, cursor.page, lambda end: f"{_root(call)}{key}-{end}"))


def _body(found: Found, start: int, page: int, next_url: Callable[[int], str] | None) -> Json:
    end = start + page
    done = end >= len(found.rows)
    body: dict[str, Json] = {"totalSize": found.total, "done": done}
    if not done and next_url:
        body["nextRecordsUrl"] = next_url(end)
    body["records"] = [found.render(row) for row in found.rows[start:end]]
    return body


def _page_size(call: Call) -> int:
    """The header asks for 200 to 2,000 rows; it is only a hint, values outside are brought inside."""
    asked = _BATCH.search(call.headers.get("sforce-query-options", ""))
    return min(max(int(asked.group(1)), 200), 2000) if asked else call.org.settings.query_page


def _root(call: Call) -> str:
    return f"{ROOT}v{call.version}/query/"
