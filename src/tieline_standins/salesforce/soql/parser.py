"""Parses a query by recursive descent."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.soql.dates import is_date_literal
from tieline_standins.salesforce.soql.lexer import Token, query_error, tokens, unquoted
from tieline_standins.salesforce.soql.syntax import (
    Call,
    Comparison,
    Condition,
    Literal,
    Logic,
    Membership,
    Order,
    Path,
    Query,
)

Part = TypeVar("Part")

_MAX_LENGTH = 100_000
_MAX_DEPTH = 50
_CLAUSES = {"WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "HAVING", "WITH", "USING", "ALL"}


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """The parsed query. Raises ApiError MALFORMED_QUERY."""
    if len(text) > _MAX_LENGTH:
        raise ApiError(400, "QUERY_TOO_COMPLICATED", f"SOQL query exceeds the limit of {_MAX_LENGTH:,} characters")
    parser = _Parser(text)
    query = parser.query()
    if parser.now.kind != "end":
        raise parser.unexpected()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def query(self) -> Query:
        at = self.now.at
        self.word("SELECT")
        select = [self.selected()]
        while self.take("symbol", ","):
            select.append(self.selected())
        self.word("FROM")
        source = self.name()
        alias = None
        if self.now.kind == "name" and self.now.text.upper() not in _CLAUSES:
            alias = self.name().text
        where = self.condition() if self.is_word("WHERE") else None
        group = self.paths() if self.is_word("GROUP", "BY") else ()
        order = self.orders() if self.is_word("ORDER", "BY") else ()
        limit = self.whole() if self.is_word("LIMIT") else None
        offset = self.whole() if self.is_word("OFFSET") else 0
        return Query(tuple(select), source.text, source.at, alias, where, group, order, limit, offset, at)

    def selected(self) -> Path | Call | Query:
        if self.take("symbol", "("):
            query = self.nested(self.query)
            self.need("symbol", ")")
            return query
        name = self.name()
        if not self.take("symbol", "("):
            return Path(tuple(name.text.split(".")), name.at)
        argument = None if self.now.text == ")" else self.path()
        self.need("symbol", ")")
        alias = None
        if self.now.kind == "name" and self.now.text.upper() not in ("FROM", *_CLAUSES):
            alias = self.name().text
        return Call(name.text.upper(), argument, alias, name.at)

    def condition(self) -> Condition:
        """AND and OR may not be mixed without brackets, as on the platform."""
        parts = [self.term()]
        joined = None
        while self.now.kind == "name" and self.now.text.upper() in ("AND", "OR"):
            word = self.now.text.upper()
            if joined not in (None, word):
                raise self.unexpected()
            joined = word
            self.place += 1
            parts.append(self.term())
        return parts[0] if joined is None else Logic(joined, tuple(parts))

    def term(self) -> Condition:
        if self.is_word("NOT"):
            return Logic("NOT", (self.nested(self.term),))
        if self.take("symbol", "("):
            inner = self.nested(self.condition)
            self.need("symbol", ")")
            return inner
        path = self.path()
        word = self.now.text.upper()
        if self.now.kind == "name" and word in ("IN", "NOT", "INCLUDES", "EXCLUDES"):
            self.place += 1
            if word == "NOT":
                self.word("IN")
                word = "NOT IN"
            return Membership(path, word, self.among())
        if self.now.kind == "name" and word == "LIKE":
            self.place += 1
            return Comparison(path, "LIKE", self.literal())
        if self.now.kind == "symbol" and self.now.text in ("=", "!=", "<>", "<", ">", "<=", ">="):
            operator = {"<>": "!="}.get(self.now.text, self.now.text)
            self.place += 1
            return Comparison(path, operator, self.literal())
        raise self.unexpected()

    def among(self) -> tuple[Literal, ...] | Query:
        self.need("symbol", "(")
        if self.now.text.upper() == "SELECT":
            found: tuple[Literal, ...] | Query = self.nested(self.query)
        else:
            listed = [self.literal()]
            while self.take("symbol", ","):
                listed.append(self.literal())
            found = tuple(listed)
        self.need("symbol", ")")
        return found

    def literal(self) -> Literal:
        token = self.now
        self.place += 1
        match token.kind:
            case "string":
                return Literal("string", unquoted(token.text), token.at)
            case "number":
                return Literal("number", Decimal(token.text), token.at)
            case "date" | "datetime":
                return Literal(token.kind, token.text, token.at)
            case "name" if token.text.upper() in ("TRUE", "FALSE"):
                return Literal("boolean", token.text.upper() == "TRUE", token.at)
            case "name" if token.text.upper() == "NULL":
                return Literal("null", None, token.at)
            case "name" if is_date_literal(token.text):
                count = self.whole() if self.take("symbol", ":") else 0
                return Literal("range", token.text.upper(), token.at, count)
        self.place -= 1
        raise self.unexpected()

    def orders(self) -> tuple[Order, ...]:
        found = [self.order()]
        while self.take("symbol", ","):
            found.append(self.order())
        return tuple(found)

    def order(self) -> Order:
        path = self.path()
        descending = self.is_word("DESC")
        if not descending:
            self.is_word("ASC")
        nulls_first = True
        if self.is_word("NULLS"):
            nulls_first = self.is_word("FIRST")
            if not nulls_first:
                self.word("LAST")
        return Order(path, descending, nulls_first)

    def paths(self) -> tuple[Path, ...]:
        found = [self.path()]
        while self.take("symbol", ","):
            found.append(self.path())
        return tuple(found)

    def path(self) -> Path:
        name = self.name()
        return Path(tuple(name.text.split(".")), name.at)

    def whole(self) -> int:
        token = self.need("number")
        if not token.text.isdecimal():
            raise query_error(self.text, token.at, "MALFORMED_QUERY", f"unexpected token: '{token.text}'")
        return int(token.text)

    def name(self) -> Token:
        return self.need("name")

    def word(self, word: str) -> None:
        if not self.is_word(word):
            raise self.unexpected()

    def is_word(self, *words: str) -> bool:
        """Take the words when they come next."""
        ahead = self.tokens[self.place : self.place + len(words)]
        if [token.text.upper() for token in ahead if token.kind == "name"] != list(words):
            return False
        self.place += len(words)
        return True

    def take(self, kind: str, text: str) -> bool:
        if self.now.kind == kind and self.now.text == text:
            self.place += 1
            return True
        return False

    def need(self, kind: str, text: str | None = None) -> Token:
        token = self.now
        if token.kind != kind or (text is not None and token.text != text):
            raise self.unexpected()
        self.place += 1
        return token

    def nested(self, part: Callable[[], Part]) -> Part:
        """Parse a bracketed part; a limit on depth keeps hostile queries from exhausting the stack."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise query_error(self.text, self.now.at, "MALFORMED_QUERY", "the query is nested too deeply")
        found = part()
        self.depth -= 1
        return found

    def unexpected(self) -> ApiError:
        token = self.now
        shown = "<EOF>" if token.kind == "end" else token.text
        return query_error(self.text, token.at, "MALFORMED_QUERY", f"unexpected token: '{shown}'")
