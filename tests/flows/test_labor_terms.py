"""Labor terms: what the firm's files say of a person on a day, as far as the site wants it told."""

from datetime import date, timedelta
from decimal import Decimal

from tieline.flows.labor_terms import terms_of
from tieline.model.firm import CostRate, Firm, LegalEntity, Person
from tieline.model.labor_terms import LaborField, LaborTerms
from tieline.model.working_time import UtilizationTarget, WorkingCalendar, WorkingTime

MARCH = date(2026, 3, 1)
COST: tuple[LaborField, ...] = ("cost_rate",)
CALENDAR: tuple[LaborField, ...] = ("working_calendar",)
LENA = Person(id="lena@x.example", name="Lena", role="Consultant", legal_entity="DE", location="Munich")
MUNICH = WorkingCalendar(legal_entity="DE", location="Munich", country="DE", subdivision="BY")
RATES = (
    CostRate(id="1", role="Consultant", cost_rate=Decimal(80), valid_from=date(2026, 1, 1)),
    CostRate(id="2", person=LENA.id, cost_rate=Decimal("85.50"), valid_from=MARCH),
)


def firm() -> Firm:
    working = WorkingTime(calendar=(MUNICH,), target=(UtilizationTarget(role="Consultant", share=Decimal("0.8")),))
    entities = (LegalEntity(id="DE", name="DE", country="DE", currency="EUR"),)
    return Firm(
        id="firm", name="Firm", legal_entities=entities, service_lines=(), people=(LENA,), cost_rates=RATES,
        working_time=working,
    )  # fmt: skip


def test_only_the_wanted_fields_are_told_each_as_its_day_says() -> None:
    every = terms_of(LENA, firm(), ("cost_rate", "utilization_target", "working_calendar"), MARCH)
    assert (every.cost_rate, every.currency, every.utilization_target, every.working_calendar) == (
        Decimal("85.50"),
        "EUR",
        Decimal("0.8"),
        "Munich",
    )
    early = terms_of(LENA, firm(), COST, MARCH - timedelta(days=1))
    assert (early.cost_rate, early.utilization_target, early.working_calendar) == (Decimal(80), None, None)
    elsewhere = LENA.model_copy(update={"location": "Rome"})
    assert terms_of(elsewhere, firm(), CALENDAR, MARCH).working_calendar == "DE"


def test_the_cost_of_a_person_is_class_c3_and_the_files_are_its_owner() -> None:
    mark = LaborTerms.owner_of("cost_rate")
    assert (mark.owner, mark.field_class) == ("hcm", "C3")
