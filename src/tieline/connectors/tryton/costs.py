"""Costs born in Tryton: posted invoices of suppliers, with their lines on the analytic account of a project.

Tryton's supplier invoices know no project; the analytic axis the site names does: its accounts carry our project codes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tieline.connectors.tryton.changes import changed_rows, version_of
from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.invoice import INVOICE
from tieline.connectors.tryton.receivables import plain
from tieline.connectors.tryton.records import Site, part
from tieline.model.cost import CostKind, ErpCost
from tieline.model.ids import born_outside
from tieline.model.money import Money
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changes, CostDocument, CostLine

LINE = "account.invoice.line"
ENTRY = "analytic.account.entry"
BOOKED = ("posted", "paid")
HEAD = (
    "state",
    "number",
    "reference",
    "party.name",
    "invoice_date",
    "accounting_date",
    "untaxed_amount",
    "currency.code",
)
CELLS = ("invoice", "amount", "description", "account.code", "product.code")


def list_changed_costs(site: Site, cursor: str | None) -> Changes[CostDocument]:
    """One page of documents in the order of change, each with all its lines of projects as they stand."""
    rows, position, more = changed_rows(site, "in", HEAD, cursor)
    try:
        booked = {int(row["id"]): row for row in rows if row["state"] in BOOKED}
        lines = _lines(site, booked)
        items = [CostDocument(str(row["id"]), version_of(row), lines.get(int(row["id"]), ())) for row in rows]
    except (KeyError, ValueError, TypeError) as error:
        message = f"a list of supplier invoices cannot be read: {error!r:.200}"
        raise Rejected(site.connection, message, kind="schema_drift", field="cost") from error
    return Changes(items, position, more)


def list_cost_refs(site: Site) -> Iterator[str]:
    """All booked invoices of suppliers, with and without a project."""
    own = [["type", "=", "in"], ["company", "=", site.client.company], ["state", "in", list(BOOKED)]]
    return (str(row["id"]) for row in site.client.every(INVOICE, own, ["state"]))


def _lines(site: Site, invoices: Mapping[int, Row]) -> dict[int, list[CostLine]]:
    found: defaultdict[int, list[CostLine]] = defaultdict(list)
    if not invoices:
        return found
    domain = [["invoice", "in", list(invoices)], ["type", "=", "line"]]
    lines = {int(row["id"]): row for row in site.client.every(LINE, domain, CELLS)}
    for number, project in _projects(site, list(lines)).items():
        row = lines[number]
        if row["amount"]:
            found[int(row["invoice"])].append(_line(site, invoices[int(row["invoice"])], row, project))
    return found


def _projects(site: Site, lines: Sequence[int]) -> dict[int, str]:
    """Line -> code of its account on the axis of projects."""
    if not lines:
        return {}
    domain = [["origin", "in", [f"{LINE},{number}" for number in lines]], ["root.code", "=", site.options.project_axis]]
    rows = site.client.every(ENTRY, domain, ["origin", "account.code"])
    codes = ((str(row["origin"]).partition(",")[2], part(row, "account.", "code")) for row in rows)
    return {int(number): str(code) for number, code in codes if code}


def _line(site: Site, invoice: Row, row: Row, project: str) -> CostLine:
    currency = part(invoice, "currency.", "code")
    day = invoice.get("accounting_date") or invoice["invoice_date"]
    if not isinstance(day, date):
        raise ValueError(f"invoice {invoice['id']} is booked without a date")
    document, number = str(invoice["id"]), str(row["id"])
    cost = ErpCost(
        id=born_outside(site.account, "erp_cost", f"{document}:{number}"),
        document_ref=document,
        document_type="credit" if invoice["untaxed_amount"] < 0 else "bill",
        line=number,
        number=invoice.get("reference") or invoice.get("number"),
        supplier=part(invoice, "party.", "name"),
        project_ref=project,
        kind=_kind(site, row),
        day=day,
        text=row.get("description"),
        net_cost=Money(amount=row["amount"], currency=currency),
    )
    return CostLine(cost, _source(invoice, row, project))


def _source(invoice: Row, row: Row, project: str) -> dict[str, Any]:
    """What Tryton told, for the lineage."""
    return {**plain(invoice), **plain(row), "project": project}


def _kind(site: Site, row: Row) -> CostKind:
    kinds = site.options.cost_kinds
    named = (f"product:{part(row, 'product.', 'code')}", f"account:{part(row, 'account.', 'code')}")
    return next((kinds[name] for name in named if name in kinds), "purchase")
