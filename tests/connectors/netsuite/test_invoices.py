"""Draft invoices, their state and their payments."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import ACCOUNT, Connecting, Ledgers
from tieline.connectors.netsuite import connect
from tieline.connectors.netsuite.receivables import status_of
from tieline.model.ids import born_outside
from tieline.sdk.errors import Rejected, Unavailable
from tieline.sdk.http import OpenGate
from tieline.sdk.operation import Written
from tieline.sdk.roles import Erp


@pytest.fixture
def links(erp: Erp) -> dict[str, str]:
    links = r.booked(erp)
    return links | {"contract": r.write(erp.ensure_contract, r.contract(), **links)}


def approve(ledgers: Ledgers, invoice: str) -> None:
    ledgers.change("invoice", invoice, approvalStatus={"id": "2"})


def test_a_draft_has_our_lines_and_waits_for_approval(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    stored = ledgers.read("invoice", r.write(erp.ensure_invoice, r.invoice(), **links))
    assert (stored["approvalStatus"]["id"], stored["status"]["id"]) == ("1", "D")
    assert (stored["entity"]["id"], stored["job"]["id"]) == (links["customer"], links["project"])
    assert (stored["tranDate"], stored["otherRefNum"]) == ("2026-12-31", "PO-77")
    [line] = stored["item"]["items"]
    assert (line["item"]["refName"], line["quantity"], line["rate"]) == ("SVC-SC", Decimal("12.5"), Decimal(210))
    assert (line["amount"], line["job"]["id"]) == (Decimal("2625.00"), links["project"])
    assert line["department"]["refName"] == "Technology"


def test_a_line_names_the_line_of_the_sales_order_that_has_its_item(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    lines = (
        r.invoice_line(item="Consultant", quantity=Decimal(4), rate=Decimal(165), amount=Decimal(660)),
        r.invoice_line(2, item="expense", quantity=Decimal(1), rate=Decimal(50), amount=Decimal(50)),
    )
    stored = ledgers.read("invoice", r.write(erp.ensure_invoice, r.invoice(lines=lines), **links))
    first, second = stored["item"]["items"]
    assert (first["orderDoc"]["id"], first["orderLine"]) == (links["contract"], 2)
    assert "orderDoc" not in second
    order = ledgers.read("salesOrder", links["contract"])["item"]["items"]
    assert [line["quantityBilled"] for line in order] == [Decimal(0), Decimal(4)]


def test_without_order_lines_an_invoice_names_no_sales_order(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    erp = connecting(order_lines=False).erp
    assert erp is not None
    stored = ledgers.read("invoice", r.write(erp.ensure_invoice, r.invoice(), **links))
    assert "orderDoc" not in stored["item"]["items"][0]


def test_a_draft_follows_our_changes(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    changed = r.invoice(lines=(r.invoice_line(quantity=Decimal(10), amount=Decimal(2100)),))
    assert erp.ensure_invoice.update is not None
    erp.ensure_invoice.update(invoice, erp.ensure_invoice.render(changed, links))
    assert [line["amount"] for line in ledgers.read("invoice", invoice)["item"]["items"]] == [Decimal(2100)]


def test_a_draft_in_review_at_finance_stays_in_review(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    ledgers.change("invoice", invoice, approvalStatus={"id": "11"})
    assert r.write(erp.ensure_invoice, r.invoice(), **links) == invoice
    assert ledgers.read("invoice", invoice)["approvalStatus"]["id"] == "11"


def test_a_posted_invoice_refuses_changes_and_withdrawal_in_plain_words(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    approve(ledgers, invoice)
    number = ledgers.read("invoice", invoice)["tranId"]
    assert erp.ensure_invoice.update is not None
    assert erp.ensure_invoice.withdraw is not None
    with pytest.raises(Rejected, match=f"Invoice {number} is posted .* cannot be changed") as caught:
        erp.ensure_invoice.update(invoice, erp.ensure_invoice.render(r.invoice(po_number="PO-78"), links))
    assert caught.value.owner == "finance"
    with pytest.raises(Rejected):
        erp.ensure_invoice.withdraw(invoice)
    assert ledgers.read("invoice", invoice)["otherRefNum"] == "PO-77"


def test_an_invoice_finance_posted_before_our_second_try_is_known_as_a_replay(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    approve(ledgers, invoice)
    answer = erp.ensure_invoice.create(erp.ensure_invoice.render(r.invoice(), links), r.KEY)
    assert answer == Written(invoice, replayed=True)


def test_a_withdrawn_draft_is_rejected_and_kept(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    assert erp.ensure_invoice.withdraw is not None
    erp.ensure_invoice.withdraw(invoice)
    assert ledgers.read("invoice", invoice)["approvalStatus"]["id"] == "3"
    assert erp.read_invoice(invoice).status == "draft"


def test_a_closed_period_is_finances_to_solve(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    ledgers.control("POST", "customize", {"periods": [{"name": "Dec 2026", "closed": True}]})
    with pytest.raises(Rejected) as caught:
        r.write(erp.ensure_invoice, r.invoice(), **links)
    assert (caught.value.kind, caught.value.owner) == ("closed_period", "finance")
    assert caught.value.message.startswith("Invoice 'inv_1': the accounting period is closed or locked")


def test_number_tax_and_payment_state_come_from_netsuite(ledgers: Ledgers, erp: Erp, connecting: Connecting) -> None:
    buyer = r.write(erp.ensure_customer, r.customer(billed_by="UK", currency="GBP"))
    uk = {"legal_entity": "UK", "currency": "GBP"}
    project = r.write(erp.ensure_project, r.project(**uk), customer=buyer)
    line = r.invoice_line(tax_code="standard_uk", quantity=Decimal(10), rate=Decimal(100), amount=Decimal(1000))
    invoice = r.write(erp.ensure_invoice, r.invoice(lines=(line,), **uk), customer=buyer, project=project)
    assert erp.read_invoice(invoice).status == "draft"
    approve(ledgers, invoice)
    state = erp.read_invoice(invoice)
    assert (state.id, state.external_id, state.status) == ("inv_1", invoice, "open")
    assert state.number is not None
    assert state.number.startswith("INV")
    assert (state.issued_on, state.due_on) == (date(2026, 12, 31), date(2027, 1, 30))
    assert (state.net.amount, state.tax.amount, state.total.amount) == (Decimal(1000), Decimal(200), Decimal(1200))
    assert state.total.currency == "GBP"


def test_an_invoice_is_partly_paid_then_paid_with_each_payment_listed(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    approve(ledgers, invoice)
    first = ledgers.pay(invoice, Decimal("1000.25"), links["customer"])
    state = erp.read_invoice(invoice)
    assert (state.status, state.paid.amount, state.outstanding.amount) == (
        "partly_paid",
        Decimal("1000.25"),
        Decimal("1624.75"),
    )
    ledgers.pay(invoice, Decimal("1624.75"), links["customer"])
    assert erp.read_invoice(invoice).status == "paid"
    payments = erp.read_payments(invoice)
    assert [(str(payment.amount), payment.invoice_ref) for payment in payments] == [
        ("USD 1,000.25", invoice),
        ("USD 1,624.75", invoice),
    ]
    assert payments[0].id == born_outside(ACCOUNT, "payment", f"{first}:{invoice}")
    assert payments[0].paid_on is not None


def test_one_payment_of_two_invoices_counts_for_each_what_was_applied(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    both = [r.write(erp.ensure_invoice, r.invoice(id=name), **links) for name in ("inv_1", "inv_2")]
    for invoice in both:
        approve(ledgers, invoice)
    rows = [{"doc": {"id": ref}, "apply": True, "amount": part} for ref, part in zip(both, (100, 200), strict=True)]
    ledgers.create("customerPayment", customer={"id": links["customer"]}, payment=300, apply={"items": rows})
    amounts = [[payment.amount.amount for payment in erp.read_payments(invoice)] for invoice in both]
    assert amounts == [[Decimal(100)], [Decimal(200)]]


def test_a_credit_memo_is_no_payment(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    approve(ledgers, invoice)
    item = {"item": {"id": ledgers.ids["item"]["fixed"]}, "quantity": 1, "rate": 25, "amount": 25}
    apply = {"doc": {"id": invoice}, "apply": True, "amount": 25}
    ledgers.create("creditMemo", entity={"id": links["customer"]}, item={"items": [item]}, apply={"items": [apply]})
    assert erp.read_payments(invoice) == []
    assert erp.read_invoice(invoice).paid.amount == Decimal(25)


def test_an_invoice_made_in_netsuite_has_an_id_born_there(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    item = {"item": {"id": ledgers.ids["item"]["fixed"]}, "quantity": 1, "rate": 10, "amount": 10}
    invoice = ledgers.create("invoice", entity={"id": links["customer"]}, item={"items": [item]})
    assert erp.read_invoice(invoice).id == born_outside(ACCOUNT, "invoice", invoice)


def test_an_invoice_that_does_not_exist_is_rejected(erp: Erp) -> None:
    with pytest.raises(Rejected, match="does not exist") as caught:
        erp.read_invoice("4711")
    assert caught.value.kind == "master_data"


def test_an_invoice_in_a_currency_the_site_does_not_know_is_a_mapping_problem(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], connecting: Connecting
) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    (ledgers.values / "currency.csv").write_text("ours,theirs\nEUR,3\n", "utf-8")
    reader = connecting().erp
    assert reader is not None
    with pytest.raises(Rejected, match="stands for no currency") as caught:
        reader.read_invoice(invoice)
    assert caught.value.kind == "mapping"


@pytest.mark.parametrize("body", ["[]", '"text"', "<html>", '{"tranId": "1"}', '{"total": 1, "currency": {"id": 7}}'])
def test_an_odd_answer_to_a_read_is_one_of_the_three_errors(ledgers: Ledgers, erp: Erp, body: str) -> None:
    ledgers.fault("invoice.get", "status", status=200, body=body)
    with pytest.raises((Rejected, Unavailable)):
        erp.read_invoice("1")


@pytest.mark.parametrize(
    ("approval", "status", "total", "paid", "expected"),
    [
        ("1", "D", 10, 0, "draft"),
        ("11", "D", 10, 0, "draft"),
        ("3", "E", 10, 0, "draft"),
        ("2", "A", 10, 0, "open"),
        ("2", "A", 10, 4, "partly_paid"),
        ("2", "B", 10, 10, "paid"),
        ("2", "V", 0, 0, "void"),
        (None, "A", 10, 0, "open"),
        (None, None, 0, 0, "paid"),
    ],
)
def test_the_state_follows_approval_then_payment(
    approval: Any, status: Any, total: int, paid: int, expected: str
) -> None:
    assert status_of(approval, status, Decimal(total), Decimal(paid)) == expected


def test_an_invoice_nobody_asked_for_is_not_taken_for_the_one_that_was(ledgers: Ledgers, erp: Erp) -> None:
    ledgers.fault("invoice.get", "status", status=200, body={"id": "8", "tranId": "INV8", "total": 5})
    with pytest.raises(Unavailable, match="another invoice"):
        erp.read_invoice("7")


def test_dispute_and_dunning_kept_in_netsuite_are_read_where_the_site_maps_them(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], tmp_path: Path
) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    assert erp.read_invoice(invoice).dispute is None
    ledgers.change("invoice", invoice, memo="Wrong PO")
    rows = '[[field]]\ncanonical = "dispute"\nvendor = "memo"\ndirection = "read"\n'
    (tmp_path / "invoice_state.toml").write_text(rows, "utf-8")
    connected = connect(replace(ledgers.settings(), mappings=tmp_path), OpenGate())
    assert connected.erp is not None
    assert connected.erp.read_invoice(invoice).dispute == "Wrong PO"
    connected.close()


def test_corrections_above_what_is_billed_are_a_credit_memo_that_is_booked_once(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    memo = r.write(erp.ensure_credit_memo, r.credit(), **links)
    stored = ledgers.read("creditMemo", memo)
    assert (stored["total"], stored["unapplied"], stored["tranDate"] != "2026-12-31") == (315, 315, True)
    assert [line["amount"] for line in stored["item"]["items"]] == [420, -105]
    assert "orderDoc" not in stored["item"]["items"][0]
    answer = erp.ensure_credit_memo.create(erp.ensure_credit_memo.render(r.credit(), links), r.KEY)
    assert answer == Written(memo, replayed=True)
    assert ledgers.count("creditMemo") == 1
    assert erp.ensure_credit_memo.read_back is not None
    assert erp.ensure_credit_memo.read_back(memo)["otherRefNum"] == "PO-77"
    (listed,) = erp.books.find_held("invoice", ["inv_2"])
    assert (listed.external_id, listed.amount, listed.paid) == (memo, Decimal(-315), None)


def test_what_is_applied_of_a_credit_memo_counts_as_paid_and_only_ours_are_told(
    ledgers: Ledgers, erp: Erp, links: dict[str, str]
) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    approve(ledgers, invoice)
    memo = r.write(erp.ensure_credit_memo, r.credit(), **links)
    item = {"item": {"id": ledgers.ids["item"]["fixed"]}, "quantity": 1, "rate": 10, "amount": 10}
    ledgers.create("creditMemo", entity={"id": links["customer"]}, item={"items": [item]})
    state = erp.read_invoice(memo, credit=True)
    assert (state.id, state.status) == ("inv_2", "open")
    assert [state.net, state.paid] == [r.usd("-315"), r.usd("0")]
    for amount, status in ((Decimal(100), "partly_paid"), (Decimal(315), "paid")):
        ledgers.change("creditMemo", memo, apply={"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]})
        state = erp.read_invoice(memo, credit=True)
        assert [state.status, state.paid, state.outstanding] == [status, r.usd(str(-amount)), r.usd(str(amount - 315))]
    assert erp.read_invoice(invoice).status == "partly_paid"
    told = erp.list_changed_invoices(None)
    assert sorted({item.external_id for item in told.items}) == sorted([invoice, memo])
