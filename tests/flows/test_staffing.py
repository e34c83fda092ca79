"""Staffing: who is confirmed, and what it will cost in the currency of the cost."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.flows.deals import FIRM, contract, line
from tieline.flows.plan import plan_projects
from tieline.flows.staffing import cost_forecasts, staffing_summary
from tieline.model.firm import CostRate, Person
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.model.staffing import Assignment

TOM, LENA = "tom@haldenmarsh.example", "lena@haldenmarsh.example"


@pytest.fixture
def project() -> Project:
    """Fifteen hours are wanted."""
    return plan_projects(contract(line(1), line(2, workstream="Test", quantity=5)), "Bluepeak", "006", "001")[0]


def assigned(person: str | None, minutes: int, **changed: Any) -> Assignment:
    usual = {"project_ref": "7", "start_date": date(2026, 4, 1), "end_date": date(2026, 5, 1), "confirmed": True}
    return Assignment.model_validate(usual | {"id": f"asg_{person}", "person": person, "minutes": minutes} | changed)


@pytest.mark.parametrize(
    ("minutes", "status"),
    [
        ([], "not staffed"),
        ([0], "not staffed"),
        ([60], "partly staffed"),
        ([600, 299], "partly staffed"),
        ([600, 300], "staffed"),
        ([6000], "staffed"),
    ],
)
def test_a_project_is_staffed_when_all_requested_hours_are_confirmed(
    project: Project, minutes: list[int], status: str
) -> None:
    found = staffing_summary(project, [assigned(TOM, one) for one in minutes])
    assert found.status == status
    assert found.requested_hours == 15
    assert found.id == project.id


def test_only_confirmed_allocations_count_and_a_person_is_named_once(project: Project) -> None:
    found = staffing_summary(
        project,
        [
            assigned(TOM, 20, start_date=date(2026, 4, 2)),
            assigned(TOM, 20),
            assigned(LENA, 6000, confirmed=False, start_date=date(2026, 3, 1)),
            assigned(None, 20),
        ],
    )
    assert found.people == (TOM,)
    assert str(found.confirmed_hours) == "1.00"
    assert found.first_start == date(2026, 4, 1)


def test_a_cost_is_in_the_currency_of_the_persons_entity_and_not_of_the_project(project: Project) -> None:
    found = cost_forecasts(project, [assigned(TOM, 90), assigned(LENA.upper(), 100)], FIRM)
    assert [(one.person, str(one.hours), str(one.cost)) for one in found] == [
        (TOM, "1.50", "USD 142.50"),
        (LENA.upper(), "1.67", "EUR 146.96"),
    ]


def test_nobody_unconfirmed_unnamed_unknown_or_without_a_cost_is_forecast(project: Project) -> None:
    nobody = [
        assigned(TOM, 60, confirmed=False),
        assigned(None, 60),
        assigned("stranger@x.example", 60),
        assigned("new@haldenmarsh.example", 60),
    ]
    assert cost_forecasts(project, nobody, FIRM) == []


def test_a_rate_that_changes_within_an_assignment_counts_from_its_day(project: Project) -> None:
    change = CostRate(id="c", person=TOM, cost_rate=Decimal(100), valid_from=date(2026, 4, 6))
    tom = Person(id=TOM, name="Tom", role="Consultant", legal_entity="US", cost_rate=Decimal(80))
    firm = FIRM.model_copy(update={"people": (tom,), "cost_rates": (change,)})
    two_weeks = assigned(TOM, 60 * 100, start_date=date(2026, 3, 30), end_date=date(2026, 4, 10))
    (found,) = cost_forecasts(project, [two_weeks], firm)
    assert found.cost == Money(amount=Decimal("9000.00"), currency="USD"), "half at 80, half at 100"


def test_a_day_without_any_rate_leaves_the_cost_unknown(project: Project) -> None:
    later = CostRate(id="c", role="Consultant", cost_rate=Decimal(100), valid_from=date(2026, 4, 6))
    tom = Person(id=TOM, name="Tom", role="Consultant", legal_entity="US")
    firm = FIRM.model_copy(update={"people": (tom,), "cost_rates": (later,)})
    assert cost_forecasts(project, [assigned(TOM, 60, start_date=date(2026, 3, 30))], firm) == []
    assert len(cost_forecasts(project, [assigned(TOM, 60, start_date=date(2026, 4, 6))], firm)) == 1
