"""Cuts a query into tokens."""

import re
from dataclasses import dataclass

from tieline_standins.netsuite.suiteql.syntax import refused

_TOKEN = re.compile(
    r"""\s+ | --[^\n]* | /\*.*?\*/
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"[^"]+")
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
    | (?P<mark><>|<=|>=|!=|\|\||[=<>(),.*+\-/?])""",
    re.VERBOSE | re.DOTALL,
)
_MAX_TOKENS = 50_000


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is text, quoted, number, word, mark or end; words are upper case in `upper`."""

    kind: str
    content: str
    upper: str


def tokens_of(query: str) -> list[Token]:
    """Raises RefusalError for a character that belongs to no token."""
    found, position = [], 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            raise refused(f"Unexpected character at position {position}: '{query[position : position + 20]}'")
        position = match.end()
        if match.lastgroup:
            found.append(_token(match.lastgroup, match[0]))
            if len(found) > _MAX_TOKENS:
                raise refused("The query is too long")
    found.append(Token("end", "", ""))
    return found


def _token(kind: str, content: str) -> Token:
    if kind == "text":
        return Token(kind, content[1:-1].replace("''", "'"), "")
    if kind == "quoted":
        return Token(kind, content[1:-1], "")
    return Token(kind, content, content.upper())
