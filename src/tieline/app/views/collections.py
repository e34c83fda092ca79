"""Collections: open invoices by customer, what is at risk, and what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.billing.collection import (
    WORDS,
    at_risk,
    by_age,
    days_overdue,
    next_reminder,
    next_step,
    promise_broken,
    standing,
)
from tieline.model.collection import CollectionAction, CollectionRules, NextStep, Standing
from tieline.model.invoice import InvoiceState
from tieline.store.canonical import loaded
from tieline.store.database import Connection
from tieline.store.invoice_actions import actions_of

MOST = 2000
"""Open invoices looked at, the longest overdue first."""


@dataclass(frozen=True, kw_only=True)
class ActionRow:
    """One thing somebody did about an invoice."""

    kind: str
    word: str
    note: str | None
    promised_on: date | None
    by: str
    on: date


@dataclass(frozen=True, kw_only=True)
class OpenInvoice:
    """One open invoice with what collecting it needs."""

    id: str
    number: str | None
    status: str
    engagement_id: str
    engagement: str
    project: str
    legal_entity: str
    customer_id: str
    customer: str
    contact: str | None
    """Who is written to: the customer's address for invoices, else its first contact with one."""
    sales_owner: str | None
    terms: str
    issued_on: date | None
    due_on: date | None
    days_overdue: int
    currency: str
    total: Decimal
    outstanding: Decimal
    at_risk: Decimal
    dispute: str | None
    promised_on: date | None
    promise_broken: bool
    reminders: int
    last_action: str | None
    last_on: date | None
    next: NextStep
    next_words: str


@dataclass(frozen=True, kw_only=True)
class Debtor:
    """A customer with its open invoices of one currency."""

    customer_id: str
    customer: str
    contact: str | None
    currency: str
    outstanding: Decimal
    at_risk: Decimal
    invoices: tuple[OpenInvoice, ...]


@dataclass(frozen=True, kw_only=True)
class Ageing:
    """Open money of one currency by days overdue, in the order of `billing.collection.AGES`."""

    currency: str
    amounts: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self.amounts, Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Collections:
    """The work list."""

    debtors: tuple[Debtor, ...]
    ages: tuple[Ageing, ...]

    @property
    def at_risk(self) -> list[tuple[str, Decimal]]:
        """By currency, the largest first."""
        sums: dict[str, Decimal] = {}
        for debtor in self.debtors:
            if debtor.at_risk:
                sums[debtor.currency] = sums.get(debtor.currency, Decimal(0)) + debtor.at_risk
        return sorted(sums.items(), key=lambda item: -item[1])


_OPEN = """
select i.id, i.number, i.status, i.state, i.engagement_id, left(e.name, 200) as engagement, p.code as project,
  p.legal_entity, e.customer_id, left(e.customer_name, 200) as customer, i.body->>'payment_terms' as terms,
  coalesce(m.body->>'email', c.body->>'email', (select x->>'email' from jsonb_array_elements(c.body->'contacts') x
    where x->>'email' is not null limit 1)) as contact,
  (select v.body->>'sales_owner' from contract_version v where v.engagement_id = e.id order by v.version desc limit 1)
    as sales_owner
from invoice i join engagement e on e.id = i.engagement_id join project p on p.id = i.project_id
left join record c on c.kind = 'customer' and c.id = e.customer_id
left join master_record m on m.kind = 'customer' and m.id = e.customer_id
where i.status in ('open', 'partly_paid') and (i.state->'total'->>'amount')::numeric >= 0
  and (%(invoice)s::text is null or i.id = %(invoice)s)
order by (i.state->>'due_on')::date nulls last, i.id limit %(limit)s
"""


def read_collections(db: Connection, rules: CollectionRules, today: date) -> Collections:
    """Customers with open invoices, the one with the most at risk first; amounts of currencies are never summed."""
    rows = _open(db, rules, today, None)
    groups: dict[tuple[str, str], list[OpenInvoice]] = {}
    for row in rows:
        groups.setdefault((row.customer_id, row.currency), []).append(row)
    debtors = sorted(map(_debtor, groups.values()), key=lambda one: (-one.at_risk, -one.outstanding, one.customer))
    ages = by_age(((row.currency, row.due_on, row.outstanding) for row in rows), today)
    told = tuple(Ageing(currency=currency, amounts=amounts) for currency, amounts in ages.items())
    return Collections(debtors=tuple(debtors), ages=told)


def read_open_invoice(db: Connection, invoice_id: str, rules: CollectionRules, today: date) -> OpenInvoice | None:
    """One invoice, if it is open."""
    return next(iter(_open(db, rules, today, invoice_id)), None)


def list_actions(db: Connection, invoice_id: str) -> list[ActionRow]:
    """What was done about an invoice, the newest first."""
    found = actions_of(db, [invoice_id]).get(invoice_id, [])
    return [_action(one) for one in reversed(found)]


def _open(db: Connection, rules: CollectionRules, today: date, invoice: str | None) -> list[OpenInvoice]:
    rows = db.execute(_OPEN, {"invoice": invoice, "limit": MOST}).fetchall()
    actions = actions_of(db, [row["id"] for row in rows])
    return [_row(row, actions.get(row["id"], ()), rules, today) for row in rows]


def _row(
    row: Mapping[str, Any], actions: Sequence[CollectionAction], rules: CollectionRules, today: date
) -> OpenInvoice:
    state = loaded(InvoiceState, row["state"])
    found = standing(row["id"], actions, state)
    step = next_step(found, state.due_on, rules, today)
    plain = {name: value for name, value in row.items() if name != "state"}
    return OpenInvoice(
        **plain,
        issued_on=state.issued_on,
        due_on=state.due_on,
        days_overdue=days_overdue(state.due_on, today),
        currency=state.total.currency,
        total=state.total.amount,
        outstanding=state.outstanding.amount,
        at_risk=at_risk(found, state.due_on, state.outstanding.amount, rules, today),
        dispute=found.dispute,
        promised_on=found.promised_on,
        promise_broken=promise_broken(found, rules, today),
        reminders=found.reminders,
        last_action=found.last_action,
        last_on=found.last_on,
        next=step,
        next_words=_words(step, found),
    )


def _words(step: NextStep, found: Standing) -> str:
    match step:
        case "settle_dispute":
            return "settle the dispute"
        case "call":
            return "call: the promise was not kept"
        case "escalate":
            return "escalate"
        case "remind":
            return f"send reminder {next_reminder(found)}"
        case "await_promise":
            return f"payment is promised for {found.promised_on}"
        case "wait":
            return "nothing yet"


def _debtor(rows: Sequence[OpenInvoice]) -> Debtor:
    first = rows[0]
    return Debtor(
        customer_id=first.customer_id,
        customer=first.customer,
        contact=first.contact,
        currency=first.currency,
        outstanding=sum((row.outstanding for row in rows), Decimal(0)),
        at_risk=sum((row.at_risk for row in rows), Decimal(0)),
        invoices=tuple(sorted(rows, key=lambda row: (-row.at_risk, -row.days_overdue, row.id))),
    )


def _action(one: CollectionAction) -> ActionRow:
    return ActionRow(
        kind=one.kind, word=WORDS[one.kind], note=one.note, promised_on=one.promised_on, by=one.by, on=one.at.date()
    )
