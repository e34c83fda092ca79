"""Collection of open invoices: where each stands, what to do next, what is at risk, and how old it is."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tieline.model.collection import CollectionAction, CollectionRules, InvoiceCollection, NextStep, Standing
from tieline.model.invoice import InvoiceState

AGES = ("not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")
"""Days overdue."""
LATEST = (0, 30, 60, 90)
WORDS = {
    "dispute": "disputed",
    "settle": "dispute settled",
    "promise": "payment promised",
    "remind": "reminded",
    "call": "called",
    "note": "noted",
}


def standing(invoice_id: str, actions: Sequence[CollectionAction], told: InvoiceState | None = None) -> Standing:
    """What all actions come to, the oldest first. What the ERP itself tells of dispute and dunning counts too."""
    dispute, promised, reminders = None, None, 0
    for action in actions:
        match action.kind:
            case "dispute":
                dispute = action.note or "no reason given"
            case "settle":
                dispute = None
            case "promise":
                promised = action.promised_on
            case "remind":
                reminders += 1
    last = actions[-1] if actions else None
    return Standing(
        id=invoice_id,
        dispute=dispute or (told.dispute if told else None),
        promised_on=promised,
        reminders=max(reminders, (told.dunning_level if told else None) or 0),
        last_action=WORDS[last.kind] if last else None,
        last_on=last.at.date() if last else None,
    )


def days_overdue(due_on: date | None, today: date) -> int:
    """0 on the due date and before it, and while the ERP has named none."""
    return max(0, (today - due_on).days) if due_on else 0


def promise_broken(found: Standing, rules: CollectionRules, today: date) -> bool:
    """Whether the promised day and its grace have passed."""
    return found.promised_on is not None and found.promised_on + timedelta(rules.promise_grace_days) < today


def next_step(found: Standing, due_on: date | None, rules: CollectionRules, today: date) -> NextStep:
    """What to do next about an invoice that is not paid: a dispute first, then the customer's word, then reminders."""
    overdue = days_overdue(due_on, today)
    if found.dispute:
        return "settle_dispute"
    if found.promised_on is not None and not promise_broken(found, rules, today):
        return "await_promise"
    if overdue >= rules.escalate_days:
        return "escalate"
    if promise_broken(found, rules, today):
        return "call"
    due = sum(overdue >= days for days in rules.reminder_days)
    return "remind" if due > found.reminders else "wait"


def next_reminder(found: Standing) -> int:
    """The number of the reminder that is sent next."""
    return found.reminders + 1


def at_risk(found: Standing, due_on: date | None, outstanding: Decimal, rules: CollectionRules, today: date) -> Decimal:
    """What is open of an invoice that is overdue or disputed, or whose promise was broken."""
    doubtful = days_overdue(due_on, today) > 0 or found.dispute is not None or promise_broken(found, rules, today)
    return outstanding if doubtful else Decimal(0)


def age_of(due_on: date | None, today: date) -> int:
    """The place in AGES."""
    return sum(days_overdue(due_on, today) > latest for latest in LATEST)


def by_age(open_items: Iterable[tuple[str, date | None, Decimal]], today: date) -> dict[str, tuple[Decimal, ...]]:
    """Currency -> open money in the order of AGES, of (currency, due date, open) items; currencies are never summed."""
    sums: dict[str, list[Decimal]] = {}
    for currency, due_on, amount in open_items:
        sums.setdefault(currency, [Decimal(0)] * len(AGES))[age_of(due_on, today)] += amount
    return {currency: tuple(amounts) for currency, amounts in sorted(sums.items(), key=lambda item: -sum(item[1]))}


def shown_collection(found: Standing, state: InvoiceState, rules: CollectionRules, today: date) -> InvoiceCollection:
    """The standing as sales sees it: in a word, with what is behind it."""
    return InvoiceCollection(
        id=found.id,
        status=_status(found, state, rules, today),
        dispute=found.dispute,
        promised_on=found.promised_on,
        reminders=found.reminders,
        last_action=found.last_action,
        last_on=found.last_on,
    )


def _status(found: Standing, state: InvoiceState, rules: CollectionRules, today: date) -> str:
    if state.status in ("paid", "void", "draft"):
        return "current" if state.status == "draft" else state.status
    if found.dispute:
        return "disputed"
    if found.promised_on is not None:
        return "promise broken" if promise_broken(found, rules, today) else "promised"
    if found.reminders:
        return "reminded"
    return "overdue" if days_overdue(state.due_on, today) else "current"
