"""Unbilled work as people look at it: by project, engagement, customer or legal entity, and line by line."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal, get_args

from tieline.app.views.paging import BadCursor, Page, Place, place_of
from tieline.insights.words import csv_cell
from tieline.lane.wip import Wip, WipRow
from tieline.store.database import Connection

By = Literal["project", "engagement", "customer", "entity"]
BYS: tuple[By, ...] = get_args(By)
AGES = ("up to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")
Age = Literal["30", "60", "90", "older"]
BOUNDS: dict[Age, tuple[int, int]] = {"30": (-(10**6), 30), "60": (31, 60), "90": (61, 90), "older": (91, 10**6)}
"""Days since the work, from and to."""
_AMOUNTS = ("up_to_30", "up_to_60", "up_to_90", "older", "adjusted", "drafts", "waiting")


@dataclass(frozen=True, kw_only=True)
class WipGroup(Wip):
    """Unbilled work of one currency: of a project, or of several together."""

    key: str
    name: str
    detail: str
    projects: int


def group_wip(rows: Iterable[WipRow], by: By) -> list[WipGroup]:
    """The rows put together, the oldest work first; currencies are never summed."""
    found: dict[tuple[str, str], list[WipRow]] = {}
    for row in rows:
        found.setdefault((_named(row, by)[0], row.currency), []).append(row)
    groups = [_group(some, *_named(some[0], by)) for some in found.values()]
    return sorted(groups, key=lambda one: (-one.older, -one.up_to_90, -one.up_to_60, -one.total, one.name, one.key))


def total_wip(rows: Iterable[WipRow]) -> list[WipGroup]:
    """All of it, by currency, the most first."""
    found: dict[str, list[WipRow]] = {}
    for row in rows:
        found.setdefault(row.currency, []).append(row)
    return sorted((_group(some, "", "All", "") for some in found.values()), key=lambda one: -one.total)


def _named(row: WipRow, by: By) -> tuple[str, str, str]:
    """Key, name and what stands below the name."""
    return {
        "project": (row.project_id, row.project or row.code, f"{row.code} · {row.customer} · {row.legal_entity}"),
        "engagement": (row.engagement_id, row.engagement, row.customer),
        "customer": (row.customer_id, row.customer, ""),
        "entity": (row.legal_entity, row.legal_entity, ""),
    }[by]


def _group(rows: Sequence[WipRow], key: str, name: str, detail: str) -> WipGroup:
    sums = {figure: sum((getattr(row, figure) for row in rows), Decimal(0)) for figure in _AMOUNTS}
    return WipGroup(
        key=key,
        name=name,
        detail=detail,
        projects=len(rows),
        currency=rows[0].currency,
        lines=sum(row.lines for row in rows),
        unpriced=sum(row.unpriced for row in rows),
        **sums,
    )


@dataclass(frozen=True, kw_only=True)
class WipLine:
    """A line that no released invoice holds; quantity and amounts have their sign."""

    number: int
    kind: str
    source_id: str
    state: str
    reversal: bool
    work_date: date
    age: int
    """Days since the work."""
    person: str | None
    role: str | None
    text: str | None
    quantity: Decimal
    unit: str
    amount: Decimal
    currency: str | None
    adjusted: Decimal
    """What adjustments of chosen lines have put on it, or taken off."""
    invoice_id: str | None
    """Of the draft that holds it."""
    left: Decimal
    """What may still be written down: nothing where it waits for a person, or corrects another line."""

    @property
    def cursor(self) -> str:
        """Where the page after it starts."""
        return Place(datetime.combine(self.work_date, time(), UTC), str(self.number)).cursor


_LINES = """
select t.id as number, t.kind, t.source_id, t.state, t.sign < 0 as reversal, t.work_date,
  %(today)s::date - t.work_date as age, t.person, t.role,
  left(case when t.kind = 'time' then null when t.kind = 'expense' then t.attributes->>'category' else t.note end, 200)
    as text,
  t.quantity * t.sign as quantity, t.unit, coalesce(t.amount, 0) * t.sign as amount, t.currency,
  coalesce(a.adjusted, 0) as adjusted, i.invoice_id,
  case when t.sign = 1 and t.live and t.state = 'checked' and t.kind <> 'adjustment'
    then greatest(t.amount + coalesce(a.adjusted, 0), 0) else 0 end as left
from project_transaction t
  left join invoice_line i on i.transaction_id = t.id left join invoice v on v.id = i.invoice_id
  left join lateral (select sum(l.amount) as adjusted from wip_adjusted_line l join wip_adjustment w
    on w.id = l.adjustment_id where l.transaction_id = t.id and w.state = 'confirmed') a on true
where t.project_id = %(project)s and (t.work_date, t.id) > (%(day)s, %(number)s)
  and (v.status in ('proposed', 'draft') or t.id in (select u.id from unbilled_line u where u.project_id = %(project)s))
  and %(today)s::date - t.work_date between %(from)s and %(to)s
order by t.work_date, t.id limit %(limit)s
"""
EVERY = (-(10**6), 10**6)


def page_wip_lines(
    db: Connection, project_id: str, today: date, *, age: Age | None = None, cursor: str | None = None, limit: int = 50
) -> Page[WipLine]:
    """Lines of a project, the oldest work first, of one age or of all. Raises BadCursor."""
    first, last = BOUNDS[age] if age else EVERY
    day, number = _place(cursor)
    values = {"project": project_id, "today": today, "day": day, "number": number, "limit": limit + 1}
    rows = [WipLine(**row) for row in db.execute(_LINES, {**values, "from": first, "to": last}).fetchall()]
    following = rows[limit - 1].cursor if len(rows) > limit else None
    return Page(items=tuple(rows[:limit]), next=following)


def _place(cursor: str | None) -> tuple[date, int]:
    place = place_of(cursor)
    if place is None:
        return date.min, 0
    if not place.id.isdigit() or len(place.id) > 18:
        raise BadCursor
    return place.at.date(), int(place.id)


def wip_csv(groups: Sequence[WipGroup], by: By) -> str:
    """A row for each group, for a spreadsheet."""
    heads = (
        by,
        "id",
        "currency",
        *AGES,
        "adjusted",
        "total",
        "of it on drafts",
        "of it waiting",
        "lines without a price",
        "realization %",
    )
    rows = (
        (
            one.name,
            one.key,
            one.currency,
            *one.ages,
            one.adjusted,
            one.total,
            one.drafts,
            one.waiting,
            one.unpriced,
            one.realization,
        )
        for one in groups
    )
    return _csv(heads, rows)


def lines_csv(lines: Sequence[WipLine]) -> str:
    """A row for each line."""
    heads = ("line", "kind", "source", "day", "age", "person", "role", "text", "quantity", "unit", "currency")
    rows = (
        (
            one.number,
            one.kind,
            one.source_id,
            one.work_date,
            one.age,
            one.person,
            one.role,
            one.text,
            one.quantity,
            one.unit,
            one.currency,
            one.amount,
            one.adjusted,
            one.invoice_id,
            one.state,
        )
        for one in lines
    )
    return _csv((*heads, "amount", "adjusted", "draft", "state"), rows)


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(map(csv_cell, row) for row in rows)
    return told.getvalue()
