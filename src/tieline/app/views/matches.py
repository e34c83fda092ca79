"""Customers that may be one as a steward sees them: why, side by side, field by field, and what was decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any, Literal

from tieline.matching.customers import CHOOSABLE, known_value
from tieline.model.customer import Address, Customer
from tieline.store.database import Connection
from tieline.store.master_data import seen_customers

Show = Literal["open", "same", "different"]


@dataclass(frozen=True, kw_only=True)
class MatchRow:
    """A pair of customers; `a` and `b` are their ids."""

    number: int
    a: str
    b: str
    name_a: str
    name_b: str
    probability: float
    reasons: tuple[str, ...]
    """The heaviest first."""
    state: Show
    found_at: datetime
    waiting: int
    """Processes that wait for the decision."""
    decided_by: str | None
    """`tieline`: linked without a person, above the site's bound."""
    decided_at: datetime | None
    reason: str | None
    survivor: str | None

    @property
    def sure(self) -> str:
        """The probability in percent, never rounded up to certainty."""
        return f"{floor(self.probability * 1000) / 10:.1f} %"


@dataclass(frozen=True, kw_only=True)
class Held:
    """Where a customer stands in a system."""

    connection: str
    external_id: str
    legal_entity: str | None


@dataclass(frozen=True, kw_only=True)
class FieldPair:
    """One field of both."""

    field: str
    a: str | None
    b: str | None
    chosen: Literal["a", "b"] | None
    """Whose value counts, once they are one."""

    @property
    def differs(self) -> bool:
        """Whether there is something to choose; what only one of them has counts by itself."""
        return self.a is not None and self.b is not None and self.a != self.b


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody decided, and why."""

    at: datetime
    actor: str
    action: str
    text: str


@dataclass(frozen=True, kw_only=True)
class MatchDetail:
    """A pair in full."""

    row: MatchRow
    fields: tuple[FieldPair, ...]
    held_a: tuple[Held, ...]
    held_b: tuple[Held, ...]
    engagements_a: int
    engagements_b: int
    history: tuple[Said, ...]


_ROWS = """
select p.id as number, p.one as a, p.other as b, coalesce(a.body->>'name', p.one) as name_a,
  coalesce(b.body->>'name', p.other) as name_b, p.probability, p.reasons, p.state, p.found_at, p.decided_by,
  p.decided_at, p.reason, p.survivor, p.choices,
  (select count(*) from exception_item i join exception_line l on l.exception_id = i.id
    where i.closed_at is null and i.kind = 'duplicate' and i.field = 'customer' and i.key = p.one || ':' || p.other)
    as waiting
from match_pair p left join master_record a on a.kind = p.kind and a.id = p.one
  left join master_record b on b.kind = p.kind and b.id = p.other
"""
_OPEN = _ROWS + "where p.state = 'open' order by waiting desc, p.probability desc, p.id limit %(limit)s"
_DECIDED = _ROWS + "where p.state = %(state)s order by p.decided_at desc, p.id limit %(limit)s"
_ONE = _ROWS + "where p.id = %(number)s"


def list_matches(db: Connection, show: Show = "open", limit: int = 100) -> list[MatchRow]:
    """Open ones with what waits for them first, then the likeliest; decided ones with the newest first."""
    query = _OPEN if show == "open" else _DECIDED
    return [_row(row) for row in db.execute(query, {"state": show, "limit": limit}).fetchall()]


def count_matches(db: Connection) -> dict[str, int]:
    """How many there are, by state."""
    rows = db.execute("select state, count(*) as n from match_pair group by state").fetchall()
    return {"open": 0, "same": 0, "different": 0} | {row["state"]: int(row["n"]) for row in rows}


def number_of(db: Connection, key: str) -> int | None:
    """The pair an exception is about, by its key."""
    one, _, other = key.partition(":")
    row = db.execute("select id from match_pair where one = %s and other = %s", [one, other]).fetchone()
    return int(row["id"]) if row else None


def read_match(db: Connection, connections: Iterable[str], number: int) -> MatchDetail | None:
    """One pair with both customers as last seen, and where they stand in these connections."""
    names = list(connections)
    found = db.execute(_ONE, {"number": number}).fetchone()
    if found is None:
        return None
    row = _row(found)
    seen = seen_customers(db, [row.a, row.b])
    a, b = seen.get(row.a), seen.get(row.b)
    return MatchDetail(
        row=row,
        fields=tuple(_pair(name, a, b, row, found["choices"]) for name in CHOOSABLE),
        held_a=_held(db, names, row.a),
        held_b=_held(db, names, row.b),
        engagements_a=_engagements(db, row.a),
        engagements_b=_engagements(db, row.b),
        history=_history(db, number),
    )


def _row(row: dict[str, Any]) -> MatchRow:
    reasons = sorted(row["reasons"], key=lambda one: -abs(float(one["points"])))
    names = set(MatchRow.__dataclass_fields__) - {"reasons"}
    return MatchRow(**{name: row[name] for name in names}, reasons=tuple(str(reason["words"]) for reason in reasons))


def _pair(name: str, a: Customer | None, b: Customer | None, row: MatchRow, choices: dict[str, str]) -> FieldPair:
    told = {row.a: _told(a, name), row.b: _told(b, name)}
    source = choices.get(name, row.survivor)
    if source is not None and told.get(source) is None:
        source = next((one for one, value in told.items() if value is not None), None)
    chosen: Literal["a", "b"] | None = "a" if source == row.a else "b" if source == row.b else None
    return FieldPair(field=name, a=told[row.a], b=told[row.b], chosen=chosen)


def _told(customer: Customer | None, name: str) -> str | None:
    value = known_value(customer, name)
    if isinstance(value, Address):
        parts = (value.street, value.postal_code, value.city, value.region, value.country)
        return ", ".join(part for part in parts if part) or None
    return str(value) if value else None


_HELD = """
select r.connection, r.external_id, nullif(split_part(r.subject, ':', 2), '') as legal_entity
from unnest(%(connections)s::text[]) c (name) join cross_reference r on r.connection = c.name and r.target = 'customer'
  and (r.subject = %(id)s or (r.subject > %(id)s || ':' and r.subject < %(id)s || ';'))
order by r.connection, r.subject limit 20
"""


def _held(db: Connection, connections: list[str], customer: str) -> tuple[Held, ...]:
    rows = db.execute(_HELD, {"id": customer, "connections": connections}).fetchall()
    return tuple(Held(**row) for row in rows)


def _engagements(db: Connection, customer: str) -> int:
    row = db.execute("select count(*) as n from engagement where customer_id = %s", [customer]).fetchone()
    return int(row["n"]) if row else 0


def _history(db: Connection, number: int) -> tuple[Said, ...]:
    rows = db.execute(
        "select at, actor, action, coalesce(detail->>'text', '') as text from audit_event"
        " where object = %s and action like 'match.%%' order by id desc limit 50",
        [f"match:{number}"],
    ).fetchall()
    return tuple(Said(**row) for row in rows)
