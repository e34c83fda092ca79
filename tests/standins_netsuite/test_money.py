"""Orders, invoices, payments and credit memos: totals, tax, status, periods, and what hangs on what."""

from typing import Any

import pytest

from tests.standins_netsuite.account import Caller


def lines(*pairs: tuple[str, Any, Any]) -> dict[str, Any]:
    """An item sublist of item code, quantity and rate."""
    return {"items": [{"item": {"externalId": code}, "quantity": n, "rate": rate} for code, n, rate in pairs]}


@pytest.fixture
def british(netsuite: Caller) -> str:
    return netsuite.create("customer", {"companyName": "Orchard", "subsidiary": {"externalId": "UK"}})


@pytest.fixture
def invoice(netsuite: Caller, customer: str) -> str:
    """An approved invoice of 1,000.00 of March 2026, due after 30 days."""
    return netsuite.create(
        "invoice",
        {
            "entity": {"id": customer},
            "tranDate": "2026-03-10",
            "approvalStatus": {"id": "2"},
            "item": lines(("SVC-EM", 4, 250)),
        },
    )


def pay(netsuite: Caller, customer: str, amount: Any, *applied: tuple[str, Any]) -> Any:
    body = {
        "customer": {"id": customer},
        "payment": amount,
        "apply": {"items": [{"doc": {"id": doc}, "apply": True, "amount": part} for doc, part in applied]},
    }
    return netsuite.send("POST", "/customerPayment", body)


def state(netsuite: Caller, invoice: str) -> tuple[str, Any, Any]:
    shown = netsuite.read("invoice", invoice, simpleEnumFormat="true")
    return shown["status"], shown["amountPaid"], shown["amountRemaining"]


def test_an_invoice_is_numbered_dated_and_added_up(netsuite: Caller, invoice: str) -> None:
    shown = netsuite.read("invoice", invoice)
    assert shown["tranId"] == "INV00001"
    assert (shown["subtotal"], shown["taxTotal"], shown["total"]) == (1000, 0, 1000)
    assert (shown["dueDate"], shown["terms"]["refName"]) == ("2026-04-09", "Net 30")
    assert shown["postingPeriod"]["refName"] == "Mar 2026"
    assert shown["currency"]["refName"] == "US Dollar"
    assert shown["status"] == {"id": "A", "refName": "Open"}
    assert shown["nexus"]["refName"] == "US"


def test_tax_comes_from_the_nexus_or_from_the_line(netsuite: Caller, british: str) -> None:
    zero = {"item": {"externalId": "SVC-SC"}, "amount": 50, "taxCode": {"externalId": "GB-ZERO"}}
    body = {"entity": {"id": british}, "item": {"items": [*lines(("SVC-EM", 3, 33.333))["items"], zero]}}
    shown = netsuite.read("invoice", netsuite.create("invoice", body), expandSubResources="true")
    first, second = shown["item"]["items"]
    assert (first["amount"], first["taxRate1"], first["tax1Amt"]) == (100, 20, 20)
    assert (second["amount"], second["tax1Amt"]) == (50, 0)
    assert (shown["subtotal"], shown["taxTotal"], shown["total"]) == (150, 20, 170)


def test_a_new_invoice_waits_for_approval_and_cannot_be_paid_before(netsuite: Caller, customer: str) -> None:
    number = netsuite.create("invoice", {"entity": {"id": customer}, "item": lines(("SVC-EM", 1, 100))})
    assert state(netsuite, number)[0] == "D"
    assert pay(netsuite, customer, 100, (number, 100)).status_code == 400
    netsuite.send("PATCH", f"/invoice/{number}", {"approvalStatus": {"id": "2"}}).raise_for_status()
    assert pay(netsuite, customer, 100, (number, 100)).status_code == 204
    assert state(netsuite, number) == ("B", 100, 0)


def test_part_full_over_and_unapplied_payments(netsuite: Caller, customer: str, invoice: str) -> None:
    assert pay(netsuite, customer, 400, (invoice, 400)).status_code == 204
    assert state(netsuite, invoice) == ("A", 400, 600)
    assert netsuite.read("customer", customer)["balance"] == 600
    assert pay(netsuite, customer, 700, (invoice, 700)).status_code == 400
    over = pay(netsuite, customer, 700, (invoice, 600))
    number = over.headers["location"].rsplit("/", 1)[1]
    assert state(netsuite, invoice) == ("B", 1000, 0)
    shown = netsuite.read("customerPayment", number)
    assert (shown["applied"], shown["unapplied"]) == (600, 100)
    assert netsuite.read("customer", customer)["balance"] == -100
    on_account = pay(netsuite, customer, 50)
    assert netsuite.read("customerPayment", on_account.headers["location"].rsplit("/", 1)[1])["unapplied"] == 50


def test_a_payment_moves_the_invoices_last_modified_date(netsuite: Caller, customer: str, invoice: str) -> None:
    before = netsuite.read("invoice", invoice)["lastModifiedDate"]
    netsuite.http.post("/__standin__/clock", json={"offset_seconds": 60})
    pay(netsuite, customer, 400, (invoice, 400))
    assert netsuite.read("invoice", invoice)["lastModifiedDate"] > before


def test_a_deleted_payment_opens_the_invoice_again(netsuite: Caller, customer: str, invoice: str) -> None:
    number = pay(netsuite, customer, 1000, (invoice, 1000)).headers["location"].rsplit("/", 1)[1]
    assert netsuite.refusal(netsuite.send("DELETE", f"/invoice/{invoice}"))[1] == "USER_ERROR"
    netsuite.send("DELETE", f"/customerPayment/{number}").raise_for_status()
    assert state(netsuite, invoice) == ("A", 0, 1000)
    assert netsuite.send("DELETE", f"/invoice/{invoice}").status_code == 204


def test_auto_apply_settles_the_invoice_due_first(netsuite: Caller, customer: str, invoice: str) -> None:
    body = {"entity": {"id": customer}, "tranDate": "2026-02-10", "approvalStatus": {"id": "2"}}
    older = netsuite.create("invoice", body | {"item": lines(("SVC-EM", 1, 300))})
    netsuite.create("customerPayment", {"customer": {"id": customer}, "payment": 500, "autoApply": True})
    assert state(netsuite, older) == ("B", 300, 0)
    assert state(netsuite, invoice) == ("A", 200, 800)


def test_a_payment_cannot_settle_the_invoice_of_another_customer(netsuite: Caller, british: str, invoice: str) -> None:
    assert pay(netsuite, british, 10, (invoice, 10)).status_code == 400


def test_payments_show_in_the_link_tables(netsuite: Caller, customer: str, invoice: str) -> None:
    pay(netsuite, customer, 400, (invoice, 400))
    rows = netsuite.rows(
        "SELECT t.tranid, t.type, l.foreignamount, l.linktype FROM nexttransactionlink l "
        "INNER JOIN transaction t ON t.id = l.nextdoc WHERE l.previousdoc = ?",
        invoice,
    )
    assert rows == [{"tranid": "PMT00001", "type": "CustPymt", "foreignamount": "400", "linktype": "Payment"}]
    (head,) = netsuite.rows(
        "SELECT foreigntotal, foreignamountpaid, foreignamountunpaid, status, BUILTIN.DF(status) AS shown "
        "FROM transaction WHERE type = 'CustInvc'"
    )
    assert head == {
        "foreigntotal": "1000",
        "foreignamountpaid": "400",
        "foreignamountunpaid": "600",
        "status": "A",
        "shown": "Invoice : Open",
    }


def test_an_order_becomes_an_invoice_line_by_line(netsuite: Caller, customer: str, project: str) -> None:
    body = {"entity": {"id": customer}, "job": {"id": project}, "item": lines(("SVC-FIXED", 2, 500), ("SVC-EM", 1, 80))}
    order = netsuite.create("salesOrder", body)
    part = {"approvalStatus": {"id": "2"}, "item": {"items": [{"line": 1, "quantity": 1}]}}
    answer = netsuite.send("POST", f"/salesOrder/{order}/!transform/invoice", part)
    invoice = answer.headers["location"].rsplit("/", 1)[1]
    shown = netsuite.read("invoice", invoice, expandSubResources="true")
    first = shown["item"]["items"][0]
    assert (first["orderDoc"]["id"], first["orderLine"], first["amount"]) == (order, 1, 500)
    assert (shown["createdFrom"]["id"], shown["job"]["id"]) == (order, project)
    billed = netsuite.read("salesOrder", order, expandSubResources="true")
    assert [line["quantityBilled"] for line in billed["item"]["items"]] == [1, 1]
    assert billed["orderStatus"]["refName"] == "Pending Billing"
    netsuite.send("POST", f"/salesOrder/{order}/!transform/invoice").raise_for_status()
    assert netsuite.read("salesOrder", order)["orderStatus"]["refName"] == "Billed"
    again = netsuite.send("POST", f"/salesOrder/{order}/!transform/invoice")
    assert netsuite.refusal(again)[:2] == (400, "USER_ERROR")


def test_lines_that_name_an_order_bill_it(netsuite: Caller, customer: str) -> None:
    order = netsuite.create("salesOrder", {"entity": {"id": customer}, "item": lines(("SVC-FIXED", 1, 500))})
    line = {"item": {"externalId": "SVC-FIXED"}, "amount": 500, "orderDoc": {"id": order}, "orderLine": 1}
    invoice = netsuite.create("invoice", {"entity": {"id": customer}, "item": {"items": [line]}})
    assert netsuite.read("salesOrder", order)["orderStatus"]["id"] == "G"
    rows = netsuite.rows("SELECT nextdoc, linktype FROM previoustransactionlinelink WHERE previousdoc = ?", order)
    assert rows == [{"nextdoc": invoice, "linktype": "OrdBill"}]
    netsuite.send("DELETE", f"/invoice/{invoice}").raise_for_status()
    assert netsuite.read("salesOrder", order)["orderStatus"]["id"] == "B"


def test_a_credit_memo_made_from_an_invoice_settles_it(netsuite: Caller, invoice: str) -> None:
    answer = netsuite.send("POST", f"/invoice/{invoice}/!transform/creditMemo", {"externalId": "CM-1"})
    assert answer.status_code == 204
    memo = netsuite.read("creditMemo", "eid:CM-1")
    assert (memo["total"], memo["applied"], memo["status"]["refName"]) == (1000, 1000, "Fully Applied")
    assert state(netsuite, invoice) == ("B", 1000, 0)


def test_a_project_becomes_an_invoice_of_its_customer(netsuite: Caller, customer: str, project: str) -> None:
    body = {"item": lines(("SVC-EM", 1, 10))}
    answer = netsuite.send("POST", f"/job/{project}/!transform/invoice", body)
    shown = netsuite.read("invoice", answer.headers["location"].rsplit("/", 1)[1])
    assert (shown["entity"]["id"], shown["terms"]["refName"]) == (project, "Net 30")


def test_a_transform_that_does_not_exist_is_refused(netsuite: Caller, customer: str) -> None:
    assert netsuite.send("POST", f"/customer/{customer}/!transform/invoice").status_code == 400


def test_a_closed_period_takes_no_booking_and_no_edit(netsuite: Caller, customer: str, invoice: str) -> None:
    netsuite.customize({"periods": [{"name": "Mar 2026", "closed": True}]})
    _, code, text = netsuite.refusal(netsuite.send("PATCH", f"/invoice/{invoice}", {"memo": "late"}))
    assert code == "USER_ERROR"
    assert "Mar 2026" in text
    body = {"entity": {"id": customer}, "tranDate": "2026-03-31", "item": lines(("SVC-EM", 1, 1))}
    assert netsuite.send("POST", "/invoice", body).status_code == 400
    assert netsuite.send("POST", "/invoice", body | {"tranDate": "2026-04-01"}).status_code == 204
    entry = {"employee": {"id": "1"}, "hours": "1:00", "tranDate": "2026-03-31"}
    assert netsuite.send("POST", "/timeBill", entry).status_code == 204
    netsuite.customize({"settings": {"closed_period_records": ["timeBill"], "closed_period": "No: {period}"}})
    assert netsuite.refusal(netsuite.send("POST", "/timeBill", entry))[2] == "No: Mar 2026"


def test_a_customer_with_transactions_keeps_its_subsidiary(netsuite: Caller, customer: str, invoice: str) -> None:
    change = {"subsidiary": {"externalId": "DE"}}
    assert netsuite.send("PATCH", f"/customer/{customer}", change).status_code == 400
    netsuite.customize({"settings": {"lock_customer_after_transactions": False}})
    assert netsuite.send("PATCH", f"/customer/{customer}", change).status_code == 204


def test_an_invoice_in_a_currency_the_customer_does_not_have_is_refused(netsuite: Caller, customer: str) -> None:
    body = {"entity": {"id": customer}, "currency": {"externalId": "EUR"}, "item": lines(("SVC-EM", 1, 1))}
    error = netsuite.send("POST", "/invoice", body).json()["o:errorDetails"][0]
    assert (error["o:errorCode"], error["o:errorPath"]) == ("INVALID_CONTENT", "currency")


def test_time_on_a_task_of_another_project_is_refused(netsuite: Caller, customer: str, project: str) -> None:
    other = netsuite.create("job", {"companyName": "Other", "parent": {"id": customer}})
    task = netsuite.create("projectTask", {"title": "Build", "project": {"id": project}, "estimatedWork": 10})
    entry = {"employee": {"id": "1"}, "hours": 1.5, "tranDate": "2026-03-31", "caseTaskEvent": {"id": task}}
    assert netsuite.send("POST", "/timeBill", entry | {"customer": {"id": other}}).status_code == 400
    number = netsuite.create("timeBill", entry | {"customer": {"id": project}})
    assert netsuite.read("projectTask", task)["remainingWork"] == 8.5
    netsuite.send("DELETE", f"/timeBill/{number}").raise_for_status()
    assert netsuite.read("projectTask", task)["remainingWork"] == 10


def test_billable_time_is_billed_through_the_time_sublist(netsuite: Caller, customer: str, project: str) -> None:
    entry = {"employee": {"id": "1"}, "hours": "1:30", "tranDate": "2026-03-31", "customer": {"id": project}}
    number = netsuite.create("timeBill", entry | {"rate": 100})
    body = {"entity": {"id": project}, "time": {"items": [{"doc": {"id": number}, "apply": True}]}}
    assert netsuite.read("invoice", netsuite.create("invoice", body))["total"] == 150


def test_sales_lines_carry_the_opposite_sign_unless_set_otherwise(netsuite: Caller, invoice: str) -> None:
    query = "SELECT mainline, quantity, foreignamount FROM transactionline WHERE transaction = ? ORDER BY id"
    assert netsuite.rows(query, invoice) == [
        {"mainline": "T", "foreignamount": "1000"},
        {"mainline": "F", "quantity": "-4", "foreignamount": "-1000"},
    ]
    netsuite.customize({"settings": {"suiteql_sales_line_sign": 1}})
    assert netsuite.rows(query, invoice)[1]["foreignamount"] == "1000"


def test_an_expense_report_adds_up_its_lines(netsuite: Caller) -> None:
    expenses = [{"category": {"externalId": "Airfare"}, "amount": 200.5}, {"category": {"id": "2"}, "amount": 99.5}]
    number = netsuite.create("expenseReport", {"entity": {"id": "1"}, "expense": {"items": expenses}})
    assert netsuite.read("expenseReport", number)["total"] == 300
