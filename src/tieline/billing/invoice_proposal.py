"""The invoice we propose: priced transactions grouped into lines whose sums are exact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.billing.revenue_days import revenue_days
from tieline.model.contract import ContractVersion
from tieline.model.invoice import Invoice, InvoiceLine
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.model.transaction import Kind

_HOURS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class BillableLine:
    """A priced transaction that goes on an invoice; a reversal of an invoiced one has negative quantity and amount."""

    id: str
    """`ptx_…`"""
    kind: Kind
    item_code: str
    person: str | None
    work_date: date
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    currency: str
    text: str | None = None
    """What is billed, for a milestone its name, for an expense its category."""
    tax_code: str | None = None
    charge: str | None = None
    """The key of a derived charge; what was added to it later joins it on a line."""
    part: int = 0


_Group = tuple[bool, str, str, str | None, Decimal | None, str | None, str | None]


def propose_invoice(
    contract: ContractVersion,
    project: Project,
    lines: Sequence[BillableLine],
    *,
    invoice_id: str,
    period_start: date,
    period_end: date,
) -> Invoice | None:
    """The draft for a period, or None when there is nothing to bill. All lines must be in the project's currency."""
    for line in lines:
        if line.currency != project.currency:
            raise ValueError(
                f"transaction {line.id} is in {line.currency}, project {project.code} in {project.currency}"
            )
    if not lines:
        return None
    proposed = tuple(
        _invoice_line(contract, invoice_id, number, group) for number, group in enumerate(_grouped(lines), 1)
    )
    return Invoice(
        id=invoice_id,
        engagement_id=project.engagement_id,
        contract_id=contract.id,
        project_id=project.id,
        customer_id=project.customer_id,
        legal_entity=project.legal_entity,
        currency=project.currency,
        period_start=period_start,
        period_end=period_end,
        payment_terms=contract.payment_terms,
        po_number=contract.po_number,
        dimensions=project.dimensions,
        lines=proposed,
        net=Money(amount=sum((line.amount for line in proposed), Decimal(0)), currency=project.currency),
    )


def _grouped(lines: Iterable[BillableLine]) -> list[list[BillableLine]]:
    """Charges before corrections, time before the rest; within a group the order of work."""
    groups: dict[_Group, list[BillableLine]] = {}
    for line in sorted(lines, key=lambda one: (one.work_date, one.part, one.id)):
        groups.setdefault(_group_of(line), []).append(line)
    order = {"time": "1", "milestone": "2", "expense": "3", "credit": "5"}
    keys = sorted(
        groups, key=lambda k: (k[0], order.get(k[1], "4"), k[2], k[3] or "", k[4] or 0, k[5] or "", k[6] or "")
    )
    return [groups[key] for key in keys]


def _group_of(line: BillableLine) -> _Group:
    correction = line.quantity < 0
    if line.charge is not None:
        return False, line.kind, line.item_code, None, None, line.charge, line.tax_code
    if line.kind == "time":
        return correction, line.kind, line.item_code, line.person, line.rate, None, line.tax_code
    if line.kind == "expense":
        return correction, line.kind, line.item_code, line.person, None, line.text, line.tax_code
    return correction, line.kind, line.item_code, None, line.rate, line.id, line.tax_code


def _invoice_line(
    contract: ContractVersion, invoice_id: str, number: int, group: Sequence[BillableLine]
) -> InvoiceLine:
    first = group[0]
    amount = sum((line.amount for line in group), Decimal(0))
    hourly = first.kind == "time"
    starts_on, ends_on = revenue_days(contract, first.charge, [line.work_date for line in group])
    count = Decimal(-1 if first.quantity < 0 and first.charge is None else 1)
    return InvoiceLine(
        id=f"{invoice_id}:{number}",
        item=first.item_code,
        description=_description(group),
        quantity=_hours(group) if hourly else count,
        unit="hour" if hourly else "each",
        rate=first.rate if hourly else amount / count,
        amount=amount,
        tax_code=first.tax_code,
        start_date=starts_on,
        end_date=ends_on,
        transaction_ids=tuple(line.id for line in group),
    )


def _hours(group: Sequence[BillableLine]) -> Decimal:
    minutes = sum((line.quantity for line in group), Decimal(0))
    return (minutes / 60).quantize(_HOURS)


def _description(group: Sequence[BillableLine]) -> str:
    first, last = group[0], group[-1]
    if last.charge is not None:
        return last.text or last.item_code.capitalize()
    days = f"{first.work_date}" if first.work_date == last.work_date else f"{first.work_date} to {last.work_date}"
    what = first.item_code if first.kind == "time" else first.text or first.item_code.capitalize()
    who = f", {first.person}" if first.person and first.kind != "milestone" else ""
    return f"{'Correction: ' if first.quantity < 0 else ''}{what}{who} ({days})"
