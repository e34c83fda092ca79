"""Approved time and expenses: what the PSA holds against what Tieline took in. Finds gaps of a feed, and deletes."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Literal

from tieline.lane.pull import feed_of, pull_feed
from tieline.reconciliation.comparison import TIELINE, Comparison, Firm, Repair, Scope, by_kind
from tieline.reconciliation.sheet import Sheet
from tieline.sdk.books import Days, Fact, Held
from tieline.sdk.feed import SourceLine
from tieline.sdk.roles import Psa

KINDS: tuple[Literal["time", "expense"], ...] = ("time", "expense")
FACTS: dict[str, frozenset[Fact]] = {
    "time": frozenset({"project", "day", "quantity"}),
    "expense": frozenset({"project", "day", "amount"}),
}
REPAIRS: dict[str, Repair] = {
    "missing": "re_read",
    "amount": "re_read",
    "date": "re_read",
    "wrong_project": "re_read",
    "stale_version": "re_read",
    "extra": "take_back",
}
UNSETTLED = timedelta(seconds=10)
"""A line changed so short ago is told by the next run."""

# What it is worth is known once it is priced; until then the project's usual rate is the best guess.
_WANTED = """
with usual as (
  select project_id, round(avg(rate), 2) as rate from project_transaction
  where live and kind = 'time' and disposition = 'billable' and rate is not null group by project_id)
insert into wanted (key, external_id, legal_entity, currency, project, period, quantity, amount, day, stamp, money,
  person)
select distinct on (l.external_id) l.external_id, l.external_id, coalesce(p.legal_entity, '-'),
  coalesce(l.currency, p.currency, '-'), coalesce(p.id, l.project), to_char(l.day, 'YYYY-MM'), l.quantity, l.amount,
  l.day, l.version, coalesce(l.amount, round(l.quantity / 60 * u.rate, 2)), l.person
from listed l
  left join cross_reference r on r.connection = %(connection)s and r.target = 'project' and r.external_id = l.project
  left join project p on p.id = r.subject left join usual u on u.project_id = p.id
where not exists (select from wanted w where w.key = l.external_id) order by l.external_id, l.version desc
"""
_HELD = """
insert into held (key, external_id, legal_entity, currency, project, period, quantity, amount, day, stamp, money)
select t.source_id, t.source_id, coalesce(p.legal_entity, '-'), coalesce(t.source_currency, p.currency, '-'),
  coalesce(p.id, t.project_ref), to_char(t.work_date, 'YYYY-MM'), case t.kind when 'time' then t.quantity end,
  t.source_amount, t.work_date, t.source_version, coalesce(t.amount, t.source_amount)
from project_transaction t
  left join cross_reference r on r.connection = t.connection and r.target = 'project' and r.external_id = t.project_ref
  left join project p on p.id = r.subject
where t.connection = %(connection)s and t.kind = %(kind)s and t.live and t.sign = 1 and t.part = 0
  and t.state in ('checked', 'in_exception', 'opening', 'written_off')
"""
_WITHIN = "  and t.work_date between %(first)s and %(last)s"
_THESE = "  and t.source_id = any (%(keys)s) and not exists (select from held h where h.key = t.source_id)"
_TOO_NEW = """
delete from wanted where key = any (%(keys)s)
  and stamp > (extract(epoch from clock_timestamp()) * 1000000)::bigint - %(unsettled)s::bigint
"""


def source_line_comparisons(firm: Firm, scope: Scope) -> Iterator[Comparison]:
    """Time and expenses of every PSA."""
    for name, connected in firm.connected.items():
        if connected.psa is None:
            continue
        for kind in KINDS:
            yield Comparison(
                left=name,
                right=TIELINE,
                record=kind,
                facts=FACTS[kind],
                fill=partial(_fill, firm, scope, connected.psa, kind),
                look_again=partial(_look_again, firm, connected.psa, kind),
                repair=by_kind(REPAIRS),
            )


def _fill(firm: Firm, scope: Scope, psa: Psa, kind: Literal["time", "expense"], sheet: Sheet) -> None:
    """The list first, then the feed to its end: what is on the list and not here after that was missed."""
    sheet.copy(held_of(line) for line in approved_lines(psa, kind, scope.period.days))
    pull_feed(firm.database, feed_of(psa, kind), firm.pricing)
    values = {"connection": psa.connection, "kind": kind, "first": scope.period.first, "last": scope.period.last}
    sheet.db.execute(_WANTED, values)
    sheet.db.execute(_HELD + _WITHIN, values)


def approved_lines(psa: Psa, kind: Literal["time", "expense"], days: Days | None) -> Iterator[SourceLine]:
    """The approved lines of a PSA, page by page; a line may come twice."""
    for page in psa.books.list_approved(kind, days):
        yield from page.lines


def held_of(line: SourceLine) -> Held:
    """A source line as a row of its system's books."""
    return Held(
        external_id=line.source_id,
        reference=line.source_id,
        project=line.project_ref,
        person=line.person_ref,
        day=line.work_date,
        quantity=line.quantity if line.kind == "time" else None,
        amount=line.amount,
        currency=line.currency,
        version=line.source_version,
    )


def _look_again(
    firm: Firm, psa: Psa, kind: Literal["time", "expense"], sheet: Sheet, missing: Sequence[str], extra: Sequence[str]
) -> bool:
    """What we hold under another day; what is approved there after all, under another day or since a moment ago."""
    unsettled = min(firm.grace, UNSETTLED) // timedelta(microseconds=1)
    values = {"connection": psa.connection, "kind": kind, "keys": list(missing), "unsettled": unsettled}
    changed = sheet.db.execute(_TOO_NEW, values).rowcount + sheet.db.execute(_HELD + _THESE, values).rowcount
    if extra:
        present = set(psa.list_approved_refs(kind))
        there = [key for key in extra if key in present]
        changed += sheet.db.execute("delete from held where key = any (%s)", [there]).rowcount
    return changed > 0
