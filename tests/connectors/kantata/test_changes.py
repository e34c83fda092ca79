"""The sweep of changed projects, and deletions with the events add-on."""

from collections.abc import Callable

from tests.connectors.kantata.delivery import LENA, Delivery, changed_since, ensure, milestone, task
from tieline.sdk.connected import Connected
from tieline.sdk.roles import Psa


def test_all_projects_come_first_then_only_changed_ones(psa: Psa, delivery: Delivery) -> None:
    ids = [delivery.project(f"Project {number}") for number in range(3)]
    delivery.later(600)
    found, cursor = changed_since(psa, None)
    assert sorted(found) == ids
    delivery.later(600)
    found, cursor = changed_since(psa, cursor)
    delivery.change("workspaces", ids[1], title="Renamed")
    delivery.later(60)
    found, _ = changed_since(psa, cursor)
    assert ids[1] in found
    assert ids[0] not in found


def test_staffing_and_milestones_change_their_project(psa: Psa, delivery: Delivery, workspace: str) -> None:
    story = ensure(psa.ensure_milestone, milestone(), project=workspace)
    plain = ensure(psa.ensure_wbs_element, task(), project=workspace)
    resource = delivery.create("workspace_resources", workspace_id=int(workspace), user_id=delivery.person(LENA))
    delivery.later(3600)
    _, cursor = changed_since(psa, None)

    def changes_after(change: Callable[[], object]) -> set[str]:
        nonlocal cursor
        delivery.later(3600)
        _, cursor = changed_since(psa, cursor)
        change()
        delivery.later(5)
        found, cursor = changed_since(psa, cursor)
        return set(found)

    allocation = {"resource_id": int(resource), "start_date": "2026-01-05", "end_date": "2026-01-06", "minutes": 60}
    assert changes_after(lambda: delivery.create("workspace_allocations", **allocation)) == {workspace}
    assert changes_after(lambda: delivery.change("stories", story, state="completed")) == {workspace}
    assert changes_after(lambda: delivery.change("workspace_resources", resource, label="Lead")) == {workspace}
    assert changes_after(lambda: delivery.change("stories", plain, title="Renamed")) == set()


def test_a_hundred_changes_of_one_moment_come_over_restarts(
    connecting: Callable[..., Connected], delivery: Delivery
) -> None:
    ids = [delivery.project(f"Project {number}") for number in range(100)]
    delivery.later(600)
    found: list[str] = []
    cursor, more = None, True
    while more:
        psa = connecting(page_size=7).psa
        assert psa is not None
        page = psa.list_changed_projects(cursor)
        found += [item.external_id for item in page.items]
        cursor, more = page.cursor, page.more
    assert set(found) == set(ids)


def test_with_the_add_on_deletions_are_seen(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    delivery.customize(settings={"events_addon": True, "events_duplicate_every": 2, "events_disorder_every": 3})
    psa = connecting(events=True).psa
    assert psa is not None
    project = delivery.project()
    delivery.later(60)
    _, cursor = changed_since(psa, None)
    delivery.call("DELETE", f"workspaces/{project}")
    delivery.later(5)
    items = psa.list_changed_projects(cursor).items
    assert {item.external_id for item in items if item.deleted} == {project}
