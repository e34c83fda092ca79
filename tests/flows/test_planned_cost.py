"""The planned cost of a project: by role, entity and day, kept for a version, and not told by half."""

from datetime import date
from decimal import Decimal

from tests.flows.deals import FIRM, contract, line
from tieline.flows.plan import plan_projects
from tieline.flows.planned_cost import with_planned_cost
from tieline.model.contract import ContractVersion
from tieline.model.firm import CostRate, Firm, Person
from tieline.model.project import Project

COSTLY = FIRM.model_copy(
    update={
        "people": (
            Person(id="a@x.example", name="A", role="Consultant", legal_entity="US", cost_rate=Decimal(80)),
            Person(id="b@x.example", name="B", role="Consultant", legal_entity="US", cost_rate=Decimal(100)),
            Person(id="c@x.example", name="C", role="Consultant", legal_entity="UK", cost_rate=Decimal(50)),
        )
    }
)


def planned(version: ContractVersion, known: Project | None = None, firm: Firm = COSTLY) -> Project:
    (plan,) = plan_projects(version, "Bluepeak Energy", "006", "001")
    return with_planned_cost(plan, version, known, firm)


def test_the_hours_of_a_role_cost_what_its_people_of_the_entity_cost_on_average() -> None:
    version = contract(line(1, quantity=10), line(2, quantity=5, workstream="X"))
    cost = planned(version).budget.cost
    assert cost is not None
    assert (cost.amount, cost.currency) == (Decimal("1350.00"), "USD")


def test_a_plan_is_kept_when_rates_change_and_made_anew_for_the_next_version() -> None:
    version = contract(line(1, quantity=10))
    known = planned(version)
    rise = tuple(
        CostRate(id=one.id, person=one.id, cost_rate=Decimal(200), valid_from=date(2020, 1, 1)) for one in COSTLY.people
    )
    dearer = COSTLY.model_copy(update={"cost_rates": rise})
    assert planned(version, known, dearer).budget.cost == known.budget.cost
    newer = planned(version.model_copy(update={"version": 2}), known, dearer).budget.cost
    assert newer is not None
    assert newer.amount == 2000


def test_with_a_role_of_unknown_cost_or_without_hours_there_is_no_planned_cost() -> None:
    assert planned(contract(line(1), line(2, role="Senior Consultant", unit_price=210))).budget.cost is None
    assert planned(contract(line(1)), firm=FIRM).budget.cost is None
