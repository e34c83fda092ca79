"""Planning projects: one per delivering entity, ids and codes that stay, and sums that add up."""

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.flows.deals import contract, fixed, line
from tests.flows.test_terms import LINES, METHODS
from tieline.flows.plan import contract_part, plan_projects, project_code
from tieline.model.contract import ContractVersion
from tieline.model.money import total
from tieline.model.project import Project


def planned(version: ContractVersion) -> list[Project]:
    return plan_projects(version, "Bluepeak Energy", "006", "001")


def test_one_delivering_entity_makes_one_project_with_a_phase_per_workstream_and_a_task_per_role() -> None:
    (project,) = planned(contract(line(1), line(2, role="Senior Consultant", unit_price=210), line(3, workstream="X")))
    assert [(one.code, one.name, one.parent_id is None, one.billable) for one in project.wbs] == [
        ("1", "Mobilise", True, False),
        ("2", "Build", True, True),
        ("2.1", "Build: Consultant", False, True),
        ("2.2", "Build: Senior Consultant", False, True),
        ("3", "X", True, True),
        ("3.1", "X: Consultant", False, True),
        ("4", "Hand over", True, False),
    ]
    assert project.name == "Bluepeak rollout"
    assert project.dimensions == {"department": "Technology", "legal_entity": "US"}


def test_several_delivering_entities_make_several_projects_and_the_signing_one_comes_first() -> None:
    projects = planned(contract(line(1, delivering_entity="DE"), line(2), line(3, delivering_entity="UK")))
    assert [(one.legal_entity, one.name) for one in projects] == [
        ("US", "Bluepeak rollout (US)"),
        ("DE", "Bluepeak rollout (DE)"),
        ("UK", "Bluepeak rollout (UK)"),
    ]
    assert len({one.id for one in projects}) == len({one.code for one in projects}) == 3


def test_codes_and_ids_are_the_same_on_every_rebuild() -> None:
    (project,) = planned(contract())
    assert project.id == "prj_5ad0cd9988f252e3afa727b80473d03f"
    assert project.code == project_code(project.id) == "P-6IWQGV"
    newer = contract(line(1, quantity=99), name="Renamed").model_copy(update={"version": 2})
    assert planned(newer)[0].id == project.id


@given(st.text(max_size=40))
def test_a_code_is_short_and_can_be_said(project: str) -> None:
    code = project_code(project)
    assert len(code) == 8
    assert code.startswith("P-")
    assert code[2:].isalnum()
    assert code == code.upper()


@given(rows=LINES, method=METHODS)
def test_projects_add_up_to_the_contract_and_milestones_to_their_project(rows: list[Any], method: str) -> None:
    version = contract(
        *(
            line(number, role=role, delivering_entity=entity, quantity=quantity, unit_price=price)
            for number, (role, entity, quantity, price) in enumerate(rows)
        ),
        billing_method=method,
    )
    projects = planned(version)
    assert total((one.value for one in projects), "USD") == version.value
    assert sum((one.budget.hours for one in projects), Decimal(0)) == version.budget.hours
    assert Counter(m.id for p in projects for m in p.milestones) == Counter(
        item.id for item in version.billing_schedule.items
    )
    for project in projects:
        assert sum(item.hours for item in project.demand) == project.budget.hours
        assert sum(item.planned_hours for item in project.wbs) == project.budget.hours
        assert project.summary.value == project.budget.revenue == project.value
        part = contract_part(version, project)
        assert part.value == project.value
        assert sum(one.amount for one in part.lines) == project.value.amount
        if method != "time_and_materials":
            assert total((one.amount for one in project.milestones), "USD") == project.value
        ids = [item.id for item in (*project.wbs, *project.milestones, *project.demand)]
        assert len(set(ids)) == len(ids)


def test_a_fixed_price_that_others_deliver_is_billed_by_them() -> None:
    version = contract(line(1, delivering_entity="DE"), line(2, delivering_entity="UK"), billing_method="fixed_price")
    assert [(p.legal_entity, [(m.name, str(m.amount)) for m in p.milestones]) for p in planned(version)] == [
        ("DE", [("Completion (DE)", "USD 1,650.00")]),
        ("UK", [("Completion (UK)", "USD 1,650.00")]),
    ]


def test_a_workstream_named_like_a_phase_of_the_template_is_one_phase() -> None:
    (project,) = planned(contract(line(1, workstream="Mobilise"), line(2, workstream="Hand over")))
    assert [one.name for one in project.wbs if one.parent_id is None] == ["Mobilise", "Hand over"]
    assert all(one.billable for one in project.wbs)


def test_a_project_of_fixed_amounts_only_asks_for_nobody() -> None:
    (project,) = planned(contract(fixed(1, "100"), fixed(2, "50"), billing_method="milestone"))
    assert project.demand == ()
    assert [one.name for one in project.wbs] == ["Mobilise", "Hand over"]
    assert [one.name for one in project.milestones] == ["Deliverable 1", "Deliverable 2"]


def test_the_erps_part_holds_hours_at_rates_and_fixed_amounts_as_one_piece() -> None:
    version = contract(line(1), fixed(2, "5000"), line(3, delivering_entity="DE"))
    part = contract_part(version, planned(version)[0])
    assert [(one.item, str(one.quantity), str(one.rate), str(one.amount)) for one in part.lines] == [
        ("Consultant", "10", "165", "1650.00"),
        ("fixed", "1", "5000.00", "5000.00"),
    ]
    assert part.id == f"{version.id}:US"
