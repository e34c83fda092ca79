"""Milestones: what was completed in the PSA against the transactions it became."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from tieline.reconciliation.comparison import TIELINE, Comparison, Firm, Repair
from tieline.reconciliation.sheet import Difference, Sheet
from tieline.sdk.books import Held
from tieline.sdk.roles import Psa
from tieline.store.database import Connection

_PROJECTS = """
select r.external_id as ref from project p join engagement e on e.id = p.engagement_id and e.closed_at is null
  join cross_reference r on r.connection = %(connection)s and r.target = 'project' and r.subject = p.id
where jsonb_array_length(p.body->'milestones') > 0 order by 1
"""
_PLANNED = """
with planned as (
  select p.id as project, p.legal_entity, p.currency, m->>'id' as id, m->>'name' as name,
    (m->'amount'->>'amount')::numeric as amount
  from project p cross join lateral jsonb_array_elements(p.body->'milestones') m)
"""
_WANTED = f"""{_PLANNED}
insert into wanted (key, external_id, legal_entity, currency, project, period, amount, money, label)
select n.id, '', n.legal_entity, n.currency, n.project, '-', n.amount, n.amount, n.name
from listed l join planned n on n.id = l.reference
  left join agenda a on a.flow = 'milestone_billing' and a.key = n.project
where l.day is not null and not coalesce(a.behind, false)
"""  # noqa: S608 - a constant of this module
_HELD = """
insert into held (key, external_id, legal_entity, currency, project, period, amount, money, label)
select t.source_id, '', p.legal_entity, p.currency, p.id, '-', t.amount, t.amount, t.note
from project_transaction t join project p on p.id = t.project_id join listed l on l.reference = t.source_id
  left join agenda a on a.flow = 'milestone_billing' and a.key = p.id
where t.connection = %(connection)s and t.kind = 'milestone' and t.live and t.sign = 1 and t.state = 'checked'
  and not coalesce(a.behind, false)
"""


def milestone_comparisons(firm: Firm) -> Iterator[Comparison]:
    """The milestones of every PSA's projects."""
    for name, connected in firm.connected.items():
        if connected.psa is not None:
            yield Comparison(
                left=name,
                right=TIELINE,
                record="milestone",
                facts=frozenset({"amount"}),
                fill=partial(_fill, connected.psa),
                repair=_repair,
            )


def _fill(psa: Psa, sheet: Sheet) -> None:
    values = {"connection": psa.connection}
    refs = [row["ref"] for row in sheet.db.execute(_PROJECTS, values).fetchall()]
    sheet.copy(
        Held(external_id=one.id, reference=one.id, day=one.completed_on)
        for ref in refs
        for one in psa.read_milestones(ref)
    )
    sheet.db.execute(_WANTED, values)
    sheet.db.execute(_HELD, values)


def _repair(db: Connection, differences: Sequence[Difference]) -> Mapping[int, Repair]:
    """The flow takes up what it missed, and takes back what is not invoiced yet."""
    rows = db.execute(
        "select t.source_id from project_transaction t join invoice_line l on l.transaction_id = t.id"
        " where t.kind = 'milestone' and t.source_id = any (%s)",
        [[one.key for one in differences]],
    ).fetchall()
    invoiced = {row["source_id"] for row in rows}
    return {
        place: "wake"
        for place, one in enumerate(differences)
        if one.kind == "missing" or (one.kind == "extra" and one.key not in invoiced)
    }
