"""One engagement: its contract, projects, budget burn, approved lines by state, invoices and what waits for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.app.views.approvals import ApprovalRow, list_approvals
from tieline.app.views.burn import Burn, read_burn
from tieline.app.views.contract_chain import (
    HolderRow,
    SetupRow,
    VersionRow,
    read_holders,
    read_setups,
    read_versions,
)
from tieline.app.views.engagements import EngagementRow, list_engagements
from tieline.app.views.exceptions import ExceptionRow, list_exceptions
from tieline.billing.margin import Margins, margins
from tieline.model.contract import ContractVersion
from tieline.store.canonical import contract_of_engagement, contract_on
from tieline.store.database import Connection
from tieline.store.engagement_facts import read_facts

LINE_STATES = (
    "paid",
    "invoiced",
    "posted",
    "in_flight",
    "waiting",
    "held",
    "in_exception",
    "opening",
    "written_off",
)


@dataclass(frozen=True, kw_only=True)
class ContractView:
    """The terms in force, for reading."""

    id: str
    name: str
    contract_type: str
    billing_method: str
    payment_terms: str
    po_number: str | None
    legal_entity: str
    currency: str
    value: Decimal
    budget_hours: Decimal
    start_date: date
    end_date: date
    delivery_leads: tuple[str, ...]
    sales_owner: str | None
    versions: tuple[VersionRow, ...]
    """The newest first."""
    holders: tuple[HolderRow, ...]
    setups: tuple[SetupRow, ...]


@dataclass(frozen=True, kw_only=True)
class RecordRow:
    """A record one of the systems holds for this engagement."""

    connection: str
    target: str
    external_id: str


@dataclass(frozen=True, kw_only=True)
class ProjectRow:
    """One project and where it stands in the systems."""

    id: str
    code: str
    name: str
    legal_entity: str
    currency: str
    value: Decimal
    start_date: date
    end_date: date
    records: tuple[RecordRow, ...]


@dataclass(frozen=True, kw_only=True)
class InvoiceRow:
    """An invoice we proposed, with what the ERP says of it."""

    id: str
    connection: str
    external_id: str | None
    number: str | None
    status: str
    """`proposed` (not yet in the ERP), `draft`, `open`, `partly_paid`, `paid`, `void`."""
    period_start: date
    period_end: date
    due_on: date | None
    currency: str
    amount: Decimal
    """With tax as soon as the ERP has told it, else net."""
    outstanding: Decimal | None


@dataclass(frozen=True, kw_only=True)
class LineState:
    """Approved lines in one state, reversals netted, so that states add up."""

    state: str
    lines: int
    currency: str | None
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class EngagementPage:
    """Everything about one engagement but its timeline."""

    row: EngagementRow
    opportunities: tuple[RecordRow, ...]
    contract: ContractView | None
    projects: tuple[ProjectRow, ...]
    burn: Burn | None
    margins: tuple[Margins, ...]
    """Of each project of which any is known."""
    lines: tuple[LineState, ...]
    invoices: tuple[InvoiceRow, ...]
    exceptions: tuple[ExceptionRow, ...]
    approvals: tuple[ApprovalRow, ...]


def read_engagement(db: Connection, engagement_id: str, today: date) -> EngagementPage | None:
    """One engagement, or None."""
    rows = list_engagements(db, engagement_id=engagement_id, limit=1)
    if not rows:
        return None
    newest = contract_of_engagement(db, engagement_id)
    contract = contract_on(db, newest.id, today) if newest else None
    return EngagementPage(
        row=rows[0],
        opportunities=tuple(_opportunities(db, engagement_id)),
        contract=_contract(db, contract, today) if contract else None,
        projects=tuple(_projects(db, engagement_id)),
        burn=read_burn(db, contract, today) if contract else None,
        margins=tuple(_margins(db, engagement_id, today)),
        lines=tuple(read_line_states(db, engagement_id)),
        invoices=tuple(_invoices(db, engagement_id)),
        exceptions=tuple(list_exceptions(db, engagement_id=engagement_id)),
        approvals=tuple(list_approvals(db, engagement_id=engagement_id, state=None, limit=50)),
    )


def _margins(db: Connection, engagement_id: str, today: date) -> Iterator[Margins]:
    for facts in read_facts(db, today, frozenset(), [engagement_id]):
        for found in map(margins, facts.projects):
            if found.plan is not None or found.to_date is not None:
                yield found


def _opportunities(db: Connection, engagement_id: str) -> list[RecordRow]:
    rows = db.execute(
        "select r.connection, r.target, r.external_id from engagement_opportunity o join cross_reference r"
        " on r.subject = o.opportunity_id and r.target = 'opportunity'"
        " and r.connection in (select name from connection)"
        " where o.engagement_id = %s order by r.external_id",
        [engagement_id],
    ).fetchall()
    return [RecordRow(**row) for row in rows]


def _contract(db: Connection, contract: ContractVersion, today: date) -> ContractView:
    return ContractView(
        id=contract.id,
        name=contract.name,
        contract_type=contract.contract_type,
        billing_method=contract.billing_method,
        payment_terms=contract.payment_terms,
        po_number=contract.po_number,
        legal_entity=contract.legal_entity,
        currency=contract.currency,
        value=contract.value.amount,
        budget_hours=contract.budget.hours,
        start_date=contract.start_date,
        end_date=contract.end_date,
        delivery_leads=contract.delivery_leads,
        sales_owner=contract.sales_owner,
        versions=tuple(read_versions(db, contract.id, today)),
        holders=tuple(read_holders(db, contract.id)),
        setups=tuple(read_setups(db, contract.id)),
    )


_PROJECTS = """
select p.id, p.code, p.body->>'name' as name, p.legal_entity, p.currency,
  (p.body->'value'->>'amount')::numeric as value, (p.body->>'start_date')::date as start_date,
  (p.body->>'end_date')::date as end_date,
  (select jsonb_agg(jsonb_build_object('connection', e.connection, 'target', e.target, 'external_id', e.external_id)
      order by e.connection, e.target)
    from effect e where e.engagement = p.engagement_id and e.subject = p.id and e.external_id is not null
      and e.retired_at is null) as records
from project p where p.engagement_id = %s order by p.code
"""


def _projects(db: Connection, engagement_id: str) -> list[ProjectRow]:
    rows = db.execute(_PROJECTS, [engagement_id]).fetchall()
    return [
        ProjectRow(**{**row, "records": tuple(RecordRow(**record) for record in row["records"] or ())}) for row in rows
    ]


_LINES = """
select case when s.status = 'invoiced' and i.status = 'paid' then 'paid' else s.status end as state,
  sum(t.sign)::int as lines, t.currency, coalesce(sum(t.amount * t.sign), 0) as amount
from project p join project_transaction t on t.project_id = p.id join line_status s on s.id = t.id
left join invoice_line l on l.transaction_id = t.id left join invoice i on i.id = l.invoice_id
where p.engagement_id = %s and s.status not in ('void', 'withdrawn')
group by 1, t.currency
"""


def read_line_states(db: Connection, engagement_id: str) -> list[LineState]:
    """The approved lines of an engagement by state, in the order of the journey, per currency."""
    rows = db.execute(_LINES, [engagement_id]).fetchall()
    found = [LineState(**row) for row in rows]
    return sorted(found, key=lambda item: (_journey(item.state), item.currency or ""))


def _journey(state: str) -> int:
    return LINE_STATES.index(state) if state in LINE_STATES else len(LINE_STATES)


_INVOICES = """
select id, connection, external_id, number, status, (body->>'period_start')::date as period_start,
  (body->>'period_end')::date as period_end, (state->>'due_on')::date as due_on, body->>'currency' as currency,
  (coalesce(state->'total'->>'amount', body->'net'->>'amount'))::numeric as amount,
  (state->'total'->>'amount')::numeric - (state->'paid'->>'amount')::numeric as outstanding
from invoice where engagement_id = %s order by proposed_at desc, id limit 200
"""


def _invoices(db: Connection, engagement_id: str) -> list[InvoiceRow]:
    rows: Sequence[dict[str, Any]] = db.execute(_INVOICES, [engagement_id]).fetchall()
    return [InvoiceRow(**row) for row in rows]
