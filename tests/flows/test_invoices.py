"""Invoices as stored: the same id until it is stored, and an older word of the ERP never wins."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tieline.flows.invoices import invoices_of, keep_proposal, keep_state, next_invoice_id, open_draft, read_stored
from tieline.model.invoice import Invoice, InvoiceLine, InvoiceState
from tieline.model.money import Money
from tieline.store.canonical import refer
from tieline.store.database import Connection

PROJECT = "prj_1"


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def proposal(invoice_id: str, net: str = "100.00") -> Invoice:
    return Invoice(
        id=invoice_id,
        engagement_id="eng_1",
        contract_id="con_1",
        project_id=PROJECT,
        customer_id="cus_1",
        legal_entity="US",
        currency="USD",
        period_start=date(2026, 3, 1),
        period_end=date(2026, 3, 31),
        payment_terms="NET30",
        lines=(
            InvoiceLine(
                id="1",
                item="Consultant",
                description="O'Brien 🚀",
                quantity=Decimal("0.333333333333"),
                unit="h",
                rate=Decimal(300),
                amount=Decimal(net),
            ),
        ),
        net=usd(net),
    )


def told(version: int, status: str, **changed: Any) -> InvoiceState:
    usual: dict[str, Any] = {
        "id": "inv",
        "external_id": "77",
        "number": "INV-1",
        "status": status,
        "net": usd("100"),
        "tax": usd("0"),
        "total": usd("100"),
        "paid": usd("0"),
        "source_version": version,
    }
    return InvoiceState.model_validate(usual | changed)


@pytest.fixture
def db(bench: Bench) -> Iterator[Connection]:
    with bench.database.connection() as connection:
        yield connection


def test_the_next_invoice_has_the_same_id_on_every_look_until_it_is_stored(db: Connection) -> None:
    first = next_invoice_id(db, PROJECT)
    assert next_invoice_id(db, PROJECT) == first
    keep_proposal(db, proposal(first), "erp")
    keep_proposal(db, proposal(first, "120"), "erp")
    second = next_invoice_id(db, PROJECT)
    assert second != first
    assert next_invoice_id(db, "prj_2") not in (first, second)


def test_a_proposal_is_stored_exactly_and_grows_while_it_is_a_draft(db: Connection) -> None:
    keep_proposal(db, proposal("inv_1"), "erp")
    keep_proposal(db, proposal("inv_1", "120.10"), "erp")
    stored = open_draft(db, PROJECT)
    assert stored is not None
    assert stored.proposal == proposal("inv_1", "120.10")
    assert (stored.status, stored.external_id, stored.state) == ("proposed", None, None)


def test_a_drafts_id_in_the_erp_is_known_from_its_cross_reference(db: Connection) -> None:
    keep_proposal(db, proposal("inv_1"), "erp")
    refer(db, "other", "invoice", "inv_1", "66")
    refer(db, "erp", "invoice", "inv_1", "77")
    stored = read_stored(db, "inv_1")
    assert stored is not None
    assert stored.external_id == "77"


def test_an_older_word_of_the_erp_never_overwrites_a_newer_one(db: Connection) -> None:
    keep_proposal(db, proposal("inv_1"), "erp")
    for state in (told(1, "draft"), told(3, "paid", paid=usd("100")), told(2, "open")):
        keep_state(db, "inv_1", state)
    stored = read_stored(db, "inv_1")
    assert stored is not None
    assert stored.state == told(3, "paid", paid=usd("100"))
    assert stored.status == "paid"


def test_a_posted_invoice_is_no_open_draft_any_more_and_all_are_listed_in_order(db: Connection) -> None:
    for name in ("inv_1", "inv_2"):
        keep_proposal(db, proposal(name), "erp")
    keep_state(db, "inv_2", told(1, "open"))
    draft = open_draft(db, PROJECT)
    assert draft is not None
    assert draft.id == "inv_1"
    assert [(one.id, one.status) for one in invoices_of(db, PROJECT)] == [("inv_1", "proposed"), ("inv_2", "open")]


@pytest.mark.parametrize("paid", ["0", "99.99", "100", "150"])
def test_what_is_outstanding_is_the_total_less_what_was_paid(paid: str) -> None:
    assert told(1, "open", paid=usd(paid)).outstanding == usd("100") - usd(paid)


def test_an_unknown_invoice_is_none(db: Connection) -> None:
    assert read_stored(db, "inv_?'; drop table invoice") is None
    assert open_draft(db, "prj_?") is None
