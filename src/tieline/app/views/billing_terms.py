"""What an engagement agrees about billing, how much of it is used, and the charges that follow from it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.billing.facts import SIXTY, Timeline, Work, timeline_of
from tieline.billing.limits import cap_words, usage_of
from tieline.billing.retainer import statements
from tieline.flows.derived_billing import work_of
from tieline.lane.billing_facts import let_pass
from tieline.store.canonical import contract_of_engagement, contract_versions, projects_of_contract
from tieline.store.database import Connection


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap and how far it is used."""

    id: str
    words: str
    used: Decimal
    """A share; above 1 it is exceeded."""
    above: str
    """`not_billed` or `held`."""
    let_pass: Decimal
    """What people approved above it."""


@dataclass(frozen=True, slots=True)
class RetainerPeriod:
    """A period of a retainer, in hours or money."""

    period: str
    unit: str
    """`h`, or the currency."""
    brought: Decimal
    granted: Decimal
    used: Decimal
    above: Decimal
    expired: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class OwnCharge:
    """What is charged for no line of a source, as it stands in total."""

    key: str
    kind: str
    text: str
    day: date
    amount: Decimal
    invoiced: Decimal
    currency: str
    rule: str


@dataclass(frozen=True, slots=True)
class AgreedBilling:
    """All of it."""

    contract: str
    version: int
    currency: str
    limits: tuple[Limit, ...]
    retainer: tuple[RetainerPeriod, ...]
    charges: tuple[OwnCharge, ...]


_CHARGES = """
select t.source_id as key, t.kind, (array_agg(t.note order by t.part desc))[1] as text, max(t.work_date) as day,
  sum(t.amount) as amount, coalesce(sum(t.amount) filter (where i.transaction_id is not null), 0) as invoiced,
  min(t.currency) as currency, (array_agg(t.rate_rule order by t.part desc))[1] as rule
from project_transaction t left join invoice_line i on i.transaction_id = t.id
where t.connection = 'tieline' and t.project_id = any (%s) and t.live and t.state = 'checked'
group by 1, 2 order by 4, 1
"""


def read_agreed_billing(db: Connection, engagement_id: str, today: date) -> AgreedBilling | None:
    """None where all is billed as the contract's method says."""
    contract = contract_of_engagement(db, engagement_id)
    if contract is None or (contract.version == 1 and contract.billing_terms.is_empty):
        return None
    versions = contract_versions(db, contract.id)
    if all(one.billing_terms.is_empty for one in versions):
        return None
    projects = projects_of_contract(db, contract.id)
    rows = db.execute(_CHARGES, [[project.id for project in projects]]).fetchall()
    timeline = timeline_of(versions, projects) if projects else None
    work = work_of(db, versions, projects)
    return AgreedBilling(
        contract=contract.name,
        version=contract.version,
        currency=contract.currency,
        limits=_limits(db, timeline, work, today) if timeline else (),
        retainer=_retainer(timeline, work, today) if timeline else (),
        charges=tuple(OwnCharge(**row) for row in rows),
    )


def _limits(db: Connection, timeline: Timeline, work: list[Work], today: date) -> tuple[Limit, ...]:
    passed, newest = let_pass(db, timeline), timeline.newest
    return tuple(
        Limit(
            id=cap.id,
            words=cap_words(cap, newest.currency),
            used=usage_of(cap, work, today),
            above=cap.above,
            let_pass=passed.get(cap.id, Decimal(0)),
        )
        for cap in newest.billing_terms.caps
    )


def _retainer(timeline: Timeline, work: list[Work], today: date) -> tuple[RetainerPeriod, ...]:
    found = []
    for one in statements(timeline, work, today):
        hours = one.retainer.hours is not None
        figures = {
            "brought": one.brought,
            "granted": one.granted,
            "used": one.used,
            "above": sum((portion.units for portion in one.above), Decimal(0)),
            "expired": one.expired,
            "balance": one.balance,
        }
        shown = {name: value / SIXTY if hours else value for name, value in figures.items()}
        unit = "h" if hours else one.version.currency
        found.append(RetainerPeriod(period=one.span.words, unit=unit, **shown))
    return tuple(found)
