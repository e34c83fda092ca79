"""What sales orders, invoices and credit memos share: customer, currency, lines, tax and totals."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import invalid_value
from tieline_standins.netsuite.store import Record, Values
from tieline_standins.netsuite.values import hours_number, money

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books

_HUNDRED = Decimal(100)


def customer_of(books: "Books", draft: Record) -> Record | None:
    """The customer a transaction is with; its `entity` may be a project, `customer` is one."""
    number = draft.values.get("entity", draft.values.get("customer"))
    entity = books.store.find(("customer", "job"), number) if number is not None else None
    if entity is not None and entity.type.name == "job":
        return books.store.get("customer", entity.values["parent"])
    return entity


def complete_head(books: "Books", draft: Record) -> Record | None:
    """Number, date, subsidiary, currency and exchange rate; returns the customer."""
    values = draft.values
    customer = customer_of(books, draft)
    values.setdefault("tranDate", books.today())
    if customer is not None:
        _source_from_customer(draft, customer)
    currency = books.store.get("currency", values["currency"]) if "currency" in values else None
    if currency is not None:
        values.setdefault("exchangeRate", currency.values.get("exchangeRate", Decimal(1)))
    if "tranId" not in values:
        values["tranId"] = f"{draft.type.number_prefix}{books.next_number(draft.type.name):05d}"
    return customer


def _source_from_customer(draft: Record, customer: Record) -> None:
    values = draft.values
    subsidiary = customer.values.get("subsidiary")
    if values.setdefault("subsidiary", subsidiary) != subsidiary:
        raise invalid_value(values["subsidiary"], "subsidiary", "subsidiary")
    allowed = {customer.values.get("currency")}
    allowed |= {line.get("currency") for line in customer.lines.get("currencyList", ())}
    if values.setdefault("currency", customer.values.get("currency")) not in allowed:
        raise invalid_value(values["currency"], "currency", "currency")


def complete_sale(books: "Books", draft: Record) -> Record | None:
    """Head, lines and totals; returns the customer."""
    customer = complete_head(books, draft)
    tax_code = _default_tax_code(books, draft, customer)
    lines = draft.lines.setdefault("item", [])
    for index, line in enumerate(lines):
        _complete_line(books, line, index, tax_code)
    time = [_complete_time(books, line) for line in draft.lines.get("time", ()) if line.get("apply", True)]
    values = draft.values
    values["subtotal"] = money(sum((line["amount"] for line in lines), Decimal(0)) + sum(time, Decimal(0)))
    if values.get("taxDetailsOverride"):
        taxes = [line.get("taxAmount", Decimal(0)) for line in draft.lines.get("taxDetails", ())]
    else:
        taxes = [line["tax1Amt"] for line in lines]
        taxes += [tax_of(amount, tax_code) for amount in time]
    values["taxTotal"] = money(sum(taxes, Decimal(0)))
    values["total"] = values["subtotal"] + values["taxTotal"]
    return customer


def _complete_line(books: "Books", line: Values, index: int, tax_code: Record | None) -> None:
    if "amount" not in line:
        if "rate" not in line:
            item = books.store.find(books.schema.groups["item"], line["item"])
            line["rate"] = item.values.get("rate", Decimal(0)) if item else Decimal(0)
        line["amount"] = money(line.setdefault("quantity", Decimal(1)) * line["rate"])
    line["amount"] = money(line["amount"])
    if line.get("quantity") and "rate" not in line:
        line["rate"] = line["amount"] / line["quantity"]
    if "orderLine" in line and "orderDoc" not in line:
        raise invalid_value(line["orderLine"], "orderLine", f"item.items[{index}].orderLine")
    code = books.store.get("salesTaxItem", line["taxCode"]) if "taxCode" in line else tax_code
    if code is not None:
        line["taxCode"] = code.id
        line["taxRate1"] = code.values.get("rate", Decimal(0))
    line["tax1Amt"] = tax_of(line["amount"], code)
    line["grossAmt"] = line["amount"] + line["tax1Amt"]


def _complete_time(books: "Books", line: Values) -> Decimal:
    """A line of the invoice's `time` sublist bills a time entry."""
    entry = books.store.get("timeBill", line["doc"])
    line["quantity"] = hours_number(entry.values["hours"]) if entry else Decimal(0)
    line.setdefault("rate", entry.values.get("rate", Decimal(0)) if entry else Decimal(0))
    line["amount"] = money(line["quantity"] * line["rate"])
    return Decimal(line["amount"])


def tax_of(amount: Decimal, code: Record | None) -> Decimal:
    """The tax a code puts on an amount."""
    rate = code.values.get("rate") if code is not None else None
    return money(amount * rate / _HUNDRED) if rate else Decimal("0.00")


def _default_tax_code(books: "Books", draft: Record, customer: Record | None) -> Record | None:
    """The transaction's own tax item, the customer's, or the one of the nexus the subsidiary is in."""
    number = draft.values.get("taxItem") or (customer.values.get("taxItem") if customer is not None else None)
    if number is not None:
        return books.store.get("salesTaxItem", number)
    subsidiary = books.store.get("subsidiary", draft.values.get("subsidiary", 0))
    return books.tax_codes.get(subsidiary.values.get("country", "")) if subsidiary is not None else None


def remember(books: "Books", record: Record) -> None:
    """List the transaction under its customer, and its project if it is with one."""
    customer = customer_of(books, record)
    if customer is not None:
        books.by_entity[customer.id][record.id] = None
    entity = record.values.get("entity")
    if entity is not None:
        books.by_entity[entity][record.id] = None


def forget(books: "Books", record: Record) -> None:
    for transactions in books.by_entity.values():
        transactions.pop(record.id, None)
