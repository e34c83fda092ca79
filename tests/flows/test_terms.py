"""Commercial terms: all that is missing at once and in words, and the contract that complete terms make."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flows.deals import CUSTOMER, FIRM, contract, deal, fixed, line
from tieline.flows.plan import project_id
from tieline.flows.readiness import missing_terms
from tieline.flows.terms import commercial_differences, draft_contract
from tieline.model.money import rounded, total
from tieline.model.opportunity import OpportunityLine


def problems(*lines: OpportunityLine, **changed: Any) -> list[str]:
    return missing_terms(deal(*lines, **changed), CUSTOMER, FIRM)


def test_complete_terms_have_no_problem() -> None:
    assert problems() == []


def test_everything_missing_is_told_at_once_in_words() -> None:
    names = (
        "legal_entity",
        "service_line",
        "currency",
        "contract_type",
        "billing_method",
        "payment_terms",
        "tax_treatment",
        "start_date",
        "end_date",
    )
    nothing = deal().model_copy(update={"lines": (), **dict.fromkeys(names)})
    found = missing_terms(nothing, CUSTOMER.model_copy(update={"tax_nexus": None}), FIRM)
    assert found == [
        "the legal entity that signs is missing",
        "the service line is missing",
        "the currency is missing",
        "the contract type is missing",
        "the billing method is missing",
        "the term of payment is missing",
        "the tax treatment is missing",
        "the start date is missing",
        "the end date is missing",
        "customer 'Bluepeak Energy' has no tax nexus",
        "it has no service packages or estimates",
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"legal_entity": "FR"}, "legal entity 'FR' is not one of the firm's"),
        ({"currency": "CHF"}, "Halden Marsh Inc. does not bill in currency 'CHF'"),
        ({"currency": "usd"}, "Halden Marsh Inc. does not bill in currency 'usd'"),
        ({"service_line": "Nope 🚀"}, "service line 'Nope 🚀' has no template"),
        ({"billing_method": "barter"}, "billing method 'barter' is unknown"),
        ({"tax_treatment": "none"}, "tax treatment 'none' is unknown"),
        ({"end_date": date(2026, 1, 1)}, "the end date lies before the start date"),
    ],
)
def test_a_value_the_firm_does_not_know_is_named(changed: dict[str, Any], told: str) -> None:
    assert told in problems(**changed)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"quantity": "-1"}, "'Build' has the quantity -1; it must be more than zero"),
        ({"quantity": "0"}, "'Build' has the quantity 0; it must be more than zero"),
        ({"unit_price": "-0.01"}, "'Build' has a negative price"),
        ({"role": "Wizard"}, "role 'Wizard' has no standard rate in USD"),
        ({"delivering_entity": "FR"}, "'Build' is delivered by 'FR', which is not one of the firm's entities"),
        ({"quantity": "1e300"}, "its lines come to more than a contract can hold"),
        ({"description": "O'Brien's \"Phase\" 🚀", "quantity": "-2"}, "'O'Brien's \"Phase\" 🚀' has the quantity -2"),
    ],
)
def test_a_line_that_cannot_be_worked_or_billed_is_named(changed: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in problems(line(1, **changed)))


def test_each_bad_line_is_told() -> None:
    assert len(problems(line(1, quantity=-1), line(2), fixed(3, "-5"), line(4, role="Wizard"))) == 3


def test_one_role_at_two_prices_is_a_question_and_not_a_guess() -> None:
    assert problems(line(1), line(2, workstream="Test", unit_price="150.00")) == [
        "role 'Consultant' has several prices (150.00, 165)"
    ]
    assert problems(line(1), line(2, unit_price="165.00")) == []


def test_two_entities_may_deliver_one_role_at_different_prices() -> None:
    lines = (line(1), line(2, delivering_entity="DE", unit_price="150"), line(3, role="Senior Consultant"))
    assert problems(*lines) == []
    made = contract(*lines)
    assert {(row.role, row.project_id, str(row.rate), row.precedence) for row in made.rate_card} == {
        ("Consultant", project_id(made.id, "US", "USD"), "165", 3),
        ("Consultant", project_id(made.id, "DE", "USD"), "150", 3),
        ("Senior Consultant", None, "165", 4),
    }
    assert len({row.id for row in made.rate_card}) == 3


LINES = st.lists(
    st.tuples(
        st.sampled_from([None, "Consultant", "Senior Consultant"]),
        st.sampled_from(["US", "DE", "UK", None]),
        st.decimals(min_value=Decimal("0.01"), max_value=10_000, places=2),
        st.decimals(min_value=0, max_value=100_000, places=3),
    ),
    min_size=1,
    max_size=8,
)
METHODS = st.sampled_from(["time_and_materials", "fixed_price", "milestone", "retainer"])


@given(rows=LINES, method=METHODS, currency=st.sampled_from(["USD", "JPY"]))
def test_the_parts_of_a_contract_add_up_to_its_value(rows: list[Any], method: str, currency: str) -> None:
    lines = [
        line(number, role=role, delivering_entity=entity, quantity=quantity, unit_price=price)
        for number, (role, entity, quantity, price) in enumerate(rows)
    ]
    made = contract(*lines, billing_method=method, currency=currency)
    assert made.value == total((one.amount for one in made.lines), currency)
    assert made.value.amount == sum(rounded(one.amount, currency) for one in lines)
    assert made.budget.revenue == made.value
    assert made.budget.hours == sum(one.quantity for one in lines if one.role)
    planned = total((item.amount for item in made.billing_schedule.items), currency)
    if method == "time_and_materials":
        assert planned == total((one.amount for one in made.lines if not one.role), currency)
    else:
        assert planned == made.value, "what a price covers is billed by milestones, all of it"
    ids = [item.id for item in made.billing_schedule.items]
    assert len(set(ids)) == len(ids)


def test_the_same_deal_makes_the_same_contract_with_stable_ids() -> None:
    assert contract() == contract()
    assert contract().id == "con_7f98c0b478d85387bd633f4a2cb8c6a1"
    assert [one.id for one in contract().lines] == ["col_d2cb8512396c5227acd411f31300dd19"]
    moved = contract(line(2, workstream="Test"), line(1))
    assert moved.lines[1].id == contract().lines[0].id, "a line keeps its id wherever it stands"


def test_texts_are_taken_over_as_they_are() -> None:
    made = contract(
        line(1, workstream="Señor 🚀 <b>", description="O'Brien & Söhne; drop table"), name='O\'Brien "売上" 🚀'
    )
    assert made.name == 'O\'Brien "売上" 🚀'
    assert (made.lines[0].workstream, made.lines[0].description) == ("Señor 🚀 <b>", "O'Brien & Söhne; drop table")


def test_a_fixed_amount_is_due_when_its_line_says_so_and_the_rest_on_completion() -> None:
    made = contract(fixed(1, "5000", due_on=date(2026, 4, 1)), fixed(2, "7000"), line(3), billing_method="fixed_price")
    assert [(i.name, str(i.amount), str(i.due_on)) for i in made.billing_schedule.items] == [
        ("Deliverable 1", "USD 5,000.00", "2026-04-01"),
        ("Deliverable 2", "USD 7,000.00", "2026-08-31"),
        ("Completion", "USD 1,650.00", "2026-08-31"),
    ]
    assert made.revenue_method == "percent_complete"


def test_time_and_materials_is_billed_by_actuals_and_has_no_completion() -> None:
    made = contract()
    assert made.billing_schedule.items == ()
    assert made.billing_schedule.cycle == "monthly"
    assert made.revenue_method == "as_billed"


@pytest.mark.parametrize(
    ("changed", "price", "deviations"),
    [
        ({}, "165", ()),
        ({"payment_terms": "NET14"}, "165", ()),
        ({"payment_terms": "NET90"}, "165", ("payment terms NET90 instead of NET30 or NET14",)),
        ({}, "140.25", ()),
        ({}, "140.24", ("Consultant at 140.24 instead of 165",)),
        ({"payment_terms": "X"}, "0", ("payment terms X instead of NET30 or NET14", "Consultant at 0 instead of 165")),
    ],
)
def test_what_is_not_standard_is_told_for_approval(
    changed: dict[str, Any], price: str, deviations: tuple[str, ...]
) -> None:
    made = contract(line(1, unit_price=price), **changed)
    assert made.deviations == deviations
    assert made.is_standard is (deviations == ())


@pytest.mark.parametrize(
    ("customer", "treatment", "deviations"),
    [
        ({"legal_entity": "US"}, "standard", ()),
        ({"legal_entity": "DE"}, "standard", ("US signs for a customer of DE",)),
        ({"tax_nexus": "DE", "tax_id": "DE811"}, "reverse_charge", ()),
        ({"tax_nexus": "DE"}, "reverse_charge", ("reverse charge without a tax id of the customer",)),
        ({}, "reverse_charge", ("reverse charge for a customer in US, where Halden Marsh Inc. is itself",)),
    ],
)
def test_a_customer_that_is_billed_in_an_unusual_way_is_told_for_approval(
    customer: dict[str, str], treatment: str, deviations: tuple[str, ...]
) -> None:
    buyer = CUSTOMER.model_copy(update=customer)
    made = draft_contract(deal(tax_treatment=treatment), buyer, "eng_1", FIRM)
    assert made.deviations == deviations


@pytest.mark.parametrize(("wish", "told"), [("free", ()), ("ask", ("DE, UK deliver for US",))])
def test_delivery_by_other_entities_is_told_where_the_service_line_wants_it(wish: str, told: tuple[str, ...]) -> None:
    (template,) = FIRM.service_lines
    firm = FIRM.model_copy(update={"service_lines": (template.model_copy(update={"other_entities": wish}),)})
    lines = (line(1), line(2, delivering_entity="UK"), line(3, delivering_entity="DE"), line(4, delivering_entity="US"))
    assert draft_contract(deal(*lines), CUSTOMER, "eng_1", firm).deviations == told
    assert draft_contract(deal(line(1)), CUSTOMER, "eng_1", firm).deviations == ()


@pytest.mark.parametrize(
    ("lines", "changed", "told"),
    [
        ([], {}, []),
        (
            [line(1, quantity=12)],
            {},
            ["the value USD 1,650.00 is now USD 1,980.00 (a difference of USD 330.00)"],
        ),
        (
            [line(1, quantity=8)],
            {},
            ["the value USD 1,650.00 is now USD 1,320.00 (a difference of USD -330.00)"],
        ),
        ([], {"end_date": date(2026, 9, 30)}, ["end 2026-08-31 is now 2026-09-30"]),
        ([], {"payment_terms": "NET14"}, ["payment terms NET30 is now NET14"]),
        ([], {"po_number": "4711"}, ["PO number None is now 4711"]),
        ([], {"contract_type": "Retainer"}, ["contract type SOW is now Retainer"]),
        (
            [line(1, delivering_entity="DE")],
            {},
            ["hours or amounts by workstream, role and delivering entity differ"],
        ),
        (
            [line(1, quantity=5, unit_price="330")],
            {},
            ["hours or amounts by workstream, role and delivering entity differ"],
        ),
    ],
)
def test_a_commercial_difference_is_told_with_its_money(
    lines: list[OpportunityLine], changed: dict[str, Any], told: list[str]
) -> None:
    assert commercial_differences(contract(), contract(*lines, **changed)) == told


def test_money_that_moves_between_milestones_is_a_difference() -> None:
    before = contract(fixed(1, "5000", workstream="A"), fixed(2, "5000", workstream="B"))
    moved = contract(fixed(1, "9000", workstream="A"), fixed(2, "1000", workstream="B"))
    later = contract(fixed(1, "5000", workstream="A", due_on=date(2026, 7, 1)), fixed(2, "5000", workstream="B"))
    assert commercial_differences(before, moved) == [
        "hours or amounts by workstream, role and delivering entity differ"
    ]
    assert commercial_differences(before, later) == ["milestones differ in name, amount or date"]


def test_lines_in_another_order_or_cut_in_two_are_no_difference() -> None:
    before = contract(line(1, quantity=10), line(2, workstream="Test"))
    after = contract(line(2, workstream="Test"), line(3, quantity=4), line(1, quantity=6))
    assert commercial_differences(before, after) == []


def test_another_currency_is_told_and_not_subtracted() -> None:
    found = commercial_differences(contract(), contract(line(1, unit_price="24000"), currency="JPY"))
    assert found == ["currency USD is now JPY"]


def test_the_draft_follows_the_deal_and_not_the_engagements_name() -> None:
    made = draft_contract(deal(), CUSTOMER, "eng_2", FIRM)
    assert made.id != contract().id
    assert (made.version, made.engagement_id, made.customer_id) == (1, "eng_2", "cus_1")


def test_a_contract_holds_a_thousand_lines_and_more_are_told_at_once() -> None:
    most = [line(number, workstream=f"Stream {number}") for number in range(1000)]
    whole = contract(*most)
    assert len(whole.lines) == 1000
    assert whole.value.amount == 1000 * 1650
    many = [line(number) for number in range(10_000)]
    assert problems(*many) == ["it has 10,000 lines, and a contract holds at most 1,000"]
