"""A furnished world of the lane, and an invoice as billing proposes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.console.world import cards
from tests.lane.world import ERP, PSA, World, a_contract, a_firm, a_project
from tieline.app.views.lineage import Lineage, read_lineage
from tieline.app.views.lineage_search import Match, find
from tieline.app.views.systems import SystemCard
from tieline.billing.invoice_proposal import propose_invoice
from tieline.flows.invoices import keep_proposal, keep_state
from tieline.lane.invoicing import mark_invoiced, unbilled_lines
from tieline.model.invoice import InvoiceState, Payment
from tieline.model.money import Money
from tieline.store.canonical import put_record, refer
from tieline.store.database import Database

UNTIL = date(2026, 12, 31)
WBS = {"id": "wbs_1", "project_id": "prj_1", "name": "Design", "parent_id": None}


class Books(World):
    """The lane's world with invoices, as a reader of lineage sees it."""

    def bill(self, invoice_id: str, number: str | None = None, paid: str = "0") -> Decimal:
        """Put what is unbilled on a draft; with a number it was released."""
        with self.database.transaction() as db:
            lines = unbilled_lines(db, "prj_1", UNTIL)
            invoice = propose_invoice(
                a_contract(), a_project(), lines, invoice_id=invoice_id, period_start=UNTIL, period_end=UNTIL
            )
            assert invoice is not None
            keep_proposal(db, invoice, ERP)
            refer(db, ERP, "invoice", invoice_id, f"9{invoice_id[-1]}")
            mark_invoiced(db, invoice_id, [line.id for line in lines])
            if number is not None:
                keep_state(db, invoice_id, self._told(invoice_id, number, invoice.net, paid))
        return invoice.net.amount

    def pay(self, invoice_id: str, amount: str) -> None:
        """The ERP told of a payment."""
        payment = Payment(
            id=f"pay_{amount}",
            invoice_ref=f"9{invoice_id[-1]}",
            amount=Money(amount=Decimal(amount), currency="USD"),
            paid_on=date(2026, 3, 20),
        )
        with self.database.transaction() as db:
            put_record(db, "payment", payment, engagement_id="eng_1")

    def find(self, text: str) -> list[Match]:
        with self.database.connection() as db:
            return find(db, text)

    def lineage(self, text: str, **more: Any) -> Lineage:
        """The chain an id stands for; it must stand for one line."""
        (match,) = [one for one in self.find(text) if one.kind == "line"]
        assert match.number is not None
        with self.database.connection() as db:
            found = read_lineage(db, match.number, a_firm(), systems(), **more)
        assert found is not None
        return found

    @staticmethod
    def _told(invoice_id: str, number: str, net: Money, paid: str) -> InvoiceState:
        return InvoiceState(
            id=invoice_id,
            external_id=f"9{invoice_id[-1]}",
            number=number,
            status="paid" if Decimal(paid) == net.amount else "open",
            issued_on=date(2026, 3, 1),
            due_on=date(2026, 3, 31),
            net=net,
            tax=Money(amount=Decimal(0), currency="USD"),
            total=net,
            paid=Money(amount=Decimal(paid), currency="USD"),
        )


def systems() -> dict[str, SystemCard]:
    """The cards of PSA and ERP, under the names of the lane's world."""
    known = cards()
    return {PSA: known["kantata"], ERP: known["netsuite"]}


@contextmanager
def furnished(opened: Database) -> Iterator[Books]:
    """The world on a database, which is closed afterwards."""
    books = Books(opened)
    books.furnish()
    with opened.transaction() as db:
        for name in (PSA, ERP):
            db.execute("insert into connection (name, connector, account) values (%s, %s, '1')", [name, name])
        db.execute("update project set body = body || %s where id = 'prj_1'", [Jsonb({"wbs": [WBS]})])
        refer(db, PSA, "wbs_element", "wbs_1", "st7")
        refer(db, ERP, "wbs_element", "wbs_1", "et7")
    try:
        yield books
    finally:
        books.worker.close()
        opened.close()


@pytest.fixture
def books(database: str) -> Iterator[Books]:
    with furnished(Database(database)) as here:
        yield here
