"""Cuts the text of a query into tokens."""

import re
from dataclasses import dataclass

from tieline_standins.salesforce.api_error import ApiError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<datetime>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
  | (?P<symbol><=|>=|!=|<>|[=<>(),:])
  | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(query: str) -> list[Token]:
    """All tokens, the last of kind `end`. Raises ApiError MALFORMED_QUERY."""
    found, place = [], 0
    while True:
        match = _TOKEN.match(query, place)
        if match is None:
            at = len(query) - len(query[place:].lstrip())
            raise query_error(query, at, "MALFORMED_QUERY", f"line 1:{at} no viable alternative at character "
                              f"'{query[at]}'")  # fmt: skip
        kind = match.lastgroup or "end"
        found.append(Token(kind, match.group(kind), match.start(kind)))
        place = match.end()
        if kind == "end":
            return found


def unquoted(text: str) -> str:
    """The value of a quoted string; `\\%` and `\\_` stay escaped, because LIKE needs to tell them from wildcards."""

    def plain(match: re.Match[str]) -> str:
        letter = match.group(1)
        return match.group(0) if letter in "%_" else _ESCAPES.get(letter, letter)

    return re.sub(r"\\(.)", plain, text[1:-1], flags=re.DOTALL)


def query_error(query: str, at: int, code: str, message: str) -> ApiError:
    """An error with the line, the caret and the place, as the platform words it (fact sheet section 4)."""
    before, after = query[max(0, at - 30) : at], query[at : at + 30]
    lines = query[:at].split("\n")
    place = f"ERROR at Row:{len(lines)}:Column:{len(lines[-1]) + 1}"
    return ApiError(400, code, f"\n{before}{after}\n{' ' * len(before)}^\n{place}\n{message}")
