"""Pricing: the rate that counts, the amount, the disposition, and why a line waits."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tieline.billing.fx import FxRates
from tieline.billing.pricing import PersonTerms, Priced, Terms, Unpriced, price
from tieline.billing.rate_card import Place, RateCard, rate_of
from tieline.model.billing_terms import ExpenseTerms
from tieline.model.contract import BillingMethod, RateCardRow
from tieline.model.firm import FxRate
from tieline.model.transaction import Kind

START = date(2026, 1, 1)
TOM = PersonTerms("tom.okafor@haldenmarsh.example", "Senior Consultant", [(date.min, Decimal(95))], "USD")


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
    attributes: dict[str, Any] = field(default_factory=dict)


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
    *rows: RateCardRow, method: BillingMethod = "time_and_materials", currency: str = "USD", markup: str = "0"
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
        rates=RateCard([rate_of(one) for one in rows], Place("con_1", "prj_1", currency)),
        expenses=ExpenseTerms(markup=Decimal(markup)),
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


def test_an_hour_costs_what_the_rate_of_its_day_says() -> None:
    dearer = replace(TOM, costs=[(date(2026, 4, 1), Decimal(105)), (date(2026, 1, 1), Decimal(95))])
    days = (date(2026, 3, 31), date(2026, 4, 1), date(2026, 9, 9))
    found = [priced(price(terms(row()), Line(work_date=day), dearer)).cost_rate for day in days]
    assert found == [Decimal(95), Decimal(105), Decimal(105)]
    assert dearer.cost_on(date(2025, 12, 31)) is None


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
    found = priced(price(terms(markup="0.10"), line, None))
    assert (found.amount, found.cost_rate, found.item_code) == (Decimal("109.99"), Decimal("99.99"), "expense")


def test_an_expense_in_another_currency_or_without_amount_waits() -> None:
    line = Line(kind="expense", role=None, quantity=Decimal(1), currency="EUR", amount=Decimal(10))
    assert cause(price(terms(), line, None)) == ("business_rule", "currency", "finance")
    empty = Line(kind="expense", role=None, quantity=Decimal(1), currency="USD")
    assert cause(price(terms(), empty, None)) == ("missing_field", "amount", "delivery")


ROLES = st.sampled_from([None, "A", "B"])
PEOPLE = st.sampled_from([None, "p", "q"])
DAYS = st.integers(0, 40).map(lambda n: START + timedelta(days=n))
WORDS = st.sampled_from([None, "u", "v"])
ROWS = st.builds(
    RateCardRow,
    id=st.just("r"),
    precedence=st.integers(1, 5),
    role=ROLES,
    person=PEOPLE,
    level=WORDS,
    location=WORDS,
    contract_id=st.sampled_from([None, "c", "d"]),
    project_id=st.sampled_from([None, "x", "y"]),
    customer_id=WORDS,
    service_line=WORDS,
    region=WORDS,
    currency=st.sampled_from(["USD", "EUR"]),
    rate=st.integers(1, 400).map(Decimal),
    valid_from=DAYS,
    valid_to=st.none() | DAYS,
)
PLACE = Place("c", "x", "USD", "u", "u", "u")
WHOM = st.none() | st.builds(PersonTerms, PEOPLE.filter(bool), st.none(), st.none(), st.none(), WORDS, WORDS)


def rank(row: RateCardRow) -> tuple[Any, ...]:
    """Said plainly: the lowest precedence; the customer before both of service line and region before one of them; what
    says more of the person; the newest; the cheapest."""
    both = (row.service_line is not None) + (row.region is not None)
    person = [row.role, row.person, row.level, row.location].count(None)
    first = (row.precedence, row.customer_id is None, 0 if row.customer_id else -both, person)
    return (*first, -row.valid_from.toordinal(), row.rate)


def brute_force(rows: list[RateCardRow], role: str | None, whom: PersonTerms | None, day: date) -> Decimal | None:
    """Of the rows that fit the one that ranks first."""
    asked = {
        "currency": "USD",
        "role": role,
        "person": whom.email if whom else None,
        "level": whom.level if whom else None,
        "location": whom.location if whom else None,
        "contract_id": "c",
        "project_id": "x",
        "customer_id": "u",
        "service_line": "u",
        "region": "u",
    }
    fitting = [
        row
        for row in rows
        if row.valid_from <= day
        and (row.valid_to is None or day < row.valid_to)
        and all(getattr(row, name) in (None, value) for name, value in asked.items())
    ]
    return min(fitting, key=rank).rate if fitting else None


@given(st.lists(ROWS, max_size=12), st.lists(st.tuples(ROLES, WHOM, DAYS), min_size=1, max_size=8))
def test_a_rate_card_finds_what_a_search_of_all_rows_finds(
    rows: list[RateCardRow], asked: list[tuple[str | None, PersonTerms | None, date]]
) -> None:
    for role, whom, day in asked:
        card = RateCard([rate_of(row) for row in rows], PLACE)
        found = card.find(role, whom, day)
        assert (found.amount if found else None) == brute_force(rows, role, whom, day)


def test_work_at_a_weekend_or_overtime_costs_its_factor_and_says_so() -> None:
    card = replace(terms(row()), factors={"weekend": Decimal("1.5"), "overtime": Decimal(2)})
    assert priced(price(card, Line(), TOM)).rate == 210
    weekend = priced(price(card, Line(work_date=date(2026, 2, 7)), TOM))
    assert (weekend.rate, weekend.amount) == (Decimal(315), Decimal("472.50"))
    assert weekend.rate_rule.endswith("x 1.5 (weekend)")
    assert priced(price(card, Line(attributes={"overtime": True}), TOM)).rate == 420


def test_each_role_of_a_hybrid_contract_is_billed_in_its_own_way() -> None:
    hybrid = replace(terms(row()), methods={"Senior Consultant": "fixed_price"})
    assert priced(price(hybrid, Line(), TOM)).disposition == "fixed_price"
    assert cause(price(hybrid, Line(role="Consultant"), TOM)) == ("master_data", "rate", "finance")


EURO = Line(kind="expense", role=None, quantity=Decimal(1), currency="EUR", amount=Decimal(100))


def test_an_expense_in_another_currency_is_converted_at_the_rate_of_its_day_with_its_source() -> None:
    rate = FxRate(id="1", day=date(2026, 2, 2), base="EUR", quote="USD", rate=Decimal("1.0843"), source="ECB")
    found = priced(price(replace(terms(markup="0.1"), fx=FxRates([rate])), EURO, None))
    assert (found.amount, found.currency, found.cost_rate, found.cost_currency) == (
        Decimal("119.27"),
        "USD",
        Decimal(100),
        "EUR",
    )
    assert found.rate_rule == "cost EUR 100 x 1.0843 (ECB 2026-02-02) x 1.1"
    old = replace(EURO, work_date=date(2026, 2, 10))
    assert cause(price(replace(terms(), fx=FxRates([rate])), old, None)) == ("business_rule", "currency", "finance")


def test_a_contract_may_fix_a_rate_or_stop_other_currencies() -> None:
    rate = FxRate(id="1", day=date(2026, 2, 2), base="EUR", quote="USD", rate=Decimal(2), source="ECB")
    site = replace(terms(), fx=FxRates([rate]))
    fixed = ExpenseTerms(fx_rates={"EUR": Decimal("1.10")})
    assert priced(price(replace(site, expenses=fixed), EURO, None)).amount == 110
    stopped = ExpenseTerms(fx="stop")
    assert cause(price(replace(site, expenses=stopped), EURO, None)) == ("business_rule", "currency", "finance")


def test_markups_go_by_category_and_covered_expenses_cost_nothing() -> None:
    agreed = ExpenseTerms(markup=Decimal("0.05"), markups={"Subcontractor": Decimal("0.15")})
    line = replace(EURO, currency="USD", attributes={"category": "Subcontractor"})
    assert priced(price(replace(terms(), expenses=agreed), line, None)).amount == 115
    assert priced(price(replace(terms(), expenses=agreed), replace(line, attributes={}), None)).amount == 105
    covered = priced(price(replace(terms(), expenses=ExpenseTerms(billable=False)), line, None))
    assert (covered.amount, covered.disposition, covered.cost_rate) == (Decimal(0), "non_billable", Decimal(100))
