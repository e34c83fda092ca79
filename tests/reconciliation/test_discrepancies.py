"""Seeded discrepancies of every kind, in every system: all of them are found, and nothing else."""

from typing import Any

from tests.e2e.deals import money, stage, win, work, workday
from tests.reconciliation.books import RECORD, TIME, TOM, Books
from tests.reconciliation.comparing import Comparing

ERP = ("tieline", "netsuite")
CRM = ("tieline", "salesforce")
PSA = ("tieline", "kantata")
SOURCE = ("kantata", "tieline")


def test_time_that_differs_in_the_erp_is_told_by_kind(books: Books, comparing: Comparing) -> None:
    kinds = ("amount", "date", "duplicate", "extra", "extra", "missing", "wrong_project")
    long_ago = workday().replace(day=1, year=workday().year - 1).isoformat()
    elsewhere = {"customer": {"id": books.projects["neighbour"]["ERP_Id__c"]}, "caseTaskEvent": None}
    with comparing.expect(*((*ERP, "time", kind, "person") for kind in kinds)):
        books.finance("DELETE", f"{TIME}/{books.line(60)['id']}")
        books.finance("PATCH", f"{TIME}/{books.line(90)['id']}", {"hours": "5:00"})
        books.finance("PATCH", f"{TIME}/{books.line(120)['id']}", {"tranDate": long_ago})
        books.finance("PATCH", f"{TIME}/{books.line(150)['id']}", elsewhere)
        twin = books.line(180)
        day = books.record(f"timeBill/{twin['id']}")["tranDate"]
        by_hand = {"employee": {"id": twin["employee"]}, "customer": {"id": twin["customer"]}, "tranDate": day}
        books.finance("POST", TIME, by_hand | {"hours": "3:00"})
        books.finance("POST", TIME, by_hand | {"hours": "0:15"})
        books.finance("POST", TIME, by_hand | {"hours": "1:00", "externalId": "kantata:time:999:0"})
    (missing,) = [
        row for row in comparing.rows() if (row.record, row.kind, row.repair) == ("time", "missing", "person")
    ]
    assert (missing.currency, missing.money, missing.legal_entity) == ("USD", money(210), "US")


def test_what_the_source_holds_and_we_do_not_is_told(books: Books, comparing: Comparing) -> None:
    work(books.here, books.projects["spare"], TOM, *((workday(), minutes) for minutes in (21, 22, 23, 24, 25, 26)))
    books.expense("spare", 4200)
    books.pulled(1, 21, 22, 23, 24, 25, 26)
    read_again = ("amount", "date", "missing", "stale_version", "wrong_project")
    found = [(*SOURCE, "time", kind, "re_read") for kind in read_again]
    found += [(*SOURCE, "time", "extra", "take_back"), (*SOURCE, "expense", "missing", "re_read")]
    with books.skipped(), comparing.expect(*found):
        books.forget("time", 21)
        books.forget("expense", 1)
        books.rewrite(22, "quantity = 20")
        books.rewrite(23, "work_date = work_date - 400")
        books.rewrite(24, "project_ref = %s", books.projects["neighbour"]["PSA_Id__c"])
        books.rewrite(25, "quantity = 5, source_version = source_version - 1")
        books.here.delivery._browser.call("DELETE", f"/api/v1/time_entries/{books.entry(26, 'spare')['id']}")


def test_time_that_was_never_posted_is_told_and_not_what_is_under_way(books: Books, comparing: Comparing) -> None:
    with comparing.expect((*ERP, "time", "missing", "wake")):
        work(books.here, books.projects["spare"], TOM, (workday(), 31), (workday(), 32))
        books.pulled(31, 32)
        books.rewrite(31, "batch_id = null")


def test_records_that_differ_in_the_erp_are_told(books: Books, comparing: Comparing) -> None:
    with comparing.expect(
        (*ERP, "project", "amount", "ensure"),
        (*ERP, "project", "extra", "person"),
        (*ERP, "contract", "amount", "ensure"),
        (*ERP, "customer", "extra", "person"),
    ):
        spare = books.projects["spare"]["ERP_Id__c"]
        books.finance("PATCH", f"{RECORD}/job/{spare}", {"estimatedRevenue": 1})
        customer = books.record(f"job/{spare}")["parent"]["id"]
        job = {"companyName": "Ghost", "entityId": "Ghost", "parent": {"id": customer}, "externalId": "prj_ghost"}
        books.finance("POST", f"{RECORD}/job", job)
        buyer = {"companyName": "Ghost Ltd", "entityId": "Ghost Ltd", "subsidiary": {"id": "1"}}
        books.finance("POST", f"{RECORD}/customer", buyer | {"externalId": "cus_ghost:US"})
        order = books.reference("netsuite", "contract", "spare")
        (line,) = books.record(f"salesOrder/{order}?expandSubResources=true")["item"]["items"]
        changed = {"item": {"items": [{"line": line["line"], "rate": 1, "amount": 40}]}}
        books.finance("PATCH", f"{RECORD}/salesOrder/{order}", changed)


def test_records_that_differ_in_crm_and_psa_are_told(books: Books, comparing: Comparing) -> None:
    with comparing.expect(
        (*CRM, "project", "amount", "ensure"),
        (*CRM, "project", "missing", "person"),
        (*CRM, "invoice", "amount", "ensure"),
        (*CRM, "payment", "amount", "ensure"),
        (*PSA, "project", "amount", "ensure"),
        (*PSA, "project", "duplicate", "person"),
    ):
        here = books.here
        here.sales.change("Tieline_Project__c", books.projects["neighbour"]["Id"], Value__c=1)
        here.sales._browser.call(
            "DELETE", f"/services/data/v66.0/sobjects/Tieline_Project__c/{books.projects['fixed']['Id']}"
        )
        (invoice,) = here.sales.query("SELECT Id FROM Tieline_Invoice__c WHERE Status__c = 'open'")
        here.sales.change("Tieline_Invoice__c", invoice["Id"], Net__c=1, Outstanding__c=1)
        here.delivery.change("workspaces", "workspace", books.projects["neighbour"]["PSA_Id__c"], price=1)
        books.copy_workspace("audited")


def test_a_customer_renamed_in_the_erp_is_told_and_its_own_name_written_again(
    books: Books, comparing: Comparing
) -> None:
    customer = books.record(f"job/{books.projects['spare']['ERP_Id__c']}")["parent"]["id"]
    with comparing.expect((*ERP, "customer", "name", "ensure")):
        books.finance("PATCH", f"{RECORD}/customer/{customer}", {"companyName": "Spare & Partners"})
    (row,) = [row for row in comparing.rows() if row.kind == "name"]
    assert "'Spare & Partners' in NetSuite, 'spare deal Ltd' in Tieline" in row.message
    assert row.suggestion == "Repair it: Tieline writes its own fields to NetSuite again."


def test_an_amendment_that_did_not_arrive_is_a_stale_version_everywhere(books: Books, comparing: Comparing) -> None:
    stale = [(*ERP, "contract"), (*ERP, "project"), (*CRM, "project"), (*PSA, "project")]
    with comparing.expect(*((*where, "stale_version", "ensure") for where in stale)):
        books.amend("audited")
    contract = next(row for row in comparing.rows() if row.record == "contract" and row.kind == "stale_version")
    assert contract.money == money(8400)


def test_invoices_and_payments_that_differ_are_told(books: Books, comparing: Comparing) -> None:
    with comparing.expect(
        (*ERP, "invoice", "amount", "ensure"),
        ("netsuite", "tieline", "payment", "amount", "re_read"),
    ):
        items = books.record(f"invoice/{books.draft}?expandSubResources=true")["item"]["items"]
        lines = [{"line": items[0]["line"], "rate": 1, "quantity": 1, "amount": 1}]
        books.finance("PATCH", f"{RECORD}/invoice/{books.draft}", {"item": {"items": lines}})
        books.here.finance.pay(books.released, money(50))


def test_hours_marked_as_billed_on_an_invoice_that_is_gone_are_told(books: Books, comparing: Comparing) -> None:
    with comparing.expect((*ERP, "invoice", "missing", "person")):
        books.finance("DELETE", f"{RECORD}/invoice/{books.billed}")
    row = next(row for row in comparing.rows() if row.record == "invoice" and row.kind == "missing")
    assert "marked as billed" in row.message
    assert row.money == money("143.50")


def test_a_completed_milestone_and_a_deal_nobody_heard_of_are_told(books: Books, comparing: Comparing) -> None:
    with comparing.expect(
        (*SOURCE, "milestone", "missing", "wake"),
        ("salesforce", "tieline", "opportunity", "missing", "re_read"),
        ("salesforce", "tieline", "opportunity", "extra", "wake"),
    ):
        rows: list[dict[str, Any]] = books.here.delivery.list(
            "stories", workspace_id=books.projects["fixed"]["PSA_Id__c"]
        )
        milestone = next(str(row["id"]) for row in rows if row["story_type"] == "milestone")
        books.here.delivery.change("stories", "story", milestone, state="completed")
        win(books.here, "Deal nobody heard of")
        stage(books.here, books.deals["spare"], "Closed Lost")
    (unheard,) = [row for row in comparing.rows() if row.record == "opportunity" and row.kind == "missing"]
    assert "Deal nobody heard of" in unheard.message
    assert unheard.money == money(8400)
