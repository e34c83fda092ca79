"""The invoice we propose: grouped lines, exact sums, credits of corrections."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lane.world import a_contract, a_project
from tieline.billing.invoice_proposal import BillableLine, propose_invoice
from tieline.model.invoice import Invoice

CONTRACT, PROJECT = a_contract(), a_project()


def line(number: int, **values: object) -> BillableLine:
    given_values: dict[str, object] = {
        "id": f"ptx_{number}",
        "kind": "time",
        "item_code": "Consultant",
        "person": "marco.silva@haldenmarsh.example",
        "work_date": date(2026, 2, number),
        "quantity": Decimal(60),
        "rate": Decimal(165),
        "amount": Decimal("165.00"),
        "currency": "USD",
        **values,
    }
    return BillableLine(**given_values)  # type: ignore[arg-type]


def proposed(*lines: BillableLine) -> Invoice:
    invoice = propose_invoice(
        CONTRACT, PROJECT, lines, invoice_id="inv_1", period_start=date(2026, 2, 1), period_end=date(2026, 2, 28)
    )
    assert invoice is not None
    return invoice


def test_time_of_one_person_and_rate_is_one_line_with_all_its_transactions() -> None:
    (only,) = proposed(line(3), line(1), line(2, quantity=Decimal(30), amount=Decimal("82.50"))).lines
    assert (only.quantity, only.unit, only.rate, only.amount) == (
        Decimal("2.5"),
        "hour",
        Decimal(165),
        Decimal("412.50"),
    )
    assert only.transaction_ids == ("ptx_1", "ptx_2", "ptx_3")
    assert only.description == "Consultant, marco.silva@haldenmarsh.example (2026-02-01 to 2026-02-03)"


def test_another_person_rate_or_role_is_another_line() -> None:
    lines = proposed(line(1), line(2, person="b"), line(3, rate=Decimal(170)), line(4, item_code="Data Engineer")).lines
    assert len(lines) == 4
    assert len({one.id for one in lines}) == 4


def test_a_milestone_is_a_line_of_its_own_with_its_name() -> None:
    milestone = {
        "kind": "milestone",
        "item_code": "fixed",
        "person": None,
        "quantity": Decimal(1),
        "rate": Decimal(5000),
        "amount": Decimal(5000),
    }
    design, cutover = proposed(line(1, text="Design", **milestone), line(2, text="Cut-over", **milestone)).lines
    assert design.description == "Design (2026-02-01)"
    assert (design.item, design.quantity, design.unit, design.amount) == ("fixed", Decimal(1), "each", Decimal(5000))
    assert cutover.transaction_ids == ("ptx_2",)


def test_a_correction_of_an_invoiced_line_is_a_credit_line() -> None:
    invoice = proposed(line(1, quantity=Decimal(-60), amount=Decimal(-165)), line(2))
    assert [one.amount for one in invoice.lines] == [165, -165]
    credit = invoice.lines[1]
    assert credit.description.startswith("Correction: Consultant")
    assert (credit.quantity, credit.rate, invoice.net.amount) == (Decimal(-1), Decimal(165), Decimal(0))


def test_expenses_of_a_category_are_one_line_with_their_sum() -> None:
    travel = {"kind": "expense", "item_code": "expense", "quantity": Decimal(1), "text": "Travel"}
    (only,) = proposed(
        line(1, rate=Decimal("12.10"), amount=Decimal("12.10"), **travel),
        line(2, rate=Decimal("7.05"), amount=Decimal("7.05"), **travel),
    ).lines
    assert (only.quantity, only.unit, only.rate, only.amount) == (
        Decimal(1),
        "each",
        Decimal("19.15"),
        Decimal("19.15"),
    )


def test_nothing_to_bill_makes_no_invoice() -> None:
    nothing = propose_invoice(
        CONTRACT, PROJECT, [], invoice_id="inv_1", period_start=date(2026, 2, 1), period_end=date(2026, 2, 28)
    )
    assert nothing is None


def test_a_line_in_another_currency_is_our_own_mistake_and_stops() -> None:
    with pytest.raises(ValueError, match="EUR"):
        proposed(line(1, currency="EUR"))


LINES = st.lists(
    st.builds(
        BillableLine,
        id=st.uuids().map(lambda one: f"ptx_{one.hex}"),
        kind=st.sampled_from(["time", "expense", "milestone"]),
        item_code=st.sampled_from(["Consultant", "fixed"]),
        person=st.sampled_from([None, "a", "b"]),
        work_date=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
        quantity=st.integers(-600, 600).filter(bool).map(Decimal),
        rate=st.integers(1, 300).map(Decimal),
        amount=st.integers(-100000, 100000).map(lambda cents: Decimal(cents) / 100),
        currency=st.just("USD"),
        text=st.sampled_from([None, "Travel"]),
    ),
    min_size=1,
    max_size=40,
)


@given(LINES)
def test_every_transaction_is_on_one_line_and_sums_are_exact(lines: list[BillableLine]) -> None:
    invoice = proposed(*lines)
    assert sorted(one for group in invoice.lines for one in group.transaction_ids) == sorted(one.id for one in lines)
    assert sum(group.amount for group in invoice.lines) == sum(one.amount for one in lines) == invoice.net.amount
