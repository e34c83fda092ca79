"""Billing terms that sales agrees in a deal, or changes by an order: laid over the usual ones, or told why not."""

from decimal import Decimal
from typing import Any

import pytest

from tests.flows.deals import CUSTOMER, FIRM, deal, line
from tests.flows.orders import order
from tieline.flows.amendment import apply_change_order, order_problems
from tieline.flows.readiness import lacks
from tieline.flows.terms import draft_contract
from tieline.model.billing_terms import BillingTerms, Cap
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm

CAP = 'caps = [{ id = "total", amount = 5000 }]'
RETAINER = 'retainer = { id = "run", fee = 1000, hours = 10 }'


def firm(**changed: Any) -> Firm:
    template = FIRM.service_lines[0].model_copy(update=changed)
    return FIRM.model_copy(update={"service_lines": (template,)})


def told(terms: str, of: Firm = FIRM) -> list[str]:
    return [lack.message for lack in lacks(deal(billing_terms=terms), CUSTOMER, of) if lack.field == "billing_terms"]


def drafted(terms: str | None, of: Firm = FIRM, **more: Any) -> ContractVersion:
    assert lacks(deal(billing_terms=terms, **more), CUSTOMER, of) == []
    return draft_contract(deal(billing_terms=terms, **more), CUSTOMER, "eng_1", of)


def test_what_a_deal_agrees_takes_the_place_of_the_same_part_of_its_service_line_only() -> None:
    usual = BillingTerms(
        currency="USD",
        blended_rate=Decimal(150),
        caps=(Cap(id="total", amount=Decimal(900)), Cap(id="h", hours=Decimal(9))),
    )
    agreed = drafted(CAP, firm(billing=usual)).billing_terms
    assert [(cap.id, cap.amount) for cap in agreed.caps] == [("total", Decimal(5000))]
    assert agreed.blended_rate == 150
    assert drafted(" \n", firm(billing=usual)).billing_terms == usual


def test_terms_of_its_own_need_an_approval_unless_the_service_line_lets_sales_agree_them() -> None:
    assert drafted(CAP).deviations == ("caps agreed otherwise than usual for Implementation",)
    assert drafted(CAP, firm(negotiable=("caps",))).is_standard


def test_the_work_of_a_retainer_agreed_in_the_deal_is_no_milestone() -> None:
    assert drafted(None, billing_method="retainer").billing_schedule.items
    assert drafted(RETAINER, billing_method="retainer").billing_schedule.items == ()


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ('caps = [{ id = "x", amount = -5 }]', "caps 1, amount: should be greater than or equal to 0 and not -5"),
        ('caps = [{ id = "x" }]', "caps 1: a cap has an amount or hours, one of them"),
        ("roof = 1", "there is no 'roof' in billing terms; there are currency, methods"),
        ('currency = "XXY"', "currency: 'XXY' is no ISO 4217 currency"),
        ("caps = [", "they are no TOML: "),
        ("blended_rate = nan", "blended_rate: should be a finite number"),
        (RETAINER.replace("}", ", start_date = 2026-05-01, end_date = 2026-04-01 }"),
         "retainer: end_date 2026-04-01 lies before start_date 2026-05-01"),
        ("#" * 32_001, "they have 32,001 characters, at most 32,000 are read"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_used_are_told_with_field_and_reason(terms: str, reason: str) -> None:
    (words,) = told(terms)
    assert words.startswith(f"its billing terms cannot be used: {reason}")


def test_all_mistakes_are_told_at_once() -> None:
    assert len(told('caps = [{ id = "x", amount = -5 }]\nblended_rate = -1\nroof = 1')) == 3


def test_terms_in_another_currency_than_the_deal_are_told() -> None:
    found = [lack.message for lack in lacks(deal(billing_terms=f'currency = "EUR"\n{CAP}'), CUSTOMER, FIRM)]
    assert found == ["its billing terms are in EUR, the deal in USD"]


def test_a_change_order_raises_a_limit_and_says_so() -> None:
    start = drafted(CAP, firm(negotiable=("caps",)))
    wanted = order(billing_terms=CAP.replace("5000", "8000"))
    assert order_problems(start, wanted, FIRM) == []
    after = apply_change_order(start, wanted, firm(negotiable=("caps",)))
    assert [cap.amount for cap in after.billing_terms.caps] == [Decimal(8000)]
    assert after.change is not None
    assert after.change.changed == (
        'billing terms: caps [{"id": "total", "amount": "5000"}] becomes [{"id": "total", "amount": "8000"}]',
    )
    assert after.deviations == ()
    assert apply_change_order(start, wanted, FIRM).deviations


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ("caps = 5", "its billing terms cannot be used: caps: should be a valid tuple"),
        ('currency = "EUR"', "its billing terms are in EUR, the contract is in USD"),
        (RETAINER, "its billing terms bring or end a retainer, progress, or another way to bill a workstream"),
        ('methods = { Build = "fixed_price" }', "its billing terms bring or end a retainer, progress, or another way"),
    ],
)
def test_what_no_order_may_change_of_the_terms_is_told(terms: str, reason: str) -> None:
    found = order_problems(drafted(CAP), order(billing_terms=terms), FIRM)
    assert [words for words in found if words.startswith(reason)]


def test_a_role_is_billed_in_one_way() -> None:
    lines = (line(1), line(2, workstream="Run"))
    found = lacks(deal(*lines, billing_terms='methods = { Run = "fixed_price" }'), CUSTOMER, FIRM)
    assert [lack.message for lack in found] == [
        "role 'Consultant' would be billed in two ways (fixed_price, time_and_materials)"
    ]
