"""Kantata stand-in: rules of projects, tasks, people, references and custom fields (fact sheet, sections 4 and 5)."""

from typing import Any

import pytest

from tests.standins.kantata_account import Account, error, ids

REFERENCE = {"service_name": "tieline", "service_model": "project", "service_model_ref": "prj_1"}


def test_the_account_holds_the_people_and_roles_of_the_firm(kantata: Account) -> None:
    roles = {role["name"] for role in kantata.listed("roles")}
    assert roles == {"Engagement Manager", "Senior Consultant", "Consultant", "Data Engineer", "Sr. Architect"}
    (lena,) = kantata.listed(
        "users", by_email_address="LENA.brandt@haldenmarsh.example", include="role,account_membership"
    )
    page = kantata.read(f"account_memberships/{lena['account_membership_id']}", include="cost_rates,default_role")
    assert [rate["rate_in_cents"] for rate in page["cost_rates"].values()] == [8800]
    assert next(iter(page["roles"].values()))["name"] == "Senior Consultant"
    cards = kantata.read("rate_cards", include="rate_card_versions")
    assert {card["currency"] for card in cards["rate_cards"].values()} == {"USD", "GBP", "EUR"}


def test_a_project_brings_its_creator_and_participants(kantata: Account) -> None:
    given = [{"user_id": 2, "access": "view_financials"}]
    workspace = kantata.create(
        "workspaces", title="A", participations=given, include="creator,participants,primary_maven"
    )
    assert (workspace["creator_id"], workspace["primary_maven_id"]) == ("8", "8")
    assert workspace["participant_ids"] == ["8", "2"]
    assert [p["access"] for p in kantata.listed("participations", user_id=2)] == ["view_financials"]
    assert ids(kantata.listed("users", participant_in=workspace["id"])) == ["8", "2"]
    assert ids(kantata.listed("workspaces", has_participant=2)) == [workspace["id"]]
    assert kantata.listed("workspaces", has_participant=3) == []
    kantata.create("participations", workspace_id=workspace["id"], user_id=3)
    assert ids(kantata.listed("workspaces", has_participant=3)) == [workspace["id"]]


def test_a_price_is_given_in_main_units_and_answered_as_text_and_cents(kantata: Account) -> None:
    workspace = kantata.create("workspaces", title="A", budgeted=True, price=84000, currency="EUR")
    assert (workspace["price"], workspace["price_in_cents"], workspace["currency_symbol"]) == (
        "€84,000.00",
        8400000,
        "€",
    )
    kantata.update("workspaces", "1", price=90000)
    assert kantata.listed("workspaces")[0]["price_in_cents"] == 9000000


def test_a_rate_card_decides_the_currency(kantata: Account) -> None:
    card = next(card for card in kantata.listed("rate_cards") if card["currency"] == "GBP")
    assert kantata.create("workspaces", title="A", currency="USD", rate_card_id=int(card["id"]))["currency"] == "GBP"


def test_what_is_booked_shows_in_project_and_task(kantata: Account) -> None:
    workspace = kantata.workspace(price=1000, budgeted=True)
    story = kantata.create("stories", title="T", workspace_id=workspace)["id"]
    entry = kantata.entry(workspace, 90, story_id=story, rate_in_cents=20000)
    kantata.entry(workspace, 30, billable=False)
    category = kantata.listed("expense_categories")[0]["id"]
    expense: dict[str, Any] = {
        "workspace_id": workspace,
        "date": "2026-11-02",
        "category": "Meals",
        "expense_category_id": category,
    }
    kantata.create("expenses", amount_in_cents=5000, **expense)

    def shown() -> dict[str, Any]:
        found: dict[str, Any] = kantata.listed("workspaces", optional_fields="minutes_logged,billable_minutes")[0]
        return found

    assert (shown()["budget_used_in_cents"], shown()["total_expenses_in_cents"]) == (35000, 5000)
    assert (shown()["minutes_logged"], shown()["billable_minutes"], shown()["percent_of_budget_used"]) == (120, 90, 35)
    assert kantata.listed("stories")[0]["logged_billable_time_in_minutes"] == 90
    kantata.update("time_entries", entry, time_in_minutes=60)
    assert shown()["budget_used_in_cents"] == 25000
    kantata.call("DELETE", f"time_entries/{entry}")
    assert shown()["budget_used_in_cents"] == 5000


def test_tasks_form_a_tree_of_limited_depth_within_one_project(kantata: Account) -> None:
    workspace, other = kantata.workspace(), kantata.workspace()
    chain = [kantata.create("stories", title="0", workspace_id=workspace)["id"]]
    for depth in range(1, 5):
        chain.append(kantata.create("stories", title=str(depth), workspace_id=workspace, parent_id=chain[-1])["id"])
    deepest = kantata.read(f"stories/{chain[-1]}", include="parent,root")["stories"][chain[-1]]
    assert (deepest["parent_id"], deepest["root_id"], deepest["ancestor_ids"]) == (chain[-2], chain[0], chain[:-1])
    bad: list[dict[str, Any]] = [
        {"title": "too deep", "workspace_id": workspace, "parent_id": chain[-1]},
        {"title": "elsewhere", "workspace_id": other, "parent_id": chain[0]},
        {"title": "unknown", "workspace_id": workspace, "parent_id": 999},
    ]
    for fields in bad:
        assert error(kantata.call("POST", "stories", {"story": fields})) == (422, "validation", "parent_id")
    assert error(kantata.update("stories", chain[0], parent_id=chain[1])) == (422, "validation", "parent_id")


def test_deleting_a_task_takes_its_sub_tasks_along(kantata: Account) -> None:
    workspace = kantata.workspace()
    parent = kantata.create("stories", title="P", workspace_id=workspace)["id"]
    kantata.create("stories", title="C", workspace_id=workspace, parent_id=parent, assignee_ids=[2])
    assert kantata.call("DELETE", f"stories/{parent}").status_code == 204
    assert (kantata.listed("stories"), kantata.listed("assignments")) == ([], [])


def test_assignees_are_replaced_by_either_form(kantata: Account) -> None:
    story = kantata.create("stories", title="T", workspace_id=kantata.workspace(), assignee_ids=[2, 3])["id"]

    def assigned() -> Any:
        return kantata.read(f"stories/{story}", include="assignees")["stories"][story]["assignee_ids"]

    assert assigned() == ["2", "3"]
    kantata.update("stories", story, assignments=[{"assignee_id": 3}, {"assignee_id": 4}])
    assert assigned() == ["3", "4"]
    assert error(kantata.update("stories", story, assignee_ids=[999])) == (422, "validation", "assignee_ids")
    kantata.update("stories", story, title="untouched")
    assert assigned() == ["3", "4"]


def test_states_depend_on_the_type_and_completion_follows(kantata: Account) -> None:
    workspace = kantata.workspace()
    task = kantata.create("stories", title="T", workspace_id=workspace)
    issue = kantata.create("stories", title="I", workspace_id=workspace, story_type="issue")
    assert (task["state"], issue["state"]) == ("not started", "new")
    assert error(kantata.update("stories", task["id"], state="resolved")) == (422, "validation", "state")
    done = kantata.update("stories", task["id"], percentage_complete=100).json()["stories"][task["id"]]
    assert done["state"] == "completed"
    assert ids(kantata.listed("stories", completed="true")) == [task["id"]]


def test_a_long_description_is_refused_on_create(kantata: Account) -> None:
    story = {"title": "T", "workspace_id": kantata.workspace(), "description": "x" * 1000}
    assert error(kantata.call("POST", "stories", {"story": story})) == (422, "validation", "description")


def test_a_resource_is_named_by_a_user_or_unnamed_with_a_role(kantata: Account) -> None:
    workspace = kantata.workspace()
    named = kantata.create("workspace_resources", workspace_id=workspace, user_id=2, include="user,role,participation")
    assert (named["user_id"], named["full_name"]) == ("2", "Tom Okafor")
    assert named["participation_id"]
    unnamed = kantata.create("workspace_resources", workspace_id=workspace, role_id=4, include="user,role")
    assert (unnamed["user_id"], unnamed["role_id"], unnamed["full_name"]) == (None, "4", "Data Engineer")
    both = kantata.read(f"workspaces/{workspace}", include="workspace_resources,workspace_resources_with_unnamed")
    record = both["workspaces"][workspace]
    assert record["workspace_resource_ids"] == [named["id"]]
    assert record["workspace_resources_with_unnamed_ids"] == [named["id"], unnamed["id"]]
    refused = kantata.call("POST", "workspace_resources", {"workspace_resource": {"workspace_id": workspace}})
    assert error(refused) == (422, "validation", "role_id")


def test_a_resource_request_makes_the_unnamed_resource_and_its_allocation(kantata: Account) -> None:
    workspace = kantata.workspace()
    period = {"workspace_allocation_start_date": "2026-11-02", "workspace_allocation_end_date": "2026-11-13"}
    request = kantata.create(
        "resource_requests",
        approver_ids=[8],
        resource_workspace_id=workspace,
        resource_role_id=4,
        workspace_allocation_percentage=50,
        include="resource,approvers,creator",
        **period,
    )
    assert (request["approver_ids"], request["creator_id"]) == (["8"], "8")
    (allocation,) = kantata.listed("workspace_allocations", workspace_id=workspace, include="workspace_resource")
    assert (allocation["minutes"], allocation["hard"]) == (2400, False)
    assert allocation["resource_id"] == request["resource_id"]
    assert ids(kantata.listed("resource_requests", pending_requests_only="true")) == [request["id"]]
    kantata.update("workspace_resources", request["resource_id"], user_id=5)
    assert kantata.listed("resource_requests", pending_requests_only="true") == []
    assert ids(kantata.listed("resource_requests", requests_for_approver=8)) == [request["id"]]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"resource_workspace_id": 1, "resource_role_id": 1}, "approver_ids"),
        ({"approver_ids": [8]}, "resource_workspace_id"),
        ({"approver_ids": [8], "resource_workspace_id": 1, "resource_role_id": 99}, "resource_role_id"),
        ({"approver_ids": [99], "resource_workspace_id": 1, "resource_role_id": 1}, "approver_ids"),
    ],
)
def test_an_incomplete_resource_request_is_refused(kantata: Account, fields: dict[str, Any], field: str) -> None:
    kantata.workspace()
    refused = kantata.call("POST", "resource_requests", {"resource_request": fields})
    assert error(refused) == (422, "validation", field)
    assert kantata.listed("workspace_resources") == []


def test_an_allocation_is_split_without_losing_minutes(kantata: Account) -> None:
    resource = kantata.create("workspace_resources", workspace_id=kantata.workspace(), role_id=4)["id"]
    dates = {"start_date": "2026-11-01", "end_date": "2026-11-10"}
    made = kantata.create("workspace_allocations", resource_id=resource, minutes=1001, hard=True, **dates)["id"]
    split = {"workspace_allocation_id": made, "split_date": "2026-11-04"}
    response = kantata.call("PUT", "workspace_allocations/split", **split)
    assert response.status_code == 200
    parts = kantata.listed("workspace_allocations", order="start_date:asc")
    assert [(part["start_date"], part["end_date"], part["hard"]) for part in parts] == [
        ("2026-11-01", "2026-11-03", True),
        ("2026-11-04", "2026-11-10", True),
    ]
    assert sum(part["minutes"] for part in parts) == 1001
    assert kantata.call("PUT", "workspace_allocations/split", **split).status_code == 422


def test_create_or_update_keeps_one_reference_for_each_service(kantata: Account) -> None:
    workspace = kantata.workspace()
    subject = {"subject_type": "Workspace", "subject_id": int(workspace)}

    def upsert(ref: str, **more: str) -> Any:
        body = {"external_reference": subject | REFERENCE | {"service_model_ref": ref} | more}
        response = kantata.call("POST", "external_references/create_or_update", body)
        assert response.status_code == 200, response.text
        return response.json()["results"][0]["id"]

    assert upsert("prj_1") == upsert("prj_2", external_status="paid") == "1"
    assert upsert("77", service_name="netsuite") == "2"
    (ours,) = kantata.listed(
        "external_references", subject_type="Workspace", service_model_ref="prj_2", include="subject"
    )
    assert (ours["external_status"], ours["subject_id"]) == ("paid", int(workspace))
    assert ours["subject_ref"] == {"key": "workspaces", "id": workspace}
    assert kantata.listed("workspaces", external_reference_service_model_refs="prj_1") == []
    found = kantata.listed(
        "workspaces", external_reference_service_model_refs="prj_2,77", include="external_references"
    )
    assert [workspace["external_reference_ids"] for workspace in found] == [["1", "2"]]


def test_a_second_reference_of_the_same_service_is_refused(kantata: Account) -> None:
    kantata.workspace(external_reference=REFERENCE)
    body = {"external_reference": REFERENCE | {"subject_type": "Workspace", "subject_id": 1}}
    assert error(kantata.call("POST", "external_references", body)) == (422, "validation", "service_name")
    assert error(kantata.update("workspaces", "1", external_reference=REFERENCE)) == (422, "validation", "service_name")


def test_references_are_listed_by_subject_type_and_go_with_their_subject(kantata: Account) -> None:
    kantata.workspace(external_reference=REFERENCE)
    assert error(kantata.call("GET", "external_references"))[:2] == (400, "system")
    assert len(kantata.listed("external_references", subject_type="Workspace", service_name="tieline")) == 1
    assert kantata.listed("external_references", subject_type="Story") == []
    kantata.call("DELETE", "workspaces/1")
    assert kantata.listed("external_references", subject_type="Workspace") == []
    assert kantata.listed("workspaces", external_reference_service_model_refs="prj_1") == []


def test_records_are_filtered_by_their_references(kantata: Account) -> None:
    workspace = kantata.workspace()
    first, second = kantata.entry(workspace, external_reference=REFERENCE), kantata.entry(workspace)
    assert ids(kantata.listed("time_entries", has_external_references="true")) == [first]
    without = {"without_external_reference_service_name": "tieline"}
    assert ids(kantata.listed("time_entries", **without)) == [second]
    subject = {"subject_type": "TimeEntry", "subject_id": int(second)}
    kantata.call("POST", "external_references/create_or_update", {"external_reference": REFERENCE | subject})
    assert kantata.listed("time_entries", **without) == []
    kantata.call("DELETE", "external_references/2")
    assert ids(kantata.listed("time_entries", **without)) == [second]


def test_a_text_in_the_integer_reference_filter_behaves_as_set_up(kantata: Account) -> None:
    kantata.workspace(external_reference=REFERENCE)
    kantata.workspace(external_reference=REFERENCE | {"service_model_ref": "42"})
    assert ids(kantata.listed("workspaces", external_reference_service_model_ref=42)) == ["2"]
    by_text = {"external_reference_service_model_ref": "prj_1"}
    assert kantata.call("GET", "workspaces", **by_text).status_code == 400
    kantata.settings(text_in_integer_ref_filter="match")
    assert ids(kantata.listed("workspaces", **by_text)) == ["1"]


VALUES = [
    ("string", "foo", "foo"),
    ("date", "2026-11-02", "2026-11-02"),
    ("number", 13, 13),
    ("currency", [998, "USD"], [998, "USD"]),
]


@pytest.mark.parametrize(("kind", "value", "stored"), VALUES)
def test_a_custom_field_takes_the_form_of_its_type(kantata: Account, kind: str, value: Any, stored: Any) -> None:
    field = kantata.create("custom_fields", name="Dimension", value_type=kind, subject_type="Workspace")["id"]
    inline = [{"custom_field_id": int(field), "value": value}]
    workspace = kantata.create("workspaces", title="A", custom_fields=inline, include="custom_field_values")
    page = kantata.listed("custom_field_values", subject_type="Workspace", include="custom_field")
    assert [(v["value"], v["custom_field_id"], v["subject_id"]) for v in page] == [(stored, field, 1)]
    assert workspace["custom_field_value_ids"] == [page[0]["id"]]
    wrong = [{"custom_field_id": int(field), "value": {"not": "this"}}]
    assert kantata.update("workspaces", "1", custom_fields=wrong).status_code == 422


def test_a_choice_field_takes_only_its_choices(kantata: Account) -> None:
    field = kantata.create("custom_fields", name="Region", value_type="single", subject_type="Workspace")["id"]
    emea = kantata.create("custom_field_choices", label="EMEA", custom_field_id=field)["id"]
    workspace = kantata.workspace()
    value: dict[str, Any] = {"subject_type": "Workspace", "subject_id": int(workspace), "custom_field_id": int(field)}
    made = kantata.create("custom_field_values", value=[int(emea)], **value)
    assert (made["value"], made["display_value"]) == ([int(emea)], "EMEA")
    again = kantata.call("POST", "custom_field_values", {"custom_field_value": value | {"value": [int(emea)]}})
    assert error(again) == (422, "validation", "custom_field_id")
    assert kantata.update("custom_field_values", made["id"], value=[999]).status_code == 422
    assert error(kantata.call("GET", "custom_field_values"))[:2] == (400, "system")


def test_deleting_a_project_takes_everything_in_it_along(kantata: Account) -> None:
    workspace = kantata.workspace()
    kantata.create("stories", title="T", workspace_id=workspace)
    kantata.entry(workspace)
    kantata.create("billing_milestones", title="M", amount_in_cents=1, workspace_id=workspace)
    assert kantata.call("DELETE", f"workspaces/{workspace}").status_code == 204
    for plural in ("stories", "time_entries", "billing_milestones", "participations"):
        assert kantata.listed(plural) == []


def test_a_membership_can_be_disabled(kantata: Account) -> None:
    response = kantata.call("PUT", "account_memberships/2/disable")
    assert response.json()["account_memberships"]["2"]["disabled_at"]


def test_time_off_and_posts_take_bulk_envelopes(kantata: Account) -> None:
    rows = [{"user_id": 2, "requested_date": f"2026-12-0{day}", "hours": 7.5} for day in (1, 2)]
    assert kantata.call("POST", "time_off_entries", {"time_off_entries": rows}).json()["count"] == 2
    assert [e["hours"] for e in kantata.listed("time_off_entries", start_date="2026-12-02")] == [7.5]
    post = {"workspace_id": kantata.workspace(), "message": "Kick-off is on Monday"}
    assert kantata.call("POST", "posts", {"posts": [post]}, include="user").json()["posts"]["1"]["user_id"] == "8"
