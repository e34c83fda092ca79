"""What NetSuite says of invoices: number, tax, posting and payment state, and the money applied to them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.connectors.netsuite.invoice import code
from tieline.connectors.netsuite.records import REFERENCE, Site, top_names
from tieline.mapping import MappingFailed
from tieline.model.ids import born_outside
from tieline.model.invoice import InvoiceState, InvoiceStatus, Payment
from tieline.model.money import Money
from tieline.sdk.errors import Rejected

PLAIN = ("number", "issued_on", "due_on", "dispute", "dunning_level", "source_version")
"""What is taken as it stands; the site maps a dispute and a dunning level to the fields it keeps them in."""
PAYMENTS = """
select p.id, l.foreignamount as amount, c.symbol as currency, to_char(p.trandate, 'YYYY-MM-DD') as paid_on
from previoustransactionlinelink l
inner join transaction p on p.id = l.nextdoc inner join currency c on c.id = p.currency
where l.previousdoc = ? and p.type = 'CustPymt' order by p.id
"""


def read_invoice(site: Site, account: str, ref: str) -> InvoiceState:
    """An invoice with its payment state; `id` is our reference, or made of NetSuite's id for one we did not propose."""
    mapping = site.mappings["invoice_state"]
    fields = [*top_names(mapping.vendor_fields("read")), "approvalStatus", "status", REFERENCE]
    raw = site.client.read("invoice", ref, fields=list(dict.fromkeys(fields)))
    try:
        return _state(raw, mapping.read(raw), account, ref)
    except (MappingFailed, ValueError) as error:
        message = f"Invoice {raw.get('tranId') or ref} cannot be read: {error}"
        raise Rejected(site.connection, message, kind="mapping", field="invoice", owner="integration") from error


MEMO_FIELDS = ("tranId", "tranDate", "total", "taxTotal", "currency", "lastModifiedDate")


def read_credit_memo(site: Site, account: str, ref: str) -> InvoiceState:
    """A credit memo as an invoice below nothing; what is applied to invoices counts as paid."""
    mapping = site.mappings["invoice_state"]
    raw = site.client.read("creditMemo", ref, fields=[*MEMO_FIELDS, "applied", "status", REFERENCE])
    try:
        values = mapping.read({**raw, "amountPaid": raw.get("applied")})
        state = _state({**raw, "approvalStatus": None}, values, account, ref)
    except (MappingFailed, ValueError) as error:
        message = f"Credit memo {raw.get('tranId') or ref} cannot be read: {error}"
        raise Rejected(site.connection, message, kind="mapping", field="invoice", owner="integration") from error
    turned = {name: -getattr(state, name) for name in ("net", "tax", "total", "paid")}
    return state.model_copy(update=turned)


def _state(raw: dict[str, Any], values: dict[str, Any], account: str, ref: str) -> InvoiceState:
    currency: str = values["total"]["currency"]
    total, tax, paid = (_amount(values, name) for name in ("total", "tax", "paid"))
    status = status_of(code(raw.get("approvalStatus")), code(raw.get("status")), total, paid)
    amounts = {"net": total - tax, "tax": tax, "total": total, "paid": paid}
    moneys = {name: Money(amount=amount, currency=currency) for name, amount in amounts.items()}
    plain = {name: values[name] for name in PLAIN if name in values}
    ours = str(raw.get(REFERENCE) or born_outside(account, "invoice", ref))
    return InvoiceState.model_validate({"id": ours, "external_id": ref, "status": status, **moneys, **plain})


def _amount(values: dict[str, Any], name: str) -> Decimal:
    amount = values.get(name, {}).get("amount", Decimal(0))
    return amount if isinstance(amount, Decimal) else Decimal(str(amount))


def status_of(approval: str | None, status: str | None, total: Decimal, paid: Decimal) -> InvoiceStatus:
    """Approval 1 pending, 2 approved, 3 rejected, 11 pending accounting; status A open, B paid, D and E not approved,
    V voided (fact sheet section 6). A rejected draft is still a draft: finance may approve it after all."""
    if status == "V":
        return "void"
    if (approval or "2") != "2" or status in ("D", "E"):
        return "draft"
    if status == "B" or paid >= total:
        return "paid"
    return "partly_paid" if paid > 0 else "open"


def read_payments(site: Site, account: str, invoice_ref: str) -> Sequence[Payment]:
    """Money applied to an invoice, one entry per payment; credit memos are no payments."""
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    rows: dict[str, Any] = {}
    try:
        for row in site.client.rows(PAYMENTS, (invoice_ref,)):
            # A link per line; which sign an amount has there is not documented.
            amounts[str(row["id"])] += abs(Decimal(row["amount"]))
            rows[str(row["id"])] = row
        return [_payment(account, invoice_ref, ref, amount, rows[ref]) for ref, amount in amounts.items()]
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        message = f"the payments of invoice {invoice_ref} cannot be read: {error!r}"
        raise Rejected(site.connection, message, kind="schema_drift", field="payment") from error


def _payment(account: str, invoice_ref: str, ref: str, amount: Decimal, row: Any) -> Payment:
    return Payment(
        id=born_outside(account, "payment", f"{ref}:{invoice_ref}"),
        invoice_ref=invoice_ref,
        amount=Money(amount=amount, currency=row["currency"]),
        paid_on=date.fromisoformat(row["paid_on"]) if row.get("paid_on") else None,
    )
