"""The parts a query is made of."""

from dataclasses import dataclass
from typing import Any

from tieline_standins.netsuite.errors import RefusalError


def refused(why: str) -> RefusalError:
    """A query that is not understood. The wording of the details is [K]."""
    text = f"Invalid search query. Detailed unprocessed description follows. {why[:400]}."
    return RefusalError("INVALID_PARAMETER", text, param="q")


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Column:
    table: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Star:
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple["Node", ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class InList:
    operand: "Node"
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Case:
    branches: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node"


Node = Literal | Column | Star | Call | Binary | Not | InList | IsNull | Case


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the result; without a name it becomes expr1, expr2, ..."""

    expression: Node
    name: str | None


@dataclass(frozen=True, slots=True)
class Source:
    table: str
    alias: str


@dataclass(frozen=True, slots=True)
class Join:
    source: Source
    condition: Node
    left: bool


@dataclass(frozen=True, slots=True)
class Order:
    expression: Node
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Select:
    outputs: tuple[Output, ...]
    source: Source
    joins: tuple[Join, ...] = ()
    where: Node | None = None
    groups: tuple[Node, ...] = ()
    having: Node | None = None
    orders: tuple[Order, ...] = ()
    distinct: bool = False
    limit: int | None = None
