"""The days an invoice line's revenue belongs to: those of the work, or those a fee is for. Pure."""

from collections.abc import Sequence
from datetime import date

from tieline.billing.facts import spans
from tieline.model.billing_terms import Retainer, Subscription
from tieline.model.contract import ContractVersion

Days = tuple[date, date]


def revenue_days(contract: ContractVersion, charge: str | None, worked: Sequence[date]) -> Days:
    """First and last day. `charge`: the key of a derived charge; `worked`: the days of what the line holds."""
    terms = contract.billing_terms
    _, kind, rest = (*(charge or "").split(":", 2), "", "")[:3]
    if kind == "subscription":
        plan, _, label = rest.rpartition(":")
        agreed = next((one for one in terms.subscriptions if one.id == plan), None)
        return (agreed and _period(contract, agreed, label)) or _span(worked)
    if kind == "retainer" and terms.retainer is not None:
        label, _, what = rest.removeprefix(f"{terms.retainer.id}:").partition(":")
        if what.startswith("top-up"):
            _, ends_on = terms.retainer.days(contract.start_date, contract.end_date)
            return min(worked), max(ends_on, max(worked))
        return _period(contract, terms.retainer, label) or _span(worked)
    return _span(worked)


def _period(contract: ContractVersion, agreed: Subscription | Retainer, label: str) -> Days | None:
    agreed_for = spans(*agreed.days(contract.start_date, contract.end_date), agreed.period)
    return next(((span.first, span.last) for span in agreed_for if span.label == label), None)


def _span(worked: Sequence[date]) -> Days:
    return min(worked), max(worked)
