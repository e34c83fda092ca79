"""Pricing: the rate that counts, the amount, the disposition, and why a line waits."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieline.billing.pricing import PersonTerms, Priced, Terms, Unpriced, price
from tieline.billing.rate_card import Rate, RateCard, rate_of
from tieline.model.contract import BillingMethod, RateCardRow
from tieline.model.transaction import Kind

START = date(2026, 1, 1)
TOM = PersonTerms("tom.okafor@haldenmarsh.example", "Senior Consultant", Decimal(95), "USD")


@dataclass(frozen=True)
class Line:
    """A line as pricing wants it."""

    kind: Kind = "time"
    source_id: str = "1"
    role: str | None = "Senior Consultant"
    work_date: date = date(2026, 2, 3)
    quantity: Decimal = Decimal(90)
    billable: bool = True
    currency: str | None = None
    amount: Decimal | None = None


def row(**values: object) -> RateCardRow:
    return RateCardRow.model_validate(
        {
            "id": "rat_1",
            "precedence": 4,
            "role": "Senior Consultant",
            "contract_id": "con_1",
            "currency": "USD",
            "rate": Decimal(210),
            "valid_from": START,
            **values,
        }
    )


def terms(
    *rows: RateCardRow, method: BillingMethod = "time_and_materials", currency: str = "USD", markup: str = "1"
) -> Terms:
    return Terms(
        project_id="prj_1",
        project_code="P-1",
        contract_id="con_1",
        contract_version=2,
        legal_entity="US",
        currency=currency,
        billing_method=method,
        start_date=START,
        end_date=date(2026, 12, 31),
        rates=RateCard([rate_of(one) for one in rows], "con_1", "prj_1", currency),
        markup=Decimal(markup),
    )


def priced(found: Priced | Unpriced) -> Priced:
    assert isinstance(found, Priced), found
    return found


def cause(found: Priced | Unpriced) -> tuple[str, str, str]:
    assert isinstance(found, Unpriced), found
    return found.cause.kind, found.cause.field, found.cause.owner


def test_an_hour_and_a_half_costs_one_and_a_half_rates_and_says_why() -> None:
    found = priced(price(terms(row()), Line(), TOM))
    assert (found.rate, found.amount, found.disposition) == (Decimal(210), Decimal("315.00"), "billable")
    assert found.rate_rule == "contract rate card: Senior Consultant USD 210.00 from 2026-01-01"
    assert (found.contract_version, found.cost_rate, found.cost_currency) == (2, Decimal(95), "USD")
    assert found.item_code == "Senior Consultant"


def test_the_role_of_the_person_counts_when_the_entry_names_none() -> None:
    assert priced(price(terms(row()), Line(role=None), TOM)).role == "Senior Consultant"


def test_a_rate_of_the_person_goes_before_that_of_the_contract() -> None:
    own = row(precedence=2, role=None, contract_id=None, person=TOM.email, rate=Decimal(250))
    assert priced(price(terms(row(), own), Line(), TOM)).rate == 250
    assert priced(price(terms(row(), own), Line(), None)).rate == 210


def test_a_newer_row_replaces_an_older_one_from_its_first_day() -> None:
    card = terms(row(), row(rate=Decimal(220), valid_from=date(2026, 7, 1)))
    assert priced(price(card, Line(work_date=date(2026, 6, 30)), TOM)).rate == 210
    assert priced(price(card, Line(work_date=date(2026, 7, 1)), TOM)).rate == 220


def test_the_last_day_of_a_row_is_the_day_before_its_end() -> None:
    card = terms(row(valid_to=date(2026, 7, 1)))
    assert priced(price(card, Line(work_date=date(2026, 6, 30)), TOM)).rate == 210
    assert cause(price(card, Line(work_date=date(2026, 7, 1)), TOM)) == ("master_data", "rate", "finance")


def test_an_amount_is_rounded_once_half_up_in_the_digits_of_the_currency() -> None:
    line = Line(quantity=Decimal(1))
    assert priced(price(terms(row(rate=Decimal("0.30"))), line, TOM)).amount == Decimal("0.01")
    yen = terms(row(rate=Decimal(30), currency="JPY"), currency="JPY")
    assert priced(price(yen, line, TOM)).amount == Decimal(1)


def test_time_under_a_fixed_price_or_retainer_has_its_value_but_is_not_billable() -> None:
    for method, disposition in (("fixed_price", "fixed_price"), ("milestone", "fixed_price"), ("retainer", "retainer")):
        found = priced(price(terms(row(), method=method), Line(), TOM))  # type: ignore[arg-type]
        assert (found.disposition, found.amount) == (disposition, Decimal("315.00"))
    assert priced(price(terms(method="fixed_price"), Line(), TOM)).amount == 0


def test_non_billable_time_needs_no_rate() -> None:
    found = priced(price(terms(), Line(billable=False), TOM))
    assert found.disposition == "non_billable"
    assert found.amount == 0


def test_what_cannot_be_priced_says_who_can_mend_it() -> None:
    card = terms(row())
    assert cause(price(card, Line(role="Painter"), TOM)) == ("master_data", "rate", "finance")
    assert cause(price(card, Line(role=None), None)) == ("missing_field", "role", "resource")
    assert cause(price(card, Line(quantity=Decimal(0)), TOM)) == ("business_rule", "minutes", "delivery")
    assert cause(price(card, Line(quantity=Decimal(-30)), TOM)) == ("business_rule", "minutes", "delivery")
    assert cause(price(card, Line(quantity=Decimal(1441)), TOM)) == ("business_rule", "minutes", "delivery")
    assert cause(price(card, Line(work_date=date(2025, 12, 31)), TOM)) == ("business_rule", "work_date", "sales")
    assert cause(price(card, Line(work_date=date(2027, 1, 1)), TOM)) == ("business_rule", "work_date", "sales")


def test_an_expense_is_its_cost_times_the_markup() -> None:
    line = Line(kind="expense", role=None, quantity=Decimal(1), currency="USD", amount=Decimal("99.99"))
    assert priced(price(terms(), line, None)).amount == Decimal("99.99")
    found = priced(price(terms(markup="1.10"), line, None))
    assert (found.amount, found.cost_rate, found.item_code) == (Decimal("109.99"), Decimal("99.99"), "expense")


def test_an_expense_in_another_currency_or_without_amount_waits() -> None:
    line = Line(kind="expense", role=None, quantity=Decimal(1), currency="EUR", amount=Decimal(10))
    assert cause(price(terms(), line, None)) == ("business_rule", "currency", "finance")
    empty = Line(kind="expense", role=None, quantity=Decimal(1), currency="USD")
    assert cause(price(terms(), empty, None)) == ("missing_field", "amount", "delivery")


ROLES = st.sampled_from([None, "A", "B"])
PEOPLE = st.sampled_from([None, "p", "q"])
DAYS = st.integers(0, 40).map(lambda n: START + timedelta(days=n))
RATES = st.builds(
    Rate,
    precedence=st.integers(1, 5),
    role=ROLES,
    person=PEOPLE,
    contract_id=st.sampled_from([None, "c", "d"]),
    project_id=st.sampled_from([None, "x", "y"]),
    currency=st.sampled_from(["USD", "EUR"]),
    amount=st.integers(1, 400).map(Decimal),
    valid_from=DAYS,
    valid_to=st.none() | DAYS,
    rule=st.just(""),
)


def brute_force(rates: list[Rate], role: str | None, person: str | None, day: date) -> Decimal | None:
    """The same rule, said plainly: of the rows that fit, the lowest precedence, then the newest, then the cheapest."""
    best: Rate | None = None
    for rate in rates:
        if rate.currency != "USD" or not (rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to)):
            continue
        asked = {"role": role, "person": person, "contract_id": "c", "project_id": "x"}
        if any(getattr(rate, name) is not None and getattr(rate, name) != value for name, value in asked.items()):
            continue
        rank = (rate.precedence, -rate.valid_from.toordinal(), rate.amount)
        if best is None or rank < (best.precedence, -best.valid_from.toordinal(), best.amount):
            best = rate
    return best.amount if best else None


@given(st.lists(RATES, max_size=12), st.lists(st.tuples(ROLES, PEOPLE, DAYS), min_size=1, max_size=8))
def test_a_rate_card_finds_what_a_search_of_all_rows_finds(
    rates: list[Rate], asked: list[tuple[str | None, str | None, date]]
) -> None:
    card = RateCard(rates, "c", "x", "USD")
    for role, person, day in asked:
        found = card.find(role, person, day)
        assert (found.amount if found else None) == brute_force(rates, role, person, day)
