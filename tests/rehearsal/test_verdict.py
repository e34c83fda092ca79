"""The verdict itself: from hand-made ledgers it finds each wrong, and nothing where nothing is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tieline.rehearsal.firm import Firm, draw
from tieline.rehearsal.judge import Judge, Verdict
from tieline.rehearsal.ledgers import Ledgers
from tieline.rehearsal.queue import Waiting
from tieline.rehearsal.standins import StandIns

Entry = dict[str, Any]
ARCHITECT, TOM = 9, 1
"""Seats of the first team: the architect must wait, the senior consultant must not."""


@dataclass
class Case:
    """Ledgers in which ten people worked one day each, one correction included; all of it is right."""

    firm: Firm
    kantata: list[Entry]
    netsuite: list[Entry]
    salesforce: list[Entry]
    waiting: list[Waiting]
    totals: dict[str, Decimal]

    def verdict(self) -> Verdict:
        """What the judge says."""
        ledgers = Ledgers(StandIns({}))
        for book, entries in (
            (ledgers.approvals, self.kantata),
            (ledgers.books, self.netsuite),
            (ledgers.sales, self.salesforce),
        ):
            for entry in entries:
                book.take(entry)
        users = {one.email: str(100 + seat) for seat, one in enumerate(self.firm.consultants)}
        return Judge(self.firm, users, ledgers).verdict(self.waiting, self.totals)


def entry(operation: str, key: str, body: Mapping[str, Any], reference: str | None = None) -> Entry:
    now = datetime(2026, 11, 2, tzinfo=UTC).isoformat()
    return {"operation": operation, "key": key, "external_key": reference, "time": now, "body": dict(body)}


def time_line(number: int, seat: int, hours: str, sequence: int = 0) -> Entry:
    reference = f"kantata:time:{seat + 1}:0" + (f"~{sequence}" if sequence else "")
    body = {"hours": hours, "customer": {"id": "7"}, "employee": {"id": str(200 + seat)}, "tranDate": "2026-10-01"}
    return entry("timeBill.upsert", str(number), body, reference)


def invoice(*amounts: str) -> Entry:
    lines = [{"job": {"id": "7"}, "amount": amount} for amount in amounts]
    return entry("invoice.upsert", "900", {"approvalStatus": {"id": "1"}, "item": {"items": lines}}, "inv_1")


@pytest.fixture
def case() -> Case:
    firm = draw(10, 1, date(2026, 11, 2))
    seats = range(len(firm.consultants))
    works = [
        {"workspace_id": 5, "user_id": 100 + seat, "time_in_minutes": 480, "date_performed": "2026-10-01"}
        for seat in seats
    ]
    kantata = [entry("time_entries.create", str(seat + 1), works[seat]) for seat in seats]
    kantata.append(entry("timesheet_submissions.create", "1", {"line_item_ids": [seat + 1 for seat in seats]}))
    kantata.append(entry("timesheet_submissions.approve", "1", {}))
    kantata.append(entry("time_entries.update", str(TOM + 1), {"time_in_minutes": 420}))
    posted = [seat for seat in seats if seat != ARCHITECT]
    netsuite = [
        entry("employee.create", str(200 + seat), {"email": one.email}) for seat, one in enumerate(firm.consultants)
    ]
    netsuite += [time_line(300 + seat, seat, "8:00") for seat in posted]
    netsuite += [time_line(350, TOM, "-8:00", 1), time_line(351, TOM, "7:00", 2)]
    rates = {"Engagement Manager": 260, "Senior Consultant": 210, "Consultant": 165, "Data Engineer": 180}
    worth = sum((Decimal(rates[firm.consultants[seat].role]) * (7 if seat == TOM else 8) for seat in posted), Decimal())
    netsuite.append(invoice(str(worth)))
    netsuite.append(entry("invoice.update", "900", {"approvalStatus": {"id": "2"}}, "inv_1"))
    salesforce = [
        entry("OpportunityLineItem.create", str(n), {"OpportunityId": "o", "Role__c": role, "UnitPrice": rate})
        for n, (role, rate) in enumerate(rates.items())
    ]
    shown = {"PSA_Id__c": "5", "ERP_Id__c": "7", "Opportunity__c": "o", "Legal_Entity__c": "US"}
    salesforce.append(entry("Tieline_Project__c.create", "a", {**shown, "CurrencyIsoCode": "USD"}, "prj_1"))
    waiting = [
        Waiting(id=1, kind="mapping", owner="finance", message="no item", suggestion=None, entries=frozenset({"10"}))
    ]
    return Case(firm, kantata, netsuite, salesforce, waiting, {"900": worth})


def broken(verdict: Verdict) -> list[str]:
    return [law.name for law in verdict.laws if not law.held]


def test_right_books_break_no_rule_and_add_up(case: Case) -> None:
    verdict = case.verdict()
    assert broken(verdict) == []
    (one,) = verdict.balances
    assert (one.minutes, one.posted, one.waiting, one.unexplained) == (4740, 4260, 480, 0)
    assert one.worth == one.invoiced + one.waiting_worth == Decimal("15990.00")
    assert verdict.worths == {1: {"USD": Decimal("2360.00")}}


def without(case: Case, reference: str) -> None:
    case.netsuite = [one for one in case.netsuite if one["external_key"] != reference]


def replaced(case: Case, reference: str, **body: Any) -> None:
    for one in case.netsuite:
        if one["external_key"] == reference:
            one["body"].update(body)


def lose_a_line(case: Case) -> None:
    without(case, "kantata:time:1:0")


def book_a_line_under_two_numbers(case: Case) -> None:
    case.netsuite.append(time_line(999, 0, "8:00"))


def book_an_entry_again_under_another_reference(case: Case) -> None:
    case.netsuite.append(time_line(999, 0, "8:00", 2))


def forget_the_reversal(case: Case) -> None:
    without(case, f"kantata:time:{TOM + 1}:0~1")


def keep_an_unapproved_line(case: Case) -> None:
    case.kantata.append(entry("timesheet_submissions.reject", "1", {}))
    case.waiting = []


def book_on_another_person(case: Case) -> None:
    replaced(case, "kantata:time:1:0", employee={"id": "205"})


def book_on_another_day(case: Case) -> None:
    replaced(case, "kantata:time:1:0", tranDate="2026-10-02")


def invoice_a_cent_less(case: Case) -> None:
    case.netsuite.append(invoice(str(case.totals["900"] - Decimal("0.01"))))


def let_the_erp_say_another_total(case: Case) -> None:
    case.totals["900"] += 1


def leave_an_exception_without_owner(case: Case) -> None:
    case.waiting[0] = Waiting(id=1, kind="mapping", owner="", message="x", suggestion=None, entries=frozenset({"10"}))


def let_an_entry_wait_for_no_reason(case: Case) -> None:
    without(case, "kantata:time:1:0")
    more = Waiting(id=2, kind="internal", owner="finance", message="x", suggestion=None, entries=frozenset({"1"}))
    case.waiting.append(more)


def close_the_exception(case: Case) -> None:
    case.waiting = []


def make_the_project_twice(case: Case) -> None:
    case.salesforce.append(entry("Tieline_Project__c.create", "b", {}, "prj_1"))


@pytest.mark.parametrize(
    ("sabotage", "rules"),
    [
        (lose_a_line, ["No hour is lost", "Invoices add up to the ERP's lines"]),
        (book_a_line_under_two_numbers, ["No line is there twice"]),
        (book_an_entry_again_under_another_reference, ["No line is there twice", "Every correction nets out"]),
        (forget_the_reversal, ["No line is there twice", "Every correction nets out"]),
        (keep_an_unapproved_line, ["Every correction nets out"]),
        (book_on_another_person, ["Every line is in its place"]),
        (book_on_another_day, ["Every line is in its place"]),
        (invoice_a_cent_less, ["Invoices add up to the ERP's lines"]),
        (let_the_erp_say_another_total, ["The ERP's own totals agree"]),
        (leave_an_exception_without_owner, ["What is stuck has an owner"]),
        (let_an_entry_wait_for_no_reason, ["What is stuck has an owner"]),
        (close_the_exception, ["No hour is lost", "What is stuck has an owner"]),
        (make_the_project_twice, ["No record was made twice"]),
    ],
)
def test_each_wrong_is_found(case: Case, sabotage: Callable[[Case], None], rules: Sequence[str]) -> None:
    sabotage(case)
    verdict = case.verdict()
    assert set(rules) <= set(broken(verdict))
    assert not verdict.passed
    assert all(law.broken for law in verdict.laws if not law.held)


def test_hours_nobody_approved_are_unexplained(case: Case) -> None:
    case.netsuite.append(time_line(999, 0, "8:00", 2))
    (one,) = case.verdict().balances
    assert one.unexplained == -480
