"""`transaction`, `transactionline` and the link tables, as SuiteQL shows them.

Which columns exist follows public SuiteQL examples [K]: subsidiary and createdfrom are columns of the line, amounts of
the head are `foreigntotal` and `foreignamountunpaid`, and sales lines carry the opposite sign of the invoice (setting).
Lines of purchases have the sign of the ledger: bills and expense reports debit, credits of vendors are below zero.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.schema import Field
from tieline_standins.netsuite.store import Record, Values
from tieline_standins.netsuite.suiteql.tables import Table, TableColumn, identity_columns, record_table, value_column

_HEAD = (
    "tranId",
    "tranDate",
    "currency",
    "exchangeRate",
    "dueDate",
    "postingPeriod",
    "approvalStatus",
    "terms",
    "memo",
    "otherRefNum",
    "startDate",
    "endDate",
    "email",
)
_LINE_FIELDS = ("item", "department", "class", "location", "rate")
_SALES = ("salesOrder", "invoice")
_REPORT_APPROVED = ("F", "G", "I", "J")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of transactionline: the main line, an item or expense line, or the tax line."""

    record: Record
    number: int
    kind: str
    cells: Values


@dataclass(frozen=True, slots=True)
class Link:
    """What a transaction took from another: an invoice from an order, a payment from an invoice."""

    previous: Record
    previous_line: int
    next: Record
    next_line: int
    kind: str
    amount: Decimal
    at: str


def transaction_tables(books: Books) -> dict[str, Table]:
    types = [books.schema.records[name] for name in books.schema.groups["transaction"]]
    heads = record_table(books, types, _head_columns(books))
    links = Table(_link_columns(), lambda: _links(books))
    return {
        "transaction": heads,
        "transactionline": Table(
            _line_columns(books),
            lambda: (line for record in heads.rows() for line in _lines(record)),
            {"transaction": lambda number: (line for head in heads.by["id"](number) for line in _lines(head))},
        ),
        **{f"{way}transaction{part}link": links for way in ("next", "previous") for part in ("", "line")},
    }


def _head_columns(books: Books) -> dict[str, TableColumn]:
    columns = identity_columns()
    columns |= {
        "type": TableColumn("text", lambda r: r.type.transaction_code, lambda r: r.type.label),
        "recordtype": TableColumn("text", lambda r: r.type.name.lower()),
        "entity": _entity_column(books),
        "currency": value_column(books, books.schema.records["invoice"].fields["currency"], _currency),
        "status": TableColumn("text", lambda r: r.values.get("status"), _status_text),
        "createddate": TableColumn("date", lambda r: r.created),
        "foreigntotal": TableColumn("number", lambda r: r.values.get("total")),
        "foreignamountpaid": TableColumn("number", lambda r: r.values.get("amountPaid")),
        "foreignamountunpaid": TableColumn("number", lambda r: r.values.get("amountRemaining")),
        "foreignpaymentamountused": TableColumn("number", lambda r: r.values.get("applied")),
        "foreignpaymentamountunused": TableColumn("number", lambda r: r.values.get("unapplied")),
        "posting": TableColumn("text", lambda r: "T" if _posts(r) else "F"),
        "voided": TableColumn("text", lambda r: "T" if r.values.get("status") == "V" else "F"),
    }
    for name in books.schema.groups["transaction"]:
        for key, known in books.schema.records[name].fields.items():
            if key in _HEAD or known.custom:
                columns.setdefault(key.lower(), value_column(books, known, _head_getter(key)))
    return columns


def _head_getter(name: str) -> Callable[[Record], Any]:
    return lambda record: record.values.get(name)


def _currency(record: Record) -> Any:
    return record.values.get("currency", record.values.get("expensereportcurrency"))


def _entity_column(books: Books) -> TableColumn:
    def get(record: Record) -> Any:
        return record.values.get("entity", record.values.get("customer"))

    def display(record: Record) -> str | None:
        number = get(record)
        found = books.store.find(books.schema.groups["entity"], number) if number is not None else None
        return None if found is None else found.name

    return TableColumn("number", get, display)


def _status_text(record: Record) -> str | None:
    """`Invoice : Open`."""
    known = record.type.fields.get("status")
    code = record.values.get("status")
    return None if known is None or code is None else f"{record.type.label} : {known.choices.get(code, code)}"


def _posts(record: Record) -> bool:
    if record.type.name in ("invoice", "vendorBill"):
        return record.values.get("status") in ("A", "B")
    if record.type.name == "expenseReport":
        return record.values.get("status") in _REPORT_APPROVED
    return record.type.name in ("creditMemo", "customerPayment") or (
        record.type.name == "vendorCredit" and record.values.get("status") != "V"
    )


def _lines(record: Record) -> Iterator[Line]:
    values = record.values
    yield Line(record, 0, "main", {"amount": values.get("total")})
    lines = [cells for sublist in ("expense", "item") for cells in record.lines.get(sublist, ())]
    for number, cells in enumerate(lines, start=1):
        yield Line(record, cells.get("line", number), "item", cells)
    if values.get("taxTotal"):
        number = max(len(lines), *(cells.get("line", 0) for cells in lines), 0) + 1
        yield Line(record, number, "tax", {"amount": values["taxTotal"]})


def _line_columns(books: Books) -> dict[str, TableColumn]:
    def amount(line: Line) -> Decimal | None:
        return _signed(books, line, line.cells.get("amount"))

    columns = {
        "transaction": TableColumn("number", lambda line: line.record.id, lambda line: line.record.name),
        "id": TableColumn("number", lambda line: line.number),
        "uniquekey": TableColumn("number", lambda line: line.record.id * 1000 + line.number),
        "linesequencenumber": TableColumn("number", lambda line: line.number),
        "mainline": TableColumn("text", lambda line: "T" if line.kind == "main" else "F"),
        "taxline": TableColumn("text", lambda line: "T" if line.kind == "tax" else "F"),
        "itemtype": TableColumn("text", lambda line: "Service" if "item" in line.cells else None),
        "quantity": TableColumn("number", lambda line: _signed(books, line, line.cells.get("quantity"))),
        "foreignamount": TableColumn("number", amount),
        "netamount": TableColumn("number", lambda line: _base(line, amount(line))),
        "memo": TableColumn("text", lambda line: line.cells.get("description", line.cells.get("memo"))),
        "linelastmodifieddate": TableColumn("date", lambda line: line.record.modified),
    }
    for name, known in _line_fields(books):
        columns.setdefault(name, value_column(books, known, _cell_getter(known.name)))
    head = books.schema.records["invoice"].fields
    expense = books.schema.records["vendorBill"].sublists["expense"].fields
    columns["expenseaccount"] = value_column(books, expense["account"], _cell_getter("account"))
    columns["category"] = value_column(books, expense["category"], _cell_getter("category"))
    columns["isbillable"] = value_column(books, expense["isBillable"], _cell_getter("isBillable"))
    columns["entity"] = value_column(books, head["entity"], _line_entity)
    columns["subsidiary"] = value_column(books, head["subsidiary"], _from_head("subsidiary"))
    columns["createdfrom"] = value_column(books, head["createdFrom"], _created_from)
    return columns


def _line_fields(books: Books) -> Iterator[tuple[str, Field]]:
    for name in books.schema.groups["transaction"]:
        for sublist in books.schema.records[name].sublists.values():
            if sublist.name in ("item", "expense"):
                for key, known in sublist.fields.items():
                    if key in _LINE_FIELDS or known.custom:
                        yield key.lower(), known


def _cell_getter(name: str) -> Callable[[Line], Any]:
    return lambda line: line.cells.get(name)


def _from_head(name: str) -> Callable[[Line], Any]:
    return lambda line: line.record.values.get(name)


def _line_entity(line: Line) -> Any:
    values = line.record.values
    return line.cells.get("job", line.cells.get("customer", values.get("entity", values.get("customer"))))


def _created_from(line: Line) -> Any:
    return line.cells.get("orderDoc", line.record.values.get("createdFrom"))


def _signed(books: Books, line: Line, number: Decimal | None) -> Decimal | None:
    if number is None or line.kind == "main":
        return number
    if line.record.type.name == "vendorCredit":
        return -number
    if line.record.type.name not in _SALES:
        return number
    return number * books.settings.suiteql_sales_line_sign


def _base(line: Line, amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount * line.record.values.get("exchangeRate", Decimal(1))


def _links(books: Books) -> Iterator[Link]:
    store, kinds = books.store, books.schema.groups["transaction"]
    for order_number, invoices in books.billed.items():
        order = store.get("salesOrder", order_number)
        for invoice_number, lines in invoices.items():
            invoice = store.get("invoice", invoice_number)
            if order is not None and invoice is not None:
                for at, (number, _, amount) in enumerate(lines, start=1):
                    yield Link(order, number, invoice, at, "OrdBill", amount, invoice.modified)
    for invoice_number, sources in books.applied.items():
        invoice = store.get("invoice", invoice_number)
        for source_number, amount in sources.items():
            source = store.find(kinds, source_number)
            if invoice is not None and source is not None:
                yield Link(invoice, 0, source, 0, "Payment", amount, source.modified)


def _link_columns() -> dict[str, TableColumn]:
    return {
        "previousdoc": TableColumn("number", lambda link: link.previous.id, lambda link: link.previous.name),
        "previousline": TableColumn("number", lambda link: link.previous_line),
        "previoustype": TableColumn("text", lambda link: link.previous.type.transaction_code),
        "nextdoc": TableColumn("number", lambda link: link.next.id, lambda link: link.next.name),
        "nextline": TableColumn("number", lambda link: link.next_line),
        "nexttype": TableColumn("text", lambda link: link.next.type.transaction_code),
        "linktype": TableColumn("text", lambda link: link.kind),
        "foreignamount": TableColumn("number", lambda link: link.amount),
        "lastmodifieddate": TableColumn("date", lambda link: link.at),
    }
