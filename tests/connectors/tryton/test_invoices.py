"""Draft invoices in the real Tryton, posted and paid by finance, and what the connection reads of them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.tryton.books import Books, amount_of
from tests.connectors.tryton.records import Begun, Story, begun, bill, ensured, eur
from tests.connectors.tryton.running import Server
from tieline.model.ids import born_outside
from tieline.model.invoice import InvoiceLine
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed
from tieline.sdk.roles import Erp


def drafted(erp: Erp, story: Story, *lines: InvoiceLine, **changes: Any) -> tuple[str, Begun]:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    return ensured(erp.ensure_invoice, story.invoice(*lines, **changes), **links), ids


def invoice_lines(books: Books, identifier: str) -> list[dict[str, Any]]:
    fields = ("product.code", "quantity", "unit.symbol", "unit_price", "amount", "description", "account.code")
    return books.rows("account.invoice.line", [["invoice", "=", int(identifier)]], *fields)


def total_of(books: Books, identifier: str) -> Decimal:
    return amount_of(books.row("account.invoice", identifier, "untaxed_amount")["untaxed_amount"])


def test_a_draft_has_our_lines_and_trytons_account_and_tax(erp: Erp, books: Books, story: Story) -> None:
    identifier, ids = drafted(erp, story)
    fields = ("state", "number", "party", "tax_amount", "total_amount", "description", "reference", "invoice_date")
    draft = books.row("account.invoice", identifier, *fields, "journal.code", "account.code")
    assert (draft["state"], draft["number"], draft["invoice_date"]) == ("draft", None, None)
    assert draft["party"] == int(ids.customer)
    assert (draft["reference"], draft["description"]) == (f"inv_{story.tag}", "PO 4500017")
    assert total_of(books, identifier) == 2500
    assert amount_of(draft["tax_amount"]) == 475
    assert amount_of(draft["total_amount"]) == 2975
    hours, fixed = invoice_lines(books, identifier)
    assert (hours["product."]["code"], hours["unit."]["symbol"]) == ("SVC-SC", "h")
    assert (fixed["product."]["code"], fixed["unit."]["symbol"]) == ("SVC-FIXED", "u")
    assert hours["account."]["code"] is not None


def test_dimensions_are_analytic_accounts_on_every_line(erp: Erp, books: Books, story: Story) -> None:
    identifier, _ = drafted(erp, story)
    lines = [f"account.invoice.line,{line['id']}" for line in invoice_lines(books, identifier)]
    entries = books.rows("analytic.account.entry", [["origin", "in", lines]], "origin", "account.code", "root.code")
    found = {(row["origin"], row["root."]["code"], row["account."]["code"]) for row in entries}
    both = (("DEPARTMENT", "Technology"), ("REGION", "EMEA"))
    assert found == {(line, *pair) for line in lines for pair in both}


@pytest.mark.parametrize(
    ("lines", "net"),
    [
        ((("1.666667", "165", "275.00"),), "275.00"),  # 100 minutes: Tryton's hours have two digits
        ((("0.083333", "190", "15.83"), ("0.083333", "190", "15.83")), "31.66"),
        ((("-2", "190", "-380.00"), ("10", "190", "1900.00")), "1520.00"),
        ((("3", "33.33333", "100.00"),), "100.00"),
        ((("0.004", "190", "0.76"),), "0.76"),
        ((("100000.25", "999.9999", "100000239.99"),), "100000239.99"),
    ],
)
def test_the_draft_adds_up_to_our_amounts_to_the_cent(
    erp: Erp, books: Books, story: Story, lines: tuple[tuple[str, str, str], ...], net: str
) -> None:
    identifier, _ = drafted(erp, story, *(bill("Consultant", *numbers) for numbers in lines))
    assert total_of(books, identifier) == Decimal(net)
    assert erp.read_invoice(identifier).net == eur(net)
    shown = [line for line in invoice_lines(books, identifier) if line["description"] != "Rounding"]
    assert len(shown) == len(lines)


def test_tax_codes_decide_where_given(erp: Erp, books: Books, story: Story) -> None:
    lines = [bill("Consultant", "1", "100", "100", tax_code=code) for code in ("standard", "reverse_charge", "exempt")]
    identifier, _ = drafted(erp, story, *lines)
    assert erp.read_invoice(identifier).tax == eur("19.00")
    taxes = books.rows("account.invoice.tax", [["invoice", "=", int(identifier)]], "tax.name")
    assert {row["tax."]["name"] for row in taxes} == {"Standard", "Reverse charge"}


def test_a_draft_is_replaced_as_a_whole(erp: Erp, books: Books, story: Story) -> None:
    identifier, ids = drafted(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    changed = story.invoice(bill("Data Engineer", "3.5", "180", "630"), payment_terms="NET14")
    assert ensured(erp.ensure_invoice, changed, **links) == identifier
    (line,) = invoice_lines(books, identifier)
    assert line["product."]["code"] == "SVC-DE"
    assert total_of(books, identifier) == 630
    assert len(books.rows("account.invoice", [["reference", "=", f"inv_{story.tag}"]], "id")) == 1


def test_a_credit_note_is_an_invoice_below_nothing(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    memo = story.invoice(bill("Consultant", "-2", "190", "-380.00"), bill("Consultant", "0.5", "190", "95.00"))
    identifier = ensured(erp.ensure_credit_memo, memo, customer=ids.customer, project=ids.project)
    assert total_of(books, identifier) == -285
    assert erp.read_invoice(identifier, credit=True).status == "draft"
    books.post(identifier)
    state = erp.read_invoice(identifier, credit=True)
    assert (state.status, state.net, state.paid, state.outstanding) == ("open", eur("-285"), eur("0"), state.total)


def test_a_posted_invoice_refuses_changes_in_plain_words(erp: Erp, books: Books, story: Story) -> None:
    identifier, ids = drafted(erp, story)
    books.post(identifier)
    number = erp.read_invoice(identifier).number
    links = {"customer": ids.customer, "project": ids.project}
    with pytest.raises(Rejected, match=f"invoice {number} is posted in Tryton and cannot be changed") as refused:
        ensured(erp.ensure_invoice, story.invoice(bill("Consultant", "1", "1", "1")), identifier, **links)
    assert refused.value.owner == "finance"
    assert erp.ensure_invoice.withdraw is not None
    with pytest.raises(Rejected, match="is posted"):
        erp.ensure_invoice.withdraw(identifier)


def test_a_withdrawn_draft_is_cancelled(erp: Erp, story: Story) -> None:
    identifier, _ = drafted(erp, story)
    assert erp.ensure_invoice.withdraw is not None
    erp.ensure_invoice.withdraw(identifier)
    erp.ensure_invoice.withdraw(identifier)
    assert erp.read_invoice(identifier).status == "void"


def test_an_analytic_account_tryton_lacks_is_finances_to_make(erp: Erp, story: Story) -> None:
    with pytest.raises(Rejected, match="no analytic account of DEPARTMENT 'Astrology'") as refused:
        drafted(erp, story, dimensions={"department": "Astrology"})
    assert (refused.value.kind, refused.value.key) == ("master_data", "Astrology")


def test_an_invoice_goes_from_draft_to_paid(erp: Erp, books: Books, story: Story) -> None:
    identifier, ids = drafted(erp, story)
    draft = erp.read_invoice(identifier)
    assert (draft.id, draft.external_id) == (f"inv_{story.tag}", identifier)
    assert (draft.status, draft.number, draft.due_on, draft.paid) == ("draft", None, None, eur("0"))
    assert erp.read_payments(identifier) == []

    books.post(identifier)
    posted = erp.read_invoice(identifier)
    assert posted.status == "open"
    assert posted.number
    assert posted.issued_on is not None
    assert posted.due_on == posted.issued_on + timedelta(days=30)
    assert (posted.net, posted.tax, posted.total) == (eur("2500"), eur("475"), eur("2975"))
    assert posted.outstanding == eur("2975")

    books.pay(identifier, Decimal("1000.50"))
    partly = erp.read_invoice(identifier)
    assert (partly.status, partly.paid, partly.outstanding) == ("partly_paid", eur("1000.50"), eur("1974.50"))

    books.pay(identifier, Decimal("1974.50"))
    paid = erp.read_invoice(identifier)
    assert (paid.status, paid.outstanding) == ("paid", eur("0"))
    assert draft.source_version < posted.source_version < partly.source_version < paid.source_version
    payments = erp.read_payments(identifier)
    assert [payment.amount for payment in payments] == [eur("1000.50"), eur("1974.50")]
    assert len({payment.id for payment in payments}) == 2
    assert all(payment.paid_on == posted.issued_on for payment in payments)
    assert amount_of(books.row("party.party", ids.customer, "receivable")["receivable"]) == 0


def test_an_invoice_refunded_by_a_credit_note_is_void_and_the_credit_no_payment(
    erp: Erp, books: Books, story: Story
) -> None:
    identifier, _ = drafted(erp, story)
    books.post(identifier)
    books.credit(identifier)
    assert erp.read_invoice(identifier).status == "void"
    assert erp.read_payments(identifier) == []


def test_an_invoice_in_another_currency_is_read_in_that_currency(erp: Erp, books: Books, story: Story) -> None:
    identifier, _ = drafted(erp, story, currency="USD")
    books.post(identifier)
    books.pay(identifier, Decimal("100"))
    state = erp.read_invoice(identifier)
    assert state.total.currency == "USD"
    assert state.paid.amount == 100
    (payment,) = erp.read_payments(identifier)
    assert (payment.amount.amount, payment.amount.currency) == (Decimal(100), "USD")


def test_an_invoice_made_in_tryton_gets_an_id_of_its_own(erp: Erp, books: Books, server: Server, story: Story) -> None:
    identifier, _ = drafted(erp, story)
    (copy,) = books.call("account.invoice", "copy", [int(identifier)], {})
    state = erp.read_invoice(str(copy))
    assert state.id == born_outside(server.account, "invoice", str(copy))


def test_an_invoice_that_is_gone_is_refused(erp: Erp) -> None:
    with pytest.raises(Rejected, match="does not exist") as refused:
        erp.read_invoice("999999")
    assert refused.value.kind == "master_data"


def swept(erp: Erp, cursor: str | None) -> tuple[list[Changed], str]:
    items: list[Changed] = []
    while True:
        page = erp.list_changed_invoices(cursor)
        items += page.items
        cursor = page.cursor
        if not page.more:
            return items, cursor


def test_the_sweep_finds_new_posted_and_paid_invoices_after_a_restart(
    erp: Erp, books: Books, server: Server, story: Story
) -> None:
    _, start = swept(erp, None)
    identifier, _ = drafted(erp, story)
    seen: list[int] = []
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: books.post(identifier),
        lambda: books.pay(identifier, Decimal(5)),
    ]
    for step in steps:
        step()
        restarted = server.connect()
        assert restarted.erp is not None
        found, start = swept(restarted.erp, start)
        restarted.close()
        seen += {one.version for one in found if one.external_id == identifier}
    assert len(seen) == len(set(seen)) == 3
    assert seen == sorted(seen)
    again, unmoved = swept(erp, start)
    assert swept(erp, unmoved) == (again, unmoved)  # idle sweeps overlap, and stand still


def test_the_sweep_misses_none_of_many_invoices_with_one_stamp(
    server: Server, erp: Erp, books: Books, story: Story
) -> None:
    identifier, ids = drafted(erp, story)
    header = books.row("account.invoice", identifier, "invoice_address", "account", "journal", "currency")
    values = {name: header[name] for name in ("invoice_address", "account", "journal", "currency")}
    one = {**values, "type": "out", "company": 1, "party": int(ids.customer)}
    made = books.call("account.invoice", "create", [one] * 45)
    reading = server.connect(page_size=20)
    assert reading.erp is not None
    found, _ = swept(reading.erp, None)
    reading.close()
    assert {str(number) for number in made} <= {item.external_id for item in found}
    assert len(found) == len({item.external_id for item in found})


def test_a_bill_from_a_supplier_is_not_in_the_feed(erp: Erp, books: Books, story: Story) -> None:
    identifier, ids = drafted(erp, story)
    header = books.row("account.invoice", identifier, "invoice_address", "currency")
    (payable,) = books.rows("account.account", [["type.payable", "=", True], ["closed", "!=", True]], "id")[:1]
    values = {name: header[name] for name in ("invoice_address", "currency")}
    bill_in = {**values, "type": "in", "company": 1, "party": int(ids.customer), "account": payable["id"]}
    (made,) = books.call("account.invoice", "create", [bill_in])
    assert str(made) not in {item.external_id for item in swept(erp, None)[0]}


@pytest.mark.parametrize("cursor", ["", "x", "[]", '{"at": 5}', '{"at": "2026-01-01T00:00:00+00:00", "id": []}'])
def test_a_broken_cursor_is_one_clear_refusal(erp: Erp, cursor: str) -> None:
    with pytest.raises(Rejected, match="position in the invoice feed is unreadable"):
        erp.list_changed_invoices(cursor)


def test_people_are_known_by_their_mail(erp: Erp) -> None:
    people = erp.list_people()
    assert len(people) == 8
    assert people["priya.raman@haldenmarsh.example"].isdigit()
