"""Draft invoices in Tryton; number, tax, posting and payment are Tryton's and a person's."""

from collections.abc import Sequence
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.lines import STORED, Line, line, rendered, rounding, stored, taxes
from tieline.connectors.tryton.records import REFERENCE, STAMP, Site, part
from tieline.connectors.tryton.sale import described
from tieline.model.invoice import Invoice
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Found, Links, Operation, Payload

INVOICE = "account.invoice"
LINE = "account.invoice.line"
FIELDS = ("state", "number", "reference", "party", "description", "currency.code", "payment_term.name", "lines", STAMP)


def ensure_invoice(site: Site) -> Operation[Invoice]:
    """The draft; links `customer`, `project`, `contract`. Its lines are replaced as a whole."""
    client = site.client

    def render(record: Invoice, links: Links) -> Payload:
        lines = rendered(site.mappings["invoice_line"], record.lines, links)
        return {**site.write("invoice", record, links), "lines": lines}

    def find(payload: Payload) -> Sequence[Found]:
        own = [["reference", "=", payload[REFERENCE]], ["company", "=", client.company]]
        return site.found(INVOICE, [*own, ["type", "=", "out"], ["state", "!=", "cancelled"]])

    def create(payload: Payload) -> int:
        header = _header(site, payload)
        values = {**header, "lines": [["create", _lines(site, payload, header)]]}
        return client.create(INVOICE, [values])[0]

    def update(identifier: int, payload: Payload) -> None:
        draft = _draft(site, identifier)
        header = _header(site, payload)
        commands: list[Any] = [["delete", draft["lines"]]] if draft["lines"] else []
        commands.append(["create", _lines(site, payload, header)])
        kept = {name: value for name, value in header.items() if name not in ("type", "company")}
        client.write(INVOICE, identifier, {**kept, "lines": commands}, draft[STAMP])

    def withdraw(identifier: int) -> None:
        if site.one(INVOICE, identifier, ("state",))["state"] != "cancelled":
            _draft(site, identifier)
            client.press(INVOICE, "cancel", identifier)

    return site.operation(
        "invoice",
        render=render,
        create=create,
        update=update,
        find=find,
        read_back=lambda identifier: _as_payload(site, identifier),
        withdraw=withdraw,
    )


def _draft(site: Site, identifier: int) -> Row:
    invoice = site.one(INVOICE, identifier, FIELDS)
    if invoice["state"] != "draft":
        name = invoice["number"] or invoice["reference"]
        raise Rejected(
            site.connection,
            f"invoice {name} is {invoice['state']} in Tryton and cannot be changed: credit it, or bill the rest",
            field="invoice",
            owner="finance",
        )
    return invoice


def _header(site: Site, payload: Payload) -> Row:
    """Account, address and tax identifier as Tryton itself fills them in when a person picks the customer."""
    client = site.client
    party = site.number(part(payload, "party", "id"))
    blank = {"id": -1, "type": "out", "company": client.company, "party": party}
    filled = client.call(INVOICE, "on_change", blank, ["party"], write=False)
    account, address = part(filled, "account"), part(filled, "invoice_address")
    if not isinstance(account, int) or not isinstance(address, int):
        missing = "receivable account" if not isinstance(account, int) else "address"
        raise Rejected(
            site.connection,
            f"Tryton finds no {missing} for the customer",
            kind="missing_field",
            field=missing,
            owner="finance",
        )
    return {
        "type": "out",
        "company": client.company,
        "party": party,
        "account": account,
        "invoice_address": address,
        "party_tax_identifier": part(filled, "party_tax_identifier"),
        "journal": site.catalog.journal(site.options.invoice_journal),
        "currency": site.catalog.currency(part(payload, "currency", "code")),
        "payment_term": site.catalog.payment_term(part(payload, "payment_term", "name")),
        "reference": payload[REFERENCE],
        "description": described(payload),
    }


def _lines(site: Site, payload: Payload, header: Row) -> list[Row]:
    axes = payload.get("analytic") or {}
    analytic = [site.catalog.analytic(axis, code) for axis, code in sorted(axes.items()) if code]
    lines: list[Line] = []
    booked: dict[int, tuple[int, list[int]]] = {}
    for one in payload["lines"]:
        ready = line(site, one, part(payload, "currency", "code"))
        product = ready.values["product"]
        if product not in booked:
            booked[product] = _booked(site, ready.values, header)
        account, usual = booked[product]
        tax = part(one, "tax", "name")
        ready.values.update(account=account, taxes=taxes(site.catalog.tax(tax) if tax else usual))
        ready.values["currency"] = header["currency"]
        if analytic:
            ready.values["analytic_accounts"] = [["create", analytic]]
        lines.append(ready)
    return [*(ready.values for ready in lines), *rounding(lines)]


def _booked(site: Site, values: Row, header: Row) -> tuple[int, list[int]]:
    """Revenue account and taxes that Tryton itself chooses for this product and customer (with its tax rules)."""
    blank: Row = {"id": -1, "invoice": None, "invoice_type": "out", "account": None, "taxes": []}
    blank |= {name: values[name] for name in ("type", "product", "unit", "quantity", "unit_price", "description")}
    blank |= {name: header[name] for name in ("company", "party", "currency")}
    filled = site.client.call(LINE, "on_change", blank, ["product"], write=False)
    account, added = part(filled, "account"), part(filled, "taxes", "add")
    if not isinstance(account, int):
        raise Rejected(
            site.connection,
            "Tryton finds no revenue account for the product: give it an accounting category",
            kind="missing_field",
            field="account",
            owner="finance",
        )
    return account, [int(row["id"]) for _, row in added] if isinstance(added, list) else []


def _as_payload(site: Site, identifier: int) -> Payload:
    invoice = site.one(INVOICE, identifier, FIELDS)
    rows = site.client.rows(LINE, [["invoice", "=", identifier]], STORED, order=[["id", "ASC"]])
    return {
        REFERENCE: invoice["reference"],
        "party": {"id": str(invoice["party"])},
        "currency": {"code": part(invoice, "currency.", "code")},
        "payment_term": {"name": part(invoice, "payment_term.", "name")},
        "description": invoice["description"],
        "lines": [stored(row) for row in rows],
    }
