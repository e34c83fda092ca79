"""Deals: the CRM's committed opportunities against those Tieline knows. Finds gaps in the event feed, and deletes."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial

from tieline.reconciliation.comparison import TIELINE, Comparison, Firm, by_kind, now_of
from tieline.reconciliation.sheet import Sheet
from tieline.sdk.books import Held
from tieline.sdk.errors import Rejected
from tieline.sdk.roles import Crm

_COMMITTED = """
insert into wanted (key, external_id, legal_entity, currency, project, period)
select distinct external_id, external_id, '-', '-', '-', '-' from listed
"""
_KNOWN_DEALS = """
insert into held (key, external_id, legal_entity, currency, project, period, money, label)
select r.external_id, r.external_id, '-', '-', '-', '-', v.value, e.name
from cross_reference r left join engagement_opportunity o on o.opportunity_id = r.subject
  left join engagement e on e.id = o.engagement_id left join agenda a on a.flow = 'opportunity_to_contract'
    and a.key = r.subject
  left join lateral (select (c.body->'value'->>'amount')::numeric as value from contract_version c
    where c.engagement_id = e.id order by c.version desc limit 1) v on true
where r.connection = %(connection)s and r.target = 'opportunity'
  and (exists (select from wanted w where w.key = r.external_id)
    or e.id is not null and e.closed_at is null and not a.behind)
"""


def deal_comparisons(firm: Firm) -> Iterator[Comparison]:
    """The committed opportunities of every CRM: none may be missed, and none may vanish unseen."""
    for name, connected in firm.connected.items():
        if connected.crm is not None:
            yield Comparison(
                left=name,
                right=TIELINE,
                record="opportunity",
                facts=frozenset(),
                fill=partial(_deals, connected.crm),
                look_again=partial(_read_missing, firm, connected.crm),
                repair=by_kind({"missing": "re_read", "extra": "wake"}),
            )


def _deals(crm: Crm, sheet: Sheet) -> None:
    sheet.copy(Held(external_id=ref, reference=ref) for ref in crm.list_opportunity_refs())
    sheet.db.execute(_COMMITTED)
    sheet.db.execute(_KNOWN_DEALS, {"connection": crm.connection})


READ_AT_MOST = 200
"""Missing opportunities whose name and value are read; a feed that lost more has one story for all."""


def _read_missing(firm: Firm, crm: Crm, sheet: Sheet, missing: Sequence[str], extra: Sequence[str]) -> bool:
    """One that changed a moment ago is still on its way; of the others name and value are told."""
    recent = int((now_of(sheet.db) - firm.grace).timestamp() * 1_000_000)
    for ref in missing[:READ_AT_MOST]:
        try:
            deal = crm.read_opportunity(ref)
        except Rejected:
            continue  # it cannot be read, and was missed all the same
        if deal.source_version > recent:
            sheet.db.execute("delete from wanted where key = %s", [ref])
            continue
        amount = sum((line.amount for line in deal.lines), Decimal(0))
        sheet.db.execute(
            "update wanted set label = %s, money = %s, currency = %s, legal_entity = coalesce(%s, '-') where key = %s",
            [deal.name, amount, deal.currency or "-", deal.legal_entity, ref],
        )
    return bool(missing)
