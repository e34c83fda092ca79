"""Projects, tasks, milestones, posts and what finance shows."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.kantata.delivery import END, LEAD, Delivery, ensure, milestone, project, task, usd
from tieline.model.invoice import ProjectFinancials
from tieline.model.notice import Notice
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.roles import Psa


def financials(**changes: Any) -> ProjectFinancials:
    values: dict[str, Any] = {
        "id": "prj_1",
        "contract_value": usd("120000"),
        "billed_to_date": usd("40000.50"),
        "paid_to_date": usd("0"),
        "outstanding": usd("40000.50"),
        "unbilled": usd("1250.25"),
        "hours_worked": Decimal(10),
        "hours_budgeted": Decimal(600),
        "burn_percent": Decimal("1.7"),
        "cost_to_date": usd("777.77"),
        "margin_percent": Decimal("51.5"),
        "collection_status": "current",
    }
    return ProjectFinancials(**values | changes)


def test_a_project_ensured_twice_is_one_and_holds_the_plan(psa: Psa, delivery: Delivery) -> None:
    first = ensure(psa.ensure_project, project())
    assert ensure(psa.ensure_project, project(name="Grid modernisation II", value=usd("150000.49"))) == first
    row = delivery.one("workspaces", first, include="primary_maven,approvers,primary_workspace_group")
    assert len(delivery.list("workspaces")) == 1
    assert (row["title"], row["start_date"], row["due_date"]) == ("Grid modernisation II", "2026-01-05", "2026-06-30")
    assert (row["price_in_cents"], row["currency"], row["budgeted"]) == (15000000, "USD", True)
    assert (row["require_time_approvals"], row["require_expense_approvals"]) == (True, True)
    lead = str(delivery.person(LEAD))
    assert (row["primary_maven_id"], row["approver_ids"]) == (lead, [lead])
    group = delivery.one("workspace_groups", row["primary_workspace_group_id"])
    assert (group["name"], group["company"]) == ("Bluepeak Energy", True)


def test_projects_of_one_customer_share_its_group_and_namesakes_do_not(psa: Psa, delivery: Delivery) -> None:
    ids = [
        ensure(psa.ensure_project, project(id=f"prj_{number}", customer_id=customer))
        for number, customer in enumerate(("cus_1", "cus_1", "cus_2"))
    ]
    rows = [delivery.one("workspaces", one, include="primary_workspace_group") for one in ids]
    groups = [row["primary_workspace_group_id"] for row in rows]
    assert groups[0] == groups[1] != groups[2]


def test_a_group_that_is_there_already_is_used(psa: Psa, delivery: Delivery) -> None:
    group = delivery.create("workspace_groups", name="Bluepeak Energy")
    row = delivery.one("workspaces", ensure(psa.ensure_project, project()), include="primary_workspace_group")
    assert row["primary_workspace_group_id"] == group


def test_a_project_of_that_name_and_customer_made_by_hand_is_shown_to_a_person(psa: Psa, delivery: Delivery) -> None:
    operation = psa.ensure_project
    payload = operation.render(project(), {})
    assert operation.candidates is not None
    assert operation.candidates(payload) == []
    group = delivery.create("workspace_groups", name="Bluepeak Energy")
    mine = delivery.project("Grid modernisation", primary_workspace_group_id=int(group))
    delivery.project("Grid modernisation")
    assert [found.external_id for found in operation.candidates(payload)] == [mine]


def test_a_withdrawn_project_is_archived_found_and_taken_up_again(psa: Psa, delivery: Delivery, workspace: str) -> None:
    operation = psa.ensure_project
    assert operation.withdraw is not None
    operation.withdraw(workspace)
    assert delivery.one("workspaces", workspace)["archived"] is True
    assert operation.read_back is not None
    assert operation.read_back(workspace)["archived"] is True
    assert ensure(operation, project()) == workspace
    assert delivery.one("workspaces", workspace)["archived"] is False


def test_read_back_shows_a_change_made_in_kantata_and_nothing_else(
    psa: Psa, delivery: Delivery, workspace: str
) -> None:
    read_back = psa.ensure_project.read_back
    assert read_back is not None
    before = read_back(workspace)
    delivery.change("workspaces", workspace, change_orders_enabled=True)
    assert read_back(workspace) == before
    delivery.change("workspaces", workspace, title="Other", price=5)
    after = read_back(workspace)
    assert {name for name in after if after[name] != before.get(name)} == {"title", "price"}


def test_a_project_that_is_gone_is_refused_in_plain_words(psa: Psa, delivery: Delivery, workspace: str) -> None:
    delivery.call("DELETE", f"workspaces/{workspace}")
    operation = psa.ensure_project
    assert operation.read_back is not None
    assert operation.update is not None
    for use in (
        lambda: operation.read_back(workspace),
        lambda: operation.update(workspace, operation.render(project(), {})),
    ):
        with pytest.raises(Rejected) as refused:
            use()
        assert refused.value.kind == "master_data"
        assert "does not exist in Kantata any more" in refused.value.message


def test_an_unknown_lead_is_named(psa: Psa) -> None:
    with pytest.raises(Rejected) as refused:
        ensure(psa.ensure_project, project(delivery_leads=("nobody@example.com",)))
    assert "Project 'Grid modernisation'" in refused.value.message
    assert "no person with the e-mail nobody@example.com" in refused.value.message
    assert (refused.value.key, refused.value.owner) == ("nobody@example.com", "resource")


def test_phases_and_tasks_form_the_work_breakdown(psa: Psa, delivery: Delivery, workspace: str) -> None:
    operation = psa.ensure_wbs_element
    phase = ensure(operation, task(), project=workspace)
    child = task(id="wbs_2", parent_id="wbs_1", name="Build by Consultant", planned_hours=Decimal("40.51"))
    made = ensure(operation, child, project=workspace, parent=phase)
    changed = child.model_copy(update={"billable": False, "planned_hours": Decimal(8)})
    assert ensure(operation, changed, project=workspace, parent=phase) == made
    assert len(delivery.list("stories", workspace_id=workspace)) == 2
    row = delivery.one("stories", made, include="parent,workspace")
    assert (row["parent_id"], row["workspace_id"], row["story_type"]) == (phase, workspace, "task")
    assert (row["billable"], row["time_estimate_in_minutes"], row["due_date"]) == (False, 480, END.isoformat())
    assert delivery.one("stories", phase)["story_type"] == "deliverable"
    assert operation.read_back is not None
    assert operation.read_back(made)["parent_id"] == phase


def test_a_refused_task_names_task_and_reason(psa: Psa, delivery: Delivery, workspace: str) -> None:
    other = delivery.project()
    foreign = delivery.create("stories", workspace_id=int(other), title="Elsewhere")
    with pytest.raises(Rejected) as refused:
        ensure(psa.ensure_wbs_element, task(parent_id="wbs_0"), project=workspace, parent=foreign)
    assert refused.value.message.startswith("Task 'Build': ")
    assert "same project" in refused.value.message
    assert refused.value.field == "parent_id"


def test_a_withdrawn_task_is_archived_not_deleted(psa: Psa, delivery: Delivery, workspace: str) -> None:
    made = ensure(psa.ensure_wbs_element, task(), project=workspace)
    assert psa.ensure_wbs_element.withdraw is not None
    psa.ensure_wbs_element.withdraw(made)
    assert delivery.one("stories", made)["archived"] is True


def test_milestones_are_read_back_by_our_ids_with_their_completion(
    psa: Psa, delivery: Delivery, workspace: str
) -> None:
    made = ensure(psa.ensure_milestone, milestone(), project=workspace)
    ensure(psa.ensure_milestone, milestone(id="mil_2", amount=usd("0.10")), project=workspace)
    delivery.create("stories", workspace_id=int(workspace), title="By hand", story_type="milestone")
    first, second = sorted(psa.read_milestones(workspace), key=lambda one: one.id)
    assert (first, second.amount) == (milestone(), usd("0.10"))
    delivery.change("stories", made, state="completed")
    first, second = sorted(psa.read_milestones(workspace), key=lambda one: one.id)
    stamp = delivery.one("stories", made)["updated_at"]
    assert first.completed_on is not None
    assert (first.completed_on.isoformat(), second.completed_on) == (stamp[:10], None)


def test_the_status_of_a_project_is_read_as_people_see_it(psa: Psa, delivery: Delivery, workspace: str) -> None:
    assert psa.read_project_status(workspace) == "No Status"
    delivery.change("workspaces", workspace, status_key=501)
    assert psa.read_project_status(workspace) == "Complete"


def test_a_later_change_of_a_milestone_leaves_its_completion_alone(
    psa: Psa, delivery: Delivery, workspace: str
) -> None:
    made = ensure(psa.ensure_milestone, milestone(), project=workspace)
    delivery.change("stories", made, state="completed")
    ensure(psa.ensure_milestone, milestone(name="Design signed"), project=workspace)
    (read,) = psa.read_milestones(workspace)
    assert (read.name, read.completed_on is None) == ("Design signed", False)
    writes = delivery.committed("stories.update")
    assert not {"state", "percentage_complete", "status"} & writes[-1]["body"].keys()


def test_milestones_of_a_project_made_by_hand_are_refused(psa: Psa, delivery: Delivery) -> None:
    with pytest.raises(Rejected) as refused:
        psa.read_milestones(delivery.project())
    assert refused.value.kind == "unlinked"


def test_finance_is_shown_in_custom_fields_of_cost_only_what_suppliers_charged(
    psa: Psa, delivery: Delivery, workspace: str
) -> None:
    for record in (
        financials(),
        financials(external_cost=usd("120.40"), paid_to_date=usd("40000.50"), outstanding=usd("0")),
    ):
        assert ensure(psa.show_financials, record, project=workspace) == workspace
    row = delivery.call("GET", f"workspaces/{workspace}", include="custom_field_values")
    shown = {value["custom_field_name"]: value["value"] for value in row["custom_field_values"].values()}
    assert shown == {
        "Billed to date": [4000050, "USD"],
        "Paid to date": [4000050, "USD"],
        "Outstanding": [0, "USD"],
        "Unbilled": [125025, "USD"],
        "Collection status": "current",
        "Supplier costs": [12040, "USD"],
    }
    assert psa.show_financials.read_back is not None
    assert psa.show_financials.read_back(workspace) == {"custom_fields": shown}
    sent = str([entry["body"] for entry in delivery.committed("workspaces.update")])
    assert "777" not in sent
    assert "51.5" not in sent


def test_a_missing_custom_field_is_named(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    psa = connecting().psa
    assert psa is not None
    workspace = ensure(psa.ensure_project, project())
    for row in delivery.list("custom_fields", subject_type="Workspace"):
        if row["name"] == "Unbilled":
            delivery.call("DELETE", f"custom_fields/{row['id']}")
    with pytest.raises(Rejected) as refused:
        ensure(psa.show_financials, financials(), project=workspace)
    assert "no custom field 'Unbilled'" in refused.value.message
    assert refused.value.kind == "schema_drift"


def test_a_message_is_posted_once_per_occasion(psa: Psa, delivery: Delivery, workspace: str) -> None:
    notice = Notice(id="ready:prj_1:1", subject_line="Ready to staff", text="600 hours", to=(LEAD,))
    made = ensure(psa.notify, notice, project=workspace)
    again = notice.model_copy(update={"text": "601 hours"})
    found = psa.notify.find(psa.notify.render(again, {"project": workspace})) if psa.notify.find else []
    assert [item.external_id for item in found] == [made]
    assert psa.notify.update is None
    (post,) = delivery.list("posts", workspace_id=workspace)
    assert post["message"] == f"Ready to staff\n\n600 hours\n\nFor {LEAD}"


def test_records_have_their_page_in_kantata(psa: Psa) -> None:
    assert psa.record_url("project", "5") == "https://app.mavenlink.com/workspaces/5"
    assert psa.record_url("wbs_element", "5") is None
