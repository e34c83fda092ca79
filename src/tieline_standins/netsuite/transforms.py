"""`!transform`: a new record filled from another one (fact sheet section 4)."""

from collections.abc import Callable
from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.drafting import Strictness, lay_over
from tieline_standins.netsuite.errors import RefusalError, user_error
from tieline_standins.netsuite.store import Record, Values

_HEAD = ("entity", "job", "currency", "exchangeRate", "subsidiary", "terms", "department", "class", "location")
_LINE = (
    "line",
    "item",
    "quantity",
    "rate",
    "amount",
    "description",
    "job",
    "department",
    "class",
    "location",
    "taxCode",
)


def transform(books: Books, source: Record, target: str, body: Json, strictness: Strictness) -> Record:
    """Fill, lay the body over it, keep. Raises RefusalError."""
    fill = _FILLS.get((source.type.name, target))
    if fill is None:
        raise RefusalError("INVALID_REQUEST", f"A {source.type.name} cannot be transformed into a {target}.")
    draft = Record(books.schema.records[target], 0)
    fill(books, source, draft)
    if isinstance(body, dict) and isinstance(body.get("externalId"), str):
        if books.store.by_external_id(target, body["externalId"]) is not None:
            raise user_error(books.settings.duplicate_external_id)
        draft.external_id = body["externalId"]
    lay_over(draft, body, books.parser, strictness, frozenset())
    return books.insert(draft)


def _copy_head(source: Record, draft: Record) -> None:
    known = draft.type.fields
    draft.values.update({name: source.values[name] for name in _HEAD if name in source.values and name in known})
    draft.values.update({name: value for name, value in source.values.items() if name in known and known[name].custom})


def _order_to_invoice(books: Books, source: Record, draft: Record) -> None:
    """What is not billed yet, each line tied to the line of the order."""
    if source.values["orderStatus"] in ("A", "C", "H"):
        raise user_error("The sales order must be approved and open to be billed.")
    _copy_head(source, draft)
    draft.values["createdFrom"] = source.id
    lines = [_open_line(books, source, line) for line in source.lines["item"]]
    draft.lines["item"] = [line for line in lines if line is not None]
    if not draft.lines["item"]:
        raise user_error("The sales order has already been fully billed.")


def _open_line(books: Books, order: Record, line: Values) -> Values | None:
    billed = [
        (quantity, amount)
        for lines in books.billed.get(order.id, {}).values()
        for number, quantity, amount in lines
        if number == line["line"]
    ]
    amount = line["amount"] - sum((amount for _, amount in billed), Decimal(0))
    if amount <= 0 < line["amount"] or line.get("isClosed"):
        return None
    copy = {name: line[name] for name in _LINE if name in line} | _custom_cells(order, line)
    if billed:
        copy["amount"] = amount
        if "quantity" in copy:
            copy["quantity"] -= sum((quantity for quantity, _ in billed), Decimal(0))
    return copy | {"orderDoc": order.id, "orderLine": line["line"]}


def _custom_cells(source: Record, line: Values) -> Values:
    known = source.type.sublists["item"].fields
    return {name: value for name, value in line.items() if name in known and known[name].custom}


def _project_to_sale(_books: Books, source: Record, draft: Record) -> None:
    draft.values["entity"] = draft.values["job"] = source.id


def _invoice_to_credit(_books: Books, source: Record, draft: Record) -> None:
    _copy_head(source, draft)
    draft.values["createdFrom"] = source.id
    lines = source.lines["item"]
    draft.lines["item"] = [{n: line[n] for n in _LINE if n in line} | _custom_cells(source, line) for line in lines]
    if source.values["status"] == "A":
        draft.lines["apply"] = [{"doc": source.id, "apply": True}]


def _invoice_to_payment(books: Books, source: Record, draft: Record) -> None:
    if source.values["status"] != "A":
        raise user_error("Only an open invoice can be paid.")
    customer = books.store.find(("customer", "job"), source.values["entity"])
    if customer is not None:
        draft.values["customer"] = customer.values["parent"] if customer.type.name == "job" else customer.id
    draft.values["currency"] = source.values["currency"]
    draft.lines["apply"] = [{"doc": source.id, "apply": True}]


_FILLS: dict[tuple[str, str], Callable[[Books, Record, Record], None]] = {
    ("salesOrder", "invoice"): _order_to_invoice,
    ("job", "salesOrder"): _project_to_sale,
    ("job", "invoice"): _project_to_sale,
    ("invoice", "creditMemo"): _invoice_to_credit,
    ("invoice", "customerPayment"): _invoice_to_payment,
}
