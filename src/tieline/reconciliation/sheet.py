"""The sheet two systems are compared on: what is wanted beside what is held, in temporary tables of one session.

Groups (legal entity, currency, project, period) are compared by a fingerprint first; only rows of differing groups are
joined, on our reference. The caller fills `wanted` and `held`; nothing here knows which systems they come from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from tieline.sdk.books import Fact, Held
from tieline.store.database import Connection

Kind = Literal["missing", "extra", "amount", "date", "wrong_project", "duplicate", "stale_version", "name"]
COPIED = 20_000
"""Rows of one COPY; a list of a million never waits in memory."""

_SIDE = """(key text, external_id text, legal_entity text not null, currency text not null, project text not null,
  period text not null, quantity numeric, amount numeric, day date, version bigint, stamp bigint, money numeric,
  person text, label text, older numeric[], name text)"""
_TABLES = f"""
create temp table wanted {_SIDE};
create temp table held {_SIDE};
create temp table listed (external_id text not null, reference text, project text, person text, day date,
  quantity numeric, amount numeric, paid numeric, currency text, version bigint, void boolean not null, label text);
create temp table differing (legal_entity text, currency text, project text, period text);
set jit = off;
set work_mem = '64MB'
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the two sides disagree about for one reference."""

    kind: Kind
    key: str
    external_id: str
    legal_entity: str
    currency: str
    project: str
    period: str
    expected: dict[str, Any] | None
    found: dict[str, Any] | None
    money: Decimal | None
    label: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """Both sides of a legal entity, currency and period in sums."""

    legal_entity: str
    currency: str
    period: str
    wanted_lines: int
    held_lines: int
    wanted_quantity: Decimal
    held_quantity: Decimal
    wanted_amount: Decimal
    held_amount: Decimal


class Sheet:
    """One session's tables; used for one comparison after another."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        db.execute(_TABLES.encode())

    def clear(self) -> None:
        """An empty sheet."""
        self.db.execute("truncate wanted, held, listed, differing")

    def copy(self, rows: Iterable[Held]) -> int:
        """A system's list into the table `listed`; returns how many rows it has."""
        count, left = 0, iter(rows)
        while some := list(islice(left, COPIED)):
            with self.db.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.set_types(_TYPES)
                for row in some:
                    copy.write_row(_cells(row))
            count += len(some)
        self.db.execute("analyze listed")
        return count

    def differences(self, facts: Iterable[Fact]) -> list[Difference]:
        """Everything the sides disagree about, duplicates included. `facts`: what is compared beside existence."""
        values = {"facts": sorted(facts)}
        self.db.execute("analyze wanted; analyze held; truncate differing")
        self.db.execute(_DIFFERING, values)
        rows = self.db.execute(_JOIN, values).fetchall() + self.db.execute(_BY_HAND).fetchall()
        return [Difference(**row) for row in rows]

    def totals(self) -> list[Total]:
        """The sums of both sides."""
        return [Total(**row) for row in self.db.execute(_TOTALS).fetchall()]


_COPY = """copy listed (external_id, reference, project, person, day, quantity, amount, paid, currency, version, void,
  label) from stdin (format binary)"""
_TYPES = ["text", "text", "text", "text", "date", "numeric", "numeric", "numeric", "text", "int8", "bool", "text"]


def _cells(row: Held) -> Sequence[Any]:
    texts = (row.external_id, row.reference, row.project, row.person)
    return (
        *(text.replace("\0", "") if text is not None else None for text in texts),
        *(row.day, row.quantity, row.amount, row.paid, row.currency, row.version, row.void),
        row.label.replace("\0", "")[:200] if row.label is not None else None,
    )


# Sums of hashes: equal for equal sets of rows, whatever their order.
_PRINT = """count(*) as lines, sum(hashtextextended(coalesce(key, external_id)
  || case when 'quantity' = any (%(facts)s) then '|' || coalesce(trim_scale(quantity)::text, '') else '' end
  || case when 'amount' = any (%(facts)s) then '|' || coalesce(trim_scale(amount)::text, '') else '' end
  || case when 'day' = any (%(facts)s) then '|' || coalesce((day - date '2000-01-01')::text, '') else '' end
  || case when 'version' = any (%(facts)s) then '|' || coalesce(version::text, '') else '' end
  || case when 'name' = any (%(facts)s) then '|' || coalesce(name, '') else '' end, 0)) as print"""
_DIFFERING = f"""
insert into differing (legal_entity, currency, project, period)
select legal_entity, currency, project, period
from (select legal_entity, currency, project, period, {_PRINT} from wanted group by 1, 2, 3, 4) w
  full join (select legal_entity, currency, project, period, {_PRINT} from held group by 1, 2, 3, 4) h
  using (legal_entity, currency, project, period)
where (w.lines, w.print) is distinct from (h.lines, h.print)
"""  # noqa: S608 - both parts are constants of this module
# Only what may be told is put in order: nearly all lines have one like them on the other side.
_JOIN = """
with w as (select w.* from wanted w join differing using (legal_entity, currency, project, period)),
h as (
  select h.* from held h join differing using (legal_entity, currency, project, period) where h.key is not null),
several as (
  select key from wanted group by key having count(*) > 1
  union select key from held where key is not null group by key having count(*) > 1),
pairs as (
  select w.key is not null as is_wanted, h.key is not null as is_held, coalesce(w.key, h.key) as key,
    coalesce(h.external_id, w.external_id, '') as external_id, coalesce(w.legal_entity, h.legal_entity) as legal_entity,
    coalesce(w.currency, h.currency) as currency, coalesce(w.project, h.project) as project,
    coalesce(w.period, h.period) as period, coalesce(w.label, h.label) as label, w.money, h.money as other_money,
    w.quantity, h.quantity as other_quantity, w.amount, h.amount as other_amount, w.day, h.day as other_day,
    w.project as wanted_project, h.project as other_project, w.version, h.version as other_version,
    w.name, h.name as other_name, 'name' = any (%(facts)s) and w.name <> h.name as name_differs,
    'quantity' = any (%(facts)s) and w.quantity is distinct from h.quantity as quantity_differs,
    'amount' = any (%(facts)s) and (w.amount is distinct from h.amount or w.currency <> h.currency) as amount_differs,
    'day' = any (%(facts)s) and w.day is distinct from h.day as day_differs,
    'project' = any (%(facts)s) and w.project is distinct from h.project as project_differs,
    'version' = any (%(facts)s) and w.version is distinct from h.version as version_differs,
    w.stamp > h.stamp as is_older, h.amount = any (w.older) as is_former,
    h.external_id is not distinct from w.external_id as same_id, h.external_id as held_id,
    (h.quantity, h.amount, h.day, h.project) is not distinct from (w.quantity, w.amount, w.day, w.project)
      as same_facts, s.key is not null as is_several
  from w full join h on h.key = w.key left join several s on s.key = coalesce(w.key, h.key)),
suspects as (
  select *, row_number() over (partition by key order by same_id desc, same_facts desc, held_id) as copy from pairs
  where is_several or not is_wanted or not is_held or quantity_differs or amount_differs or day_differs
    or project_differs or version_differs or name_differs),
judged as (
  select *, case when is_held and copy > 1 then 'duplicate' when not is_held then 'missing'
    when not is_wanted then 'extra'
    when version_differs or amount_differs and is_former
      or is_older and (quantity_differs or amount_differs or day_differs or project_differs) then 'stale_version'
    when project_differs then 'wrong_project' when quantity_differs or amount_differs then 'amount'
    when day_differs then 'date' when name_differs then 'name' end as kind from suspects)
select kind, key, case when kind = 'duplicate' then external_id else '' end as external_id, legal_entity, currency,
  project, period, label,
  case when is_wanted then jsonb_strip_nulls(jsonb_build_object('quantity', quantity, 'amount', amount, 'day', day,
    'project', wanted_project, 'version', version, 'name', case when name_differs then name end)) end as expected,
  case when is_held then jsonb_strip_nulls(jsonb_build_object('quantity', other_quantity, 'amount', other_amount,
    'day', other_day, 'project', other_project, 'version', other_version, 'external_id', nullif(external_id, ''),
    'name', case when name_differs then other_name end)) end as found,
  case when kind = 'extra' then abs(other_money)
    when kind in ('amount', 'stale_version') and amount_differs
      then abs(coalesce(amount, 0) - coalesce(other_amount, 0))
    when kind in ('amount', 'stale_version') and quantity_differs and quantity <> 0
      then abs(round(money * (quantity - other_quantity) / quantity, 2))
    else abs(coalesce(money, other_money)) end as money
from judged where kind is not null order by key, copy
"""
# Made by hand: without a reference of ours. The same work a second time is a duplicate, else something extra.
_BY_HAND = """
select case when t.key is not null then 'duplicate' else 'extra' end as kind, coalesce(t.key, h.external_id) as key,
  h.external_id, h.legal_entity, h.currency, project, h.period, h.label, null::jsonb as expected,
  jsonb_strip_nulls(jsonb_build_object('quantity', quantity, 'day', day, 'project', project,
    'external_id', h.external_id)) as found, abs(t.money) as money
from held h left join (
  select distinct on (project, day, quantity, person) project, day, quantity, person, key, money
  from wanted order by project, day, quantity, person, key) t using (project, day, quantity, person)
where h.key is null order by h.external_id
"""
_TOTALS = """
select coalesce(w.legal_entity, h.legal_entity) as legal_entity, coalesce(w.currency, h.currency) as currency,
  coalesce(w.period, h.period) as period, coalesce(w.lines, 0) as wanted_lines, coalesce(h.lines, 0) as held_lines,
  coalesce(w.quantity, 0) as wanted_quantity, coalesce(h.quantity, 0) as held_quantity,
  coalesce(w.amount, 0) as wanted_amount, coalesce(h.amount, 0) as held_amount
from (select legal_entity, currency, period, count(*) as lines, sum(quantity) as quantity, sum(amount) as amount
    from wanted group by 1, 2, 3) w
  full join (select legal_entity, currency, period, count(*) as lines, sum(quantity) as quantity, sum(amount) as amount
    from held group by 1, 2, 3) h using (legal_entity, currency, period)
order by 1, 2, 3
"""
