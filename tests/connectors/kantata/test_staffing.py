"""People wanted, allocations, and the people themselves."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from tests.connectors.kantata.delivery import LEAD, LENA, START, Delivery, ensure, project, request
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unclear
from tieline.sdk.roles import Psa


def test_a_request_is_an_unnamed_resource_its_exact_hours_and_a_question(
    psa: Psa, delivery: Delivery, workspace: str
) -> None:
    resource = ensure(psa.ensure_resource_request, request(), project=workspace)
    row = delivery.one("workspace_resources", resource, include="role,user,workspace")
    assert (row["full_name"], row["user_id"], row["workspace_id"]) == ("Consultant", None, workspace)
    (allocation,) = delivery.list("workspace_allocations", workspace_resource_ids=resource)
    assert (allocation["minutes"], allocation["hard"]) == (12090, False)
    assert (allocation["start_date"], allocation["end_date"]) == ("2026-01-05", "2026-03-06")
    assert allocation["notes"] == "Region: EMEA\nSkills: SCADA, Python"
    (asked,) = delivery.list("resource_requests", include="resource,approvers")
    assert (asked["resource_id"], asked["approver_ids"]) == (resource, [str(delivery.person(LEAD))])


def test_a_request_ensured_twice_is_one_and_follows_the_plan(psa: Psa, delivery: Delivery, workspace: str) -> None:
    operation = psa.ensure_resource_request
    first = ensure(operation, request(), project=workspace)
    changed = request(role="Data Engineer", hours=Decimal(10))
    assert ensure(operation, changed, project=workspace) == first
    counts = [len(delivery.list(name)) for name in ("workspace_resources", "workspace_allocations")]
    assert (counts, len(delivery.list("resource_requests"))) == ([1, 1], 1)
    assert delivery.list("workspace_allocations")[0]["minutes"] == 600
    role = delivery.one("workspace_resources", first, include="role")["role_id"]
    assert delivery.one("roles", role)["name"] == "Data Engineer"


@pytest.mark.parametrize(
    "broken", ["workspace_resources.create", "workspace_allocations.create", "resource_requests.create"]
)
@pytest.mark.parametrize("effect", ["drop_before", "drop_after"])
def test_a_request_that_broke_off_is_completed_and_not_doubled(
    psa: Psa, delivery: Delivery, workspace: str, broken: str, effect: str
) -> None:
    delivery.fault(broken, effect)
    with pytest.raises(Unclear):
        ensure(psa.ensure_resource_request, request(), project=workspace)
    ensure(psa.ensure_resource_request, request(), project=workspace)
    names = ("workspace_resources", "workspace_allocations", "resource_requests")
    assert [len(delivery.list(name)) for name in names] == [1, 1, 1]


def test_an_unknown_role_is_refused_before_anything_is_written(psa: Psa, delivery: Delivery, workspace: str) -> None:
    with pytest.raises(Rejected) as refused:
        ensure(psa.ensure_resource_request, request(role="Astrologer"), project=workspace)
    assert refused.value.message == "Request for Astrologer: Kantata has no role 'Astrologer'"
    assert (refused.value.key, refused.value.owner) == ("Astrologer", "resource")
    assert delivery.list("workspace_resources") == []


def test_the_site_names_who_approves(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    psa = connecting(approvers=[LENA]).psa
    assert psa is not None
    ensure(psa.ensure_resource_request, request(), project=ensure(psa.ensure_project, project()))
    (asked,) = delivery.list("resource_requests", include="approvers")
    assert asked["approver_ids"] == [str(delivery.person(LENA))]


def test_a_staffed_request_belongs_to_kantata(psa: Psa, delivery: Delivery, workspace: str) -> None:
    operation = psa.ensure_resource_request
    resource = ensure(operation, request(), project=workspace)
    (asked,) = delivery.list("resource_requests")
    lena = delivery.person(LENA)
    delivery.change("resource_requests", asked["id"], request_resolution_status="approve", user_id=lena)
    assert ensure(operation, request(hours=Decimal(1)), project=workspace) == resource
    (allocation,) = delivery.list("workspace_allocations")
    assert (allocation["minutes"], allocation["hard"]) == (12090, True)
    assert operation.withdraw is not None
    with pytest.raises(Rejected) as refused:
        operation.withdraw(resource)
    assert "Lena Brandt is staffed on it" in refused.value.message


def test_a_withdrawn_request_is_cancelled_and_can_be_made_again(psa: Psa, delivery: Delivery, workspace: str) -> None:
    operation = psa.ensure_resource_request
    resource = ensure(operation, request(), project=workspace)
    assert operation.withdraw is not None
    operation.withdraw(resource)
    assert [row["status"] for row in delivery.list("resource_requests")] == ["cancelled"]
    assert delivery.list("workspace_allocations")[0]["minutes"] == 0
    assert ensure(operation, request(), project=workspace) == resource
    assert sorted(row["status"] for row in delivery.list("resource_requests")) == ["cancelled", "new"]
    assert delivery.list("workspace_allocations")[0]["minutes"] == 12090
    assert operation.read_back is not None
    assert operation.read_back(resource)["allocation"][0]["minutes"] == 12090


def test_assignments_tell_person_role_and_whether_they_are_confirmed(
    psa: Psa, delivery: Delivery, workspace: str
) -> None:
    ensure(psa.ensure_resource_request, request(), project=workspace)
    named = delivery.create("workspace_resources", workspace_id=int(workspace), user_id=delivery.person(LENA))
    delivery.create(
        "workspace_allocations",
        resource_id=int(named),
        start_date="2026-01-05",
        end_date="2026-02-27",
        minutes=4800,
        hard=True,
    )
    elsewhere = delivery.create(
        "workspace_resources", workspace_id=int(delivery.project()), user_id=delivery.person(LENA)
    )
    delivery.create(
        "workspace_allocations", resource_id=int(elsewhere), start_date="2026-01-05", end_date="2026-01-05", minutes=60
    )
    planned, confirmed = sorted(psa.read_assignments(workspace), key=lambda one: one.confirmed)
    assert (planned.person, planned.role, planned.minutes) == (None, "Consultant", 12090)
    assert (confirmed.person, confirmed.person_ref) == (LENA, str(delivery.person(LENA)))
    assert (confirmed.role, confirmed.minutes, confirmed.start_date) == ("Senior Consultant", 4800, START)
    assert (confirmed.project_ref, confirmed.confirmed) == (workspace, True)
    assert confirmed.source_version > 1_700_000_000_000_000
    assert [one.id for one in psa.read_assignments(workspace)] == [one.id for one in psa.read_assignments(workspace)]


def test_assignments_of_a_project_that_is_gone_are_refused(psa: Psa) -> None:
    with pytest.raises(Rejected) as refused:
        psa.read_assignments("999")
    assert refused.value.kind == "master_data"


def test_people_carry_e_mail_role_and_their_id(psa: Psa, delivery: Delivery) -> None:
    people = {person.email: person for person in psa.list_people()}
    assert people[LENA].name == "Lena Brandt"
    assert (people[LENA].role, people[LENA].ref) == ("Senior Consultant", str(delivery.person(LENA)))
    assert len(people) == 8


def test_time_off_comes_by_person_and_day_from_a_day_on(psa: Psa, delivery: Delivery) -> None:
    rows = [
        {"user_id": delivery.person(LENA), "requested_date": day, "hours": hours}
        for day, hours in (("2026-03-02", 8), ("2026-03-03", 7.5), ("2026-02-27", 8))
    ]
    delivery.call("POST", "time_off_entries", {"time_off_entries": rows})
    found = sorted(psa.list_time_off(date(2026, 3, 1)), key=lambda one: one.day)
    assert [(one.person, one.day, one.hours) for one in found] == [
        (LENA, date(2026, 3, 2), 8),
        (LENA, date(2026, 3, 3), Decimal("7.5")),
    ]
    assert len({one.id for one in found}) == 2


def test_time_that_is_handed_in_is_told_until_somebody_decides(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    first, second = (delivery.entry(project, minutes, date(2026, 3, day)) for minutes, day in ((90, 3), (60, 4)))
    delivery.entry(project, 30, date(2026, 3, 5))
    sheet = delivery.submit(project, first, second)
    assert [
        (one.person, one.day, one.minutes, one.project_ref) for one in psa.list_submitted_time(date(2026, 3, 1))
    ] == [
        (LENA, date(2026, 3, 3), 90, project),
        (LENA, date(2026, 3, 4), 60, project),
    ]
    assert psa.list_submitted_time(date(2026, 3, 20)) == []
    delivery.decide(sheet, "reject")
    assert psa.list_submitted_time(date(2026, 3, 1)) == []
