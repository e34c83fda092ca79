"""Reads a query: SELECT ... FROM ... JOIN ... WHERE ... GROUP BY ... HAVING ... ORDER BY ..."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tieline_standins.core.http import Json
from tieline_standins.netsuite.errors import RefusalError
from tieline_standins.netsuite.suiteql.lexer import Token, tokens_of
from tieline_standins.netsuite.suiteql.syntax import (
    Binary,
    Call,
    Case,
    Column,
    InList,
    IsNull,
    Join,
    Literal,
    Node,
    Not,
    Order,
    Output,
    Select,
    Source,
    Star,
    refused,
)

_MAX_DEPTH = 60
_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")
_CLAUSES = frozenset(
    (
        *("FROM", "WHERE", "GROUP", "HAVING", "ORDER", "INNER", "LEFT", "RIGHT", "FULL", "JOIN", "ON", "AND", "OR"),
        *("NOT", "AS", "FETCH", "UNION", "THEN", "ELSE", "END", "WHEN"),
    )
)
_BARE_FUNCTIONS = ("SYSDATE", "CURRENT_DATE", "CURRENT_TIMESTAMP")


def parse(query: str, parameters: Sequence[Json]) -> Select:
    """`?` takes the parameters in order. Raises RefusalError."""
    parser = _Parser(_tokens(query), parameters)
    select = parser.select()
    parser.expect_end()
    return select


@lru_cache(maxsize=256)
def _tokens(query: str) -> tuple[Token, ...]:
    return tuple(tokens_of(query))


class _Parser:
    def __init__(self, tokens: tuple[Token, ...], parameters: Sequence[Json]) -> None:
        self._tokens = tokens
        self._at = 0
        self._parameters = list(parameters)
        self._used = 0
        self._depth = 0

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _accept(self, *words: str) -> bool:
        """Step over these words or marks if they come next."""
        if self._tokens[self._at].upper != words[0]:
            return False
        coming = self._tokens[self._at : self._at + len(words)]
        if [token.upper for token in coming] != list(words):
            return False
        self._at += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _unexpected(self) -> RefusalError:
        return refused(f"Unexpected '{self._here.content}', token {self._at + 1}")

    def expect_end(self) -> None:
        if self._here.kind != "end":
            raise self._unexpected()
        if self._used < len(self._parameters):
            raise refused(f"{len(self._parameters)} parameters given, {self._used} used")

    def select(self) -> Select:
        self._expect("SELECT")
        distinct = self._accept("DISTINCT")
        limit = self._whole_number() if self._accept("TOP") else None
        outputs = [self._output()]
        while self._accept(","):
            outputs.append(self._output())
        self._expect("FROM")
        source = self._source()
        joins = []
        while (left := self._join_kind()) is not None:
            joins.append(self._join(left))
        where = self._expression() if self._accept("WHERE") else None
        groups = self._listed() if self._accept("GROUP", "BY") else []
        having = self._expression() if self._accept("HAVING") else None
        orders = self._orders() if self._accept("ORDER", "BY") else []
        if self._accept("FETCH", "FIRST") or self._accept("FETCH", "NEXT"):
            limit = self._fetch()
        return Select(
            tuple(outputs), source, tuple(joins), where, tuple(groups), having, tuple(orders), distinct, limit
        )

    def _whole_number(self) -> int:
        token = self._next()
        if token.kind != "number" or "." in token.content or len(token.content) > 9:
            raise refused(f"'{token.content}' is not a whole number")
        return int(token.content)

    def _fetch(self) -> int:
        limit = self._whole_number()
        if not self._accept("ROWS") and not self._accept("ROW"):
            raise self._unexpected()
        self._expect("ONLY")
        return limit

    def _output(self) -> Output:
        if self._accept("*"):
            return Output(Star(), None)
        expression = self._expression()
        if self._accept("AS"):
            return Output(expression, self._name())
        if self._here.kind == "quoted" or (self._here.kind == "word" and self._here.upper not in _CLAUSES):
            return Output(expression, self._name())
        return Output(expression, expression.name if isinstance(expression, Column) else None)

    def _name(self) -> str:
        token = self._next()
        if token.kind not in ("word", "quoted"):
            raise refused(f"'{token.content}' is not a name")
        return token.content.lower()

    def _source(self) -> Source:
        table = self._name()
        self._accept("AS")
        if self._here.kind in ("word", "quoted") and self._here.upper not in _CLAUSES:
            return Source(table, self._name())
        return Source(table, table)

    def _join_kind(self) -> bool | None:
        """True for LEFT, False for INNER, None when no join follows."""
        if self._accept("LEFT", "OUTER", "JOIN") or self._accept("LEFT", "JOIN"):
            return True
        return False if self._accept("INNER", "JOIN") or self._accept("JOIN") else None

    def _join(self, left: bool) -> Join:
        source = self._source()
        self._expect("ON")
        return Join(source, self._expression(), left)

    def _listed(self) -> list[Node]:
        found = [self._expression()]
        while self._accept(","):
            found.append(self._expression())
        return found

    def _orders(self) -> list[Order]:
        found = [self._order()]
        while self._accept(","):
            found.append(self._order())
        return found

    def _order(self) -> Order:
        expression = self._expression()
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        nulls_first = descending  # Oracle's default
        if self._accept("NULLS", "FIRST"):
            nulls_first = True
        elif self._accept("NULLS", "LAST"):
            nulls_first = False
        return Order(expression, descending, nulls_first)

    def _expression(self) -> Node:
        if self._here.upper == "?" and self._tokens[self._at + 1].upper in (",", ")"):  # lists of a thousand values
            self._at += 1
            return Literal(self._parameter())
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise refused("The query is nested too deeply")
        node = self._conjunction()
        while self._accept("OR"):
            node = Binary("OR", node, self._conjunction())
        self._depth -= 1
        return node

    def _conjunction(self) -> Node:
        node = self._negation()
        while self._accept("AND"):
            node = Binary("AND", node, self._negation())
        return node

    def _negation(self) -> Node:
        negations = 0
        while self._accept("NOT"):
            negations += 1
        node = self._predicate()
        return Not(node) if negations % 2 else node

    def _predicate(self) -> Node:
        left = self._sum()
        if self._here.content in _COMPARISONS:
            operator = self._next().content
            return Binary("<>" if operator == "!=" else operator, left, self._sum())
        if self._accept("IS"):
            negated = self._accept("NOT")
            self._expect("NULL")
            return _negated(IsNull(left), negated)
        negated = self._accept("NOT")
        if self._accept("IN"):
            self._expect("(")
            items = self._listed()
            self._expect(")")
            return _negated(InList(left, tuple(items)), negated)
        if self._accept("LIKE"):
            return _negated(Binary("LIKE", left, self._sum()), negated)
        if self._accept("BETWEEN"):
            low = self._sum()
            self._expect("AND")
            both = Binary("AND", Binary(">=", left, low), Binary("<=", left, self._sum()))
            return _negated(both, negated)
        if negated:
            raise self._unexpected()
        return left

    def _sum(self) -> Node:
        node = self._product()
        while self._here.content in ("+", "-", "||") and self._here.kind == "mark":
            node = Binary(self._next().content, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._atom()
        while self._here.content in ("*", "/") and self._here.kind == "mark":
            node = Binary(self._next().content, node, self._atom())
        return node

    def _atom(self) -> Node:
        token = self._next()
        if token.kind == "text":
            return Literal(token.content)
        if token.kind == "number":
            return Literal(Decimal(token.content) if "." in token.content else int(token.content[:40]))
        if token.content == "?":
            return Literal(self._parameter())
        if token.content == "-" and token.kind == "mark":
            return Binary("-", Literal(0), self._atom())
        if token.content == "(" and token.kind == "mark":
            node = self._expression()
            self._expect(")")
            return node
        if token.kind == "quoted" or (token.kind == "word" and token.upper not in _CLAUSES):
            return self._named(token)
        self._at -= 1
        raise self._unexpected()

    def _parameter(self) -> Any:
        if self._used >= len(self._parameters):
            raise refused("There are more question marks than parameters")
        value = self._parameters[self._used]
        self._used += 1
        if isinstance(value, bool):
            return "T" if value else "F"
        if value is not None and not isinstance(value, str | int | Decimal):
            raise refused("A parameter is a text or a number")
        return value

    def _named(self, token: Token) -> Node:
        if token.upper == "NULL":
            return Literal(None)
        if token.upper == "CASE":
            return self._case()
        if token.upper == "DATE" and self._here.kind == "text":
            return Call("TO_DATE", (Literal(self._next().content), Literal("YYYY-MM-DD")))
        if token.upper in _BARE_FUNCTIONS:
            return Call(token.upper, ())
        if self._accept("."):
            if self._accept("*"):
                return Star(token.content.lower())
            second = self._next()
            if self._here.content == "(":
                return self._call(f"{token.upper}.{second.upper}")
            return Column(token.content.lower(), second.content.lower())
        if self._here.content == "(" and self._here.kind == "mark":
            return self._call(token.upper)
        return Column(None, token.content.lower())

    def _call(self, name: str) -> Call:
        self._expect("(")
        if self._accept("*"):
            self._expect(")")
            return Call(name, (Star(),))
        if self._accept(")"):
            return Call(name, ())
        distinct = self._accept("DISTINCT")
        arguments = self._listed()
        self._expect(")")
        return Call(name, tuple(arguments), distinct)

    def _case(self) -> Case:
        subject = None if self._here.upper == "WHEN" else self._expression()
        branches = []
        while self._accept("WHEN"):
            test = self._expression()
            self._expect("THEN")
            branches.append((test if subject is None else Binary("=", subject, test), self._expression()))
        otherwise: Node = self._expression() if self._accept("ELSE") else Literal(None)
        self._expect("END")
        if not branches:
            raise self._unexpected()
        return Case(tuple(branches), otherwise)


def _negated(node: Node, negated: bool) -> Node:
    return Not(node) if negated else node
