"""Service packages: a quoted line expands into work and an invoice plan that come to exactly what was quoted."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flows.deals import CUSTOMER, END, FIRM, START, deal, line
from tests.model.strategies import packages
from tieline.billing.facts import Timeline
from tieline.billing.progress import price_of
from tieline.billing.subscription import subscription_charges
from tieline.flows.plan import contract_part, plan_projects
from tieline.flows.readiness import lacks
from tieline.flows.terms import commercial_differences, draft_contract
from tieline.model.billing_terms import BillingTerms, Progress
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.model.money import rounded, total
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.model.service_package import PackageSubscription, ServicePackage

CLOUD: dict[str, Any] = {
    "id": "cloud",
    "name": "Cloud readiness",
    "sku": ["CLOUD"],
    "service_line": "Implementation",
    "billing_method": "milestone",
    "revenue_method": "on_milestone",
    "price": {"method": "per_unit", "amounts": {"USD": "10000"}},
    "phase": [
        {
            "name": "Assess",
            "days": 30,
            "task": [
                {"name": "Interviews", "role": "Senior Consultant", "hours": {"base": 16, "per_unit": 4}},
                {"name": "Inventory", "role": "Consultant", "hours": {"bands": [{"up_to": 5, "hours": 40}]}},
            ],
        },
        {"name": "Report", "starts_after_days": 30, "task": [{"name": "Write", "role": "Consultant", "hours": 24}]},
    ],
    "milestone": [
        {"name": "Kick-off", "share": "0.333", "after_days": 7},
        {"name": "Report accepted", "share": "0.667"},
    ],
    "dimensions": {"practice": "Cloud"},
    "region": [{"name": "EMEA", "hours_factor": "1.5", "dimensions": {"class": "EMEA"}}],
}


def firm(*catalog: ServicePackage, **changed: Any) -> Firm:
    return FIRM.model_copy(update={"catalog": catalog or (package(),), **changed})


def package(**changed: Any) -> ServicePackage:
    return ServicePackage.model_validate(CLOUD | changed)


def sold(number: int = 1, sku: str = "CLOUD", **changed: Any) -> OpportunityLine:
    """One piece of a package at 9,500.01, unless told otherwise."""
    usual = {"product_code": sku, "role": None, "workstream": None, "quantity": 1, "unit_price": "9500.01"}
    return line(number, **(usual | changed))


def offer(*lines: OpportunityLine, **changed: Any) -> Opportunity:
    return deal(*(lines or (sold(),)), **({"billing_method": None} | changed))


def drafted(opportunity: Opportunity, of: Firm | None = None) -> ContractVersion:
    made = of or firm()
    assert lacks(opportunity, CUSTOMER, made) == []
    return draft_contract(opportunity, CUSTOMER, "eng_1", made)


def told(opportunity: Opportunity, of: Firm | None = None) -> list[str]:
    return [lack.message for lack in lacks(opportunity, CUSTOMER, of or firm())]


def test_a_package_becomes_work_an_invoice_plan_and_terms() -> None:
    made = drafted(offer(sold(quantity=2)))
    assert [(one.workstream, one.description, one.role, str(one.hours), str(one.amount)) for one in made.lines] == [
        ("Assess", "Interviews", "Senior Consultant", "24.00", "USD 6,138.47"),
        ("Assess", "Inventory", "Consultant", "40.00", "USD 8,038.47"),
        ("Report", "Write", "Consultant", "24.00", "USD 4,823.08"),
    ]
    assert made.value == total((one.amount for one in made.lines), "USD")
    assert [(one.name, str(one.amount), one.due_on) for one in made.billing_schedule.items] == [
        ("Cloud readiness: Kick-off", "USD 6,327.01", date(2026, 3, 8)),
        ("Cloud readiness: Report accepted", "USD 12,673.01", END),
    ]
    assert (made.billing_method, made.revenue_method) == ("milestone", "on_milestone")
    assert made.dimensions == {"department": "Technology", "practice": "Cloud"}
    assert [(one.start_date, one.end_date) for one in made.lines[1:]] == [
        (START, date(2026, 3, 30)),
        (date(2026, 3, 31), END),
    ]
    assert made.rate_card == (), "its work is priced by the firm's standard rates"


def test_a_region_sells_its_own_variant_and_the_deals_region_decides_before_the_entitys() -> None:
    home = drafted(offer())
    abroad = drafted(offer(region="EMEA"))
    assert abroad.budget.hours == home.budget.hours * Decimal("1.5")
    assert (abroad.value, abroad.dimensions["class"]) == (home.value, "EMEA")


def test_work_priced_by_time_gets_rates_scaled_to_what_was_quoted_and_no_milestones() -> None:
    made = drafted(offer(billing_method="time_and_materials"))
    assert made.billing_schedule.items == ()
    assert {row.role: str(row.rate) for row in made.rate_card} == {
        "Consultant": "106.20",
        "Senior Consultant": "135.16",
    }
    assert made.value.amount == Decimal("9500.01")


def test_an_estimate_beside_a_package_is_taken_as_it_was_quoted() -> None:
    made = drafted(offer(sold(), line(2)))
    assert [one.package.line if one.package else None for one in made.lines] == ["opl_1"] * 3 + [None]
    assert [item.name for item in made.billing_schedule.items][-1] == "Completion"
    assert made.billing_schedule.items[-1].amount.amount == Decimal(1650)
    (project,) = plan_projects(made, "Bluepeak", "006", "001")
    assert total((item.amount for item in project.milestones), "USD") == made.value
    assert all(
        abs(part.rate * part.quantity - part.amount) < Decimal("0.01") for part in contract_part(made, project).lines
    )


def test_a_line_of_an_unknown_sku_names_the_nearest_packages() -> None:
    (found,) = lacks(offer(sold(sku="CLUOD"), billing_method="milestone"), CUSTOMER, firm())
    assert (found.kind, found.key, found.field) == ("mapping", "CLUOD", "lines.product_code")
    assert "CLOUD (Cloud readiness)" in found.message


def test_without_a_catalogue_or_for_a_sku_taken_as_quoted_nothing_changes() -> None:
    quoted = deal(sold(sku="ANY", description="Workshop"), billing_method="fixed_price")
    plain = draft_contract(quoted, CUSTOMER, "eng_1", FIRM)
    assert lacks(quoted, CUSTOMER, FIRM) == []
    assert drafted(quoted, firm(as_quoted=("ANY",))) == plain


@pytest.mark.parametrize(
    ("lines", "changed", "words"),
    [
        ((sold(quantity=6),), {}, "'Cloud readiness' has no effort for the quantity 6"),
        ((sold(),), {"retired_on": date(2026, 2, 19)}, "'Cloud readiness' is not sold any more since 2026-02-19"),
        ((sold(),), {"depends_on": ["base"]}, "'Cloud readiness' is not sold without Foundation"),
    ],
)
def test_a_package_that_cannot_be_sold_so_is_told(
    lines: tuple[OpportunityLine, ...], changed: dict[str, Any], words: str
) -> None:
    base = package(id="base", name="Foundation", sku=["BASE"])
    assert told(offer(*lines), firm(package(**changed), base)) == [words]


@pytest.mark.parametrize("method", ["milestone", "time_and_materials"])
@pytest.mark.parametrize(
    ("quantity", "price", "words"),
    [
        ("1e300", "0", "more than a package can hold"),
        ("1", "1e300", "more than a contract can hold"),
        ("1e300", "1e300", "more than a contract can hold"),
    ],
)
def test_a_quantity_or_price_out_of_all_bounds_is_told(method: str, quantity: str, price: str, words: str) -> None:
    plans: list[dict[str, Any]] = [{}, {"milestone": [], "subscription": {}}]
    for plan in plans:
        quote = sold(quantity=Decimal(quantity), unit_price=Decimal(price))
        assert any(words in one for one in told(offer(quote, billing_method=method), firm(package(**plan))))


def test_a_contract_at_the_end_of_the_calendar_has_dates_too() -> None:
    last = date(9999, 12, 31)
    terms = {"start_date": date(9999, 11, 15), "end_date": last}
    late = {"phase": [CLOUD["phase"][1] | {"starts_after_days": 36_500, "days": 36_500}]}
    made = drafted(offer(**terms), firm(package(**late)))
    assert {(one.start_date, one.end_date) for one in made.lines} == {(last, last)}
    (found,) = drafted(offer(sold(quantity=2), **terms), firm(package(**SERVICE, **late))).billing_terms.subscriptions
    assert found.end_date == last


def test_a_role_without_a_rate_and_packages_that_contradict_each_other_are_told() -> None:
    other = package(id="other", sku=["OTHER"], dimensions={"practice": "Data"})
    assert told(offer(sold(), sold(2, sku="OTHER")), firm(package(), other)) == [
        "its packages want different values of the dimension practice: Cloud, Data"
    ]
    assert told(offer(currency="JPY")) == ["role 'Senior Consultant' has no standard rate in JPY"]


def test_a_price_far_below_the_list_or_another_billing_method_needs_an_approval() -> None:
    made = drafted(offer(sold(unit_price="8499.99"), billing_method="fixed_price"))
    assert made.deviations == (
        "Cloud readiness at USD 8,499.99 instead of USD 10,000.00",
        "Cloud readiness by fixed_price instead of milestone",
    )
    assert drafted(offer(sold(unit_price="8500"))).is_standard


def test_a_newer_catalogue_is_no_change_of_a_running_contract_but_another_quote_is() -> None:
    running = drafted(offer(sold(), line(2)))
    newer = firm(package(version=2, milestone=[], phase=CLOUD["phase"][1:], dimensions={}))
    assert commercial_differences(running, draft_contract(offer(sold(), line(2)), CUSTOMER, "eng_1", newer)) == []
    more = offer(sold(quantity=2, unit_price="4750.005"), line(2))
    assert commercial_differences(running, draft_contract(more, CUSTOMER, "eng_1", newer)) != []


SERVICE: dict[str, Any] = {"milestone": [], "subscription": {"period": "month"}, "billing_method": "fixed_price"}


def test_a_subscription_is_billed_for_the_periods_that_were_quoted_at_the_price_of_one() -> None:
    made = drafted(offer(sold(quantity=4, unit_price="9500.01")), firm(package(**SERVICE)))
    (found,) = made.billing_terms.subscriptions
    assert (found.price, found.period, found.in_advance) == (Decimal("9500.01"), "month", True)
    assert (found.start_date, found.end_date) == (START, date(2026, 6, 30))
    assert (made.value.amount, made.billing_terms.currency) == (Decimal("38000.04"), "USD")
    assert made.billing_schedule.items == (), "nothing is billed twice"


@pytest.mark.parametrize("start", [date(2026, 3, 1), date(2026, 3, 31), date(2028, 2, 29)])
@given(quantity=st.integers(1, 30), cents=st.integers(0, 10**9), period=st.sampled_from(["month", "quarter", "year"]))
def test_the_periods_of_a_subscription_come_to_what_was_quoted(
    start: date, quantity: int, cents: int, period: str
) -> None:
    service = package(**SERVICE | {"subscription": {"period": period}}, phase=CLOUD["phase"][1:])
    quote = sold(quantity=quantity, unit_price=Decimal(cents) / 100)
    made = drafted(offer(quote, start_date=start, end_date=date(2090, 12, 31)), firm(service))
    timeline = Timeline(((made.start_date, made),), "prj_1")
    charges = list(subscription_charges(timeline, date(2099, 1, 1), date(2099, 1, 1)))
    assert sum((charge.amount for charge in charges), Decimal(0)) == made.value.amount
    assert len(charges) == (quantity if cents else 0)


@pytest.mark.parametrize(
    ("quantity", "price", "words"),
    [
        ("1.5", "100", "'Cloud readiness' is quoted for 1.5 months, the contract runs over 6"),
        ("7", "100", "'Cloud readiness' is quoted for 7 months, the contract runs over 6"),
        ("4", "100.005", "'Cloud readiness' costs 100.005 a month, which cannot be billed"),
    ],
)
def test_a_subscription_that_cannot_be_billed_as_quoted_is_told(quantity: str, price: str, words: str) -> None:
    service = package(**SERVICE, phase=CLOUD["phase"][1:])
    assert told(offer(sold(quantity=quantity, unit_price=price)), firm(service)) == [words]


PRICES = st.decimals(min_value=0, max_value=10_000_000, places=4)
QUANTITIES = st.decimals(min_value=Decimal("0.01"), max_value=10, places=2)
METHODS = st.sampled_from(["time_and_materials", "fixed_price", "milestone", "retainer"])


@given(
    sold_package=packages(roles=("Consultant",)),
    quotes=st.lists(st.tuples(QUANTITIES, PRICES), min_size=1, max_size=4),
    method=METHODS,
    currency=st.sampled_from(["USD", "JPY"]),
    region=st.sampled_from(["EMEA", "Americas"]),
)
def test_whatever_is_quoted_is_worked_and_billed_to_the_last_cent_in_any_order_of_the_lines(
    sold_package: ServicePackage, quotes: list[Any], method: str, currency: str, region: str
) -> None:
    lines = [sold(number, quantity=quantity, unit_price=price) for number, (quantity, price) in enumerate(quotes)]
    terms = {"billing_method": method, "currency": currency, "region": region}
    of = firm(sold_package)
    made = draft_contract(offer(*lines, **terms), CUSTOMER, "eng_1", of)
    assert made.value.amount == sum(rounded(one.amount, currency) for one in lines)
    assert made.value == total((one.amount for one in made.lines), currency)
    assert all(one.hours > 0 and one.amount.amount >= 0 for one in made.lines)
    planned = total((item.amount for item in made.billing_schedule.items), currency)
    assert method == "time_and_materials" or planned == made.value
    turned = draft_contract(offer(*reversed(lines), **terms), CUSTOMER, "eng_1", of)
    assert {one.id: one for one in turned.lines} == {one.id: one for one in made.lines}
    assert {one.id: one for one in turned.billing_schedule.items} == {
        one.id: one for one in made.billing_schedule.items
    }


@given(
    sold_package=packages(roles=("Consultant",)),
    subscribed=st.booleans(),
    by_time=st.sets(st.sampled_from(["One 🚀", "Two 🚀"])),
    progress=st.sampled_from([None, "One 🚀", "everything"]),
    quantity=st.integers(1, 6),
)
def test_no_part_of_a_package_is_billed_twice_whatever_its_service_line_agrees(
    sold_package: ServicePackage, subscribed: bool, by_time: set[str], progress: str | None, quantity: int
) -> None:
    plan = {"subscription": PackageSubscription(), "milestone": ()} if subscribed else {}
    of = firm(sold_package.model_copy(update=plan))
    terms = BillingTerms(
        methods=dict.fromkeys(by_time, "time_and_materials"),
        progress=(Progress(id="p", workstream=None if progress == "everything" else progress),) if progress else (),
    )
    (line_of_service,) = of.service_lines
    of = of.model_copy(update={"service_lines": (line_of_service.model_copy(update={"billing": terms}),)})
    made = draft_contract(offer(sold(quantity=quantity), billing_method="fixed_price"), CUSTOMER, "eng_1", of)
    billed = total((item.amount for item in made.billing_schedule.items), "USD").amount
    billed += sum((one.price * quantity for one in made.billing_terms.subscriptions), Decimal(0))
    billed += sum((price_of(one, made) for one in made.billing_terms.progress), Decimal(0))
    billed += sum((one.amount.amount for one in made.lines if one.billing_method), Decimal(0))
    assert billed == made.value.amount


@given(sold_package=packages(), more=st.integers(1, 3))
def test_ids_stay_when_another_line_is_added(sold_package: ServicePackage, more: int) -> None:
    of = firm(sold_package)
    terms = {"billing_method": "fixed_price"}
    before = draft_contract(offer(sold(), **terms), CUSTOMER, "eng_1", of)
    lines = [sold(number) for number in range(1, more + 2)]
    after = draft_contract(offer(*reversed(lines), **terms), CUSTOMER, "eng_1", of)
    assert {one.id for one in before.lines} <= {one.id for one in after.lines}
    assert len({one.id for one in after.lines}) == len(after.lines)
    kept = {one.id for one in before.billing_schedule.items}
    assert kept <= {one.id for one in after.billing_schedule.items}
