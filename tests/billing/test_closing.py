"""Closing an engagement: what stands in its way, and what is left of a retainer."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.lane.world import a_contract
from tieline.billing.closing import ClosingFacts, obstacles, retainer_remainder
from tieline.billing.facts import Timeline, Work
from tieline.model.billing_terms import BillingTerms, Retainer
from tieline.model.money import Money


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def test_nothing_open_is_nothing_in_the_way() -> None:
    assert obstacles(ClosingFacts(outstanding=(usd("900"),))) == []


def test_each_thing_that_is_open_is_a_sentence_of_its_own() -> None:
    facts = ClosingFacts(
        unbilled=(usd("1250.50"), usd("-20")),
        waiting_lines=1,
        under_way=2,
        drafts=("INV-7",),
        questions=("Non-standard terms",),
        troubles=("The project is locked",),
        change_orders=("CO-3",),
    )
    assert obstacles(facts) == [
        "1 approved line waits for an exception or a correction",
        "2 entries are on the way to the ERP",
        "change order CO-3 is neither approved nor given up",
        "'Non-standard terms' is not decided",
        "an exception is open: The project is locked",
        "USD 1,250.50 is not billed",
        "draft invoice INV-7 is not released",
    ]
    assert facts.corrections == (usd("-20"),)


def remainder(minutes: int, day: date, **terms: Any) -> Money | None:
    retainer = Retainer(id="r", **({"fee": Decimal(3000), "hours": Decimal(20)} | terms))
    contract = a_contract(
        billing_method="retainer", billing_terms=BillingTerms(id="b", currency="USD", retainer=retainer)
    )
    timeline = Timeline(((contract.start_date, contract),), "prj_1")
    work = Work(
        source="psa:1",
        kind="time",
        project_id="prj_1",
        day=date(2026, 2, 3),
        minutes=Decimal(minutes),
        amount=Decimal(minutes * 3),
        disposition="retainer",
    )
    found = retainer_remainder(timeline, [work] if minutes else [], day)
    return found.value if found else None


@pytest.mark.parametrize(
    ("minutes", "day", "terms", "left"),
    [
        (0, date(2026, 2, 20), {}, usd("3000")),  # January's 20 hours are gone, February's are left
        (600, date(2026, 2, 20), {}, usd("1500")),
        (1200, date(2026, 2, 20), {}, None),
        (1500, date(2026, 2, 20), {}, None),
        (0, date(2026, 2, 20), {"roll_over": 1}, usd("6000")),
        (600, date(2026, 2, 20), {"hours": None, "amount": Decimal(4000)}, usd("2200")),
        (0, date(2025, 12, 31), {}, None),
    ],
)
def test_what_is_left_of_a_retainer_is_worth_its_share_of_the_fee(
    minutes: int, day: date, terms: dict[str, Any], left: Money | None
) -> None:
    assert remainder(minutes, day, **terms) == left
