"""Costs born in a real Tryton: posted invoices of suppliers with the analytic account of a project."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.tryton.books import TODAY, Books
from tests.connectors.tryton.running import Server
from tieline.model.money import Money
from tieline.sdk.feed import CostDocument
from tieline.sdk.roles import Erp

AXIS, CODE = "DEPARTMENT", "Technology"
"""An axis the company has already; its account stands for a project."""


@pytest.fixture
def erp(server: Server) -> Iterator[Erp]:
    connected = server.connect(project_axis=AXIS, cost_kinds={"account:x": "expense"})
    assert connected.erp is not None
    yield connected.erp
    connected.close()


def decimal(amount: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": amount}


class Purchases:
    """The accounts department enters what suppliers send."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._company = int(books.rows("company.company", [], "party")[0]["id"])
        named = [["root.code", "=", AXIS], ["code", "=", CODE]]
        [self._project] = books.rows("analytic_account.account", named, "root")

    def _open(self, kind: str) -> dict[str, Any]:
        """An account that takes bookings."""
        domain = [["closed", "!=", True], [f"type.{kind}", "=", True], ["company", "=", self._company]]
        return self._books.rows("account.account", domain, "code")[-1]

    def bill(self, *amounts: tuple[str, bool], invoice_date: Any = TODAY) -> str:
        """A posted invoice; (amount, whether it is the project's)"""
        books = self._books
        [journal] = books.rows("account.journal", [["type", "=", "expense"]], "code")
        payable, expense = self._open("payable"), self._open("expense")
        [currency] = books.rows("currency.currency", [["code", "=", "EUR"]], "code")
        party = books.call("party.party", "create", [{"name": "Kestrel GmbH", "addresses": [["create", [{}]]]}])[0]
        [address] = books.rows("party.address", [["party", "=", party]], "party")
        lines = []
        for amount, ours in amounts:
            line: dict[str, Any] = {"type": "line", "description": "Data work", "account": expense["id"]}
            line |= {"quantity": 1.0, "unit_price": decimal(amount), "currency": currency["id"]}
            if ours:
                entry = {"root": self._project["root"], "account": self._project["id"]}
                line["analytic_accounts"] = [["create", [entry]]]
            lines.append(line)
        head = {"type": "in", "company": self._company, "journal": journal["id"], "party": party}
        head |= {"invoice_address": address["id"], "account": payable["id"], "currency": currency["id"]}
        head |= {"invoice_date": invoice_date, "reference": "KA-77", "lines": [["create", lines]]}
        return str(books.call("account.invoice", "create", [head])[0])


def swept(erp: Erp, cursor: str | None = None) -> tuple[dict[str, CostDocument], str]:
    found: dict[str, CostDocument] = {}
    while True:
        page = erp.list_changed_costs(cursor)
        found |= {one.external_id: one for one in page.items}
        if not page.more:
            return found, page.cursor
        cursor = page.cursor


def test_posted_bills_are_costs_of_the_project_of_their_analytic_account(erp: Erp, books: Books) -> None:
    entered = Purchases(books)
    draft, credit = entered.bill(("1200", True), ("80", False)), entered.bill(("-200", True))
    found, cursor = swept(erp)
    assert not found[draft].lines, "a draft costs nothing yet"
    books.post(draft)
    books.post(credit)
    later, cursor = swept(erp, cursor)
    [line] = later[draft].lines
    cost = line.cost
    assert (cost.project_ref, cost.supplier, cost.number, cost.kind) == (CODE, "Kestrel GmbH", "KA-77", "purchase")
    assert (cost.net_cost, cost.document_type) == (Money(amount=Decimal(1200), currency="EUR"), "bill")
    assert cost.day == date(*(TODAY[name] for name in ("year", "month", "day")))
    [taken_back] = later[credit].lines
    assert (taken_back.cost.net_cost.amount, taken_back.cost.document_type) == (Decimal(-200), "credit")
    assert {draft, credit} <= set(erp.list_cost_refs())
    books.call("account.invoice", "cancel", [int(draft)])
    ended, _ = swept(erp, cursor)
    assert not ended[draft].lines, "a cancelled one costs nothing any more"
    assert draft not in set(erp.list_cost_refs())
