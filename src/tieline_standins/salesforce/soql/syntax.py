"""What a parsed query is made of; `at` is the position in the text, for error messages."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Path:
    """A field or a field of a parent: `Name`, `Account.Owner.Name`."""

    parts: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """`COUNT(Id)`, `SUM(Amount) total`, `FIELDS(ALL)`; `argument` is None in `COUNT()`."""

    name: str
    argument: Path | None
    alias: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a condition; kind: string, number, boolean, null, date, datetime, range (a date literal)."""

    kind: str
    value: str | Decimal | bool | None
    at: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator literal`; operator is one of = != < > <= >= LIKE."""

    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """`path IN (…)`, NOT IN, INCLUDES, EXCLUDES, over literals or the result of a sub-query."""

    path: Path
    operator: str
    among: "tuple[Literal, ...] | Query"


@dataclass(frozen=True, slots=True)
class Logic:
    """AND, OR over two or more conditions, NOT over one."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Comparison | Membership | Logic


@dataclass(frozen=True, slots=True)
class Order:
    path: Path
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Query:
    """A whole query or a sub-query; `source` is an object, in a sub-select a child relationship."""

    select: "tuple[Path | Call | Query, ...]"
    source: str
    source_at: int
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[Path, ...] = ()
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    at: int = field(default=0, compare=False)
