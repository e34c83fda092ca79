"""How an ERP's own records would bill a project, compared with what its contract agrees, clause by clause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tieline.model.contract import BillingSchedule
from tieline.model.project import ContractPart, Project

CLAUSES = {
    "legal_entity": "Legal entity",
    "customer": "Customer",
    "currency": "Currency",
    "billing_method": "Billing type",
    "method": "Schedule type",
    "payment_terms": "Payment terms",
    "po_number": "Order number of the customer",
}
"""Canonical fields that decide how, and to whom, is billed; in the words of people."""
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class AgreedBilling:
    """What the contract agrees of the billing of one project, in the records the ERP is given."""

    project: Project
    contract: ContractPart
    schedule: BillingSchedule


@dataclass(frozen=True, slots=True)
class SetupDifference:
    """One clause the ERP holds otherwise, in words people know."""

    clause: str
    place: str
    """The record of the ERP: `Sales order SO1021`."""
    agreed: str
    held: str

    def __str__(self) -> str:
        return f"{self.clause}: {self.agreed} is agreed, {self.place} has {self.held}"


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line of an order: the ERP's code of its item, what we call it, and the price of one unit."""

    item: str
    words: str
    rate: Decimal


def differing_rates(agreed: Iterable[RatedLine], held: Iterable[RatedLine], place: str) -> list[SetupDifference]:
    """Items whose prices on the order are not those agreed; an item nobody agreed is the ERP's own matter."""
    wanted, found = _by_item(agreed), _by_item(held)
    return [
        SetupDifference(f"Rate of {words}", place, _listed(map(_price, sorted(rates))), _held_rates(found.get(item)))
        for item, (words, rates) in wanted.items()
        if item not in found or found[item][1] != rates
    ]


def in_words(value: object) -> str:
    """A value of ours, or of a system that shows no name for it: `time and materials`."""
    return str(value).replace("_", " ") if value not in (None, "") else "nothing"


def _by_item(lines: Iterable[RatedLine]) -> dict[str, tuple[str, set[Decimal]]]:
    rates: dict[str, tuple[str, set[Decimal]]] = {}
    for line in lines:
        rates.setdefault(line.item, (line.words, set()))[1].add(line.rate)
    return rates


def _held_rates(found: tuple[str, set[Decimal]] | None) -> str:
    return _listed(map(_price, sorted(found[1]))) if found else "no such line"


def differing_plan(agreed: Sequence[Decimal], held: Sequence[object], place: str) -> list[SetupDifference]:
    """Whether the amounts of an invoice plan are those agreed, in whatever order; a percentage never is."""
    found = [_number(value) for value in held]
    if sorted(agreed) == sorted(one for one in found if isinstance(one, Decimal)) and len(agreed) == len(held):
        return []
    told = [_price(one) if isinstance(one, Decimal) else one for one in found]
    return [SetupDifference("Amounts of the invoice plan", place, _listed(map(_price, agreed)), _listed(told))]


def _number(value: object) -> Decimal | str:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value)


def _price(value: Decimal) -> str:
    return f"{value:,.2f}" if value == round(value, 2) else f"{value:,f}"


def _listed(words: Iterable[str]) -> str:
    told = list(words)
    more = f" and {len(told) - MOST_SHOWN} more" if len(told) > MOST_SHOWN else ""
    return (", ".join(told[:MOST_SHOWN]) or "nothing") + more
