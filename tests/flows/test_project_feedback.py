"""Project feedback: burn, billed, unbilled, margin and collection as the CRM and the PSA show them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.flows.deals import contract
from tests.flows.test_invoices import proposal, told, usd
from tieline.flows.invoices import StoredInvoice
from tieline.flows.plan import plan_projects
from tieline.flows.project_feedback import project_financials
from tieline.lane.totals import ProjectTotals
from tieline.model.collection import Standing
from tieline.model.invoice import InvoiceState, ProjectFinancials

TODAY = date(2026, 5, 15)
(PROJECT,) = plan_projects(contract(), "Bluepeak", "006", "001")


def picture(
    *states: InvoiceState | None, hours: str = "5", billable: str = "825", cost: str | None = "350"
) -> ProjectFinancials:
    totals = ProjectTotals(Decimal(hours), Decimal(billable), None if cost is None else Decimal(cost))
    stored = [one_stored(state, number) for number, state in enumerate(states)]
    return project_financials(PROJECT, totals, stored, TODAY)


def one_stored(state: InvoiceState | None, number: int = 0) -> StoredInvoice:
    return StoredInvoice(
        id=f"inv_{number}",
        project_id=PROJECT.id,
        engagement_id="eng_1",
        connection="erp",
        external_id="7",
        status=state.status if state else "proposed",
        proposal=proposal("inv_1"),
        state=state,
    )


def test_burn_margin_and_what_is_not_billed_yet() -> None:
    found = picture(told(1, "open", net=usd("300"), total=usd("330"), paid=usd("30")))
    assert (str(found.billed_to_date), str(found.unbilled)) == ("USD 300.00", "USD 525.00")
    assert (str(found.paid_to_date), str(found.outstanding)) == ("USD 30.00", "USD 300.00")
    assert [str(n) for n in (found.hours_worked, found.hours_budgeted, found.burn_percent)] == ["5", "10", "50.0"]
    assert (str(found.cost_to_date), str(found.margin_percent)) == ("USD 350.00", "57.6")
    assert found.contract_value == PROJECT.value


def test_drafts_voided_and_unread_invoices_are_not_billed() -> None:
    found = picture(told(1, "draft"), told(1, "void"), None)
    assert (found.billed_to_date, found.collection_status) == (usd("0"), "nothing billed")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([{"status": "open"}], "current"),
        ([{"status": "open", "due_on": TODAY}], "current"),
        ([{"status": "open", "due_on": date(2026, 5, 14)}], "overdue"),
        ([{"status": "paid", "paid": usd("100"), "due_on": date(2026, 1, 1)}], "paid"),
        ([{"status": "paid", "paid": usd("100")}, {"status": "open"}], "current"),
        ([{"status": "open", "paid": usd("150"), "due_on": date(2026, 1, 1)}, {"status": "open"}], "current"),
    ],
)
def test_collection_is_told_in_one_word(states: list[dict[str, Any]], expected: str) -> None:
    assert picture(*(told(1, **state) for state in states)).collection_status == expected


def test_a_dispute_is_told_first_and_a_promise_that_may_still_be_kept_instead_of_overdue() -> None:
    late = told(1, "open", due_on=date(2026, 5, 1))
    stored = [one_stored(late)]
    totals = ProjectTotals(Decimal(5), Decimal(825), None)

    def word(standing: Standing) -> str:
        return project_financials(PROJECT, totals, stored, TODAY, {"inv_0": standing}).collection_status

    assert word(Standing(id="inv_0", promised_on=TODAY)) == "promised"
    assert word(Standing(id="inv_0", promised_on=date(2026, 5, 12))) == "overdue"
    assert word(Standing(id="inv_0", promised_on=TODAY, dispute="Wrong PO")) == "disputed"


def test_an_unknown_cost_shows_no_margin_instead_of_a_wrong_one() -> None:
    found = picture(cost=None)
    assert (found.cost_to_date, found.margin_percent) == (None, None)


def test_a_project_without_work_or_budget_divides_by_nothing() -> None:
    found = picture(hours="0", billable="0", cost="0")
    assert [str(found.burn_percent), str(found.margin_percent)] == ["0.0", "0"]
    assert str(found.unbilled) == "USD 0.00"
