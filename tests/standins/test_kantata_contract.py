"""Kantata stand-in: authentication, envelope, includes, paging, filters and errors (fact sheet, sections 1 to 3)."""

from typing import Any

import httpx2
import pytest

from tests.standins.kantata_account import Account, error, ids


@pytest.mark.parametrize("header", [None, "Bearer wrong", "kantata-admin-token", "Basic kantata-admin-token"])
def test_a_request_without_a_valid_token_is_refused(kantata: Account, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    response = httpx2.get(f"{kantata.url}/api/v1/workspaces.json", headers=headers)
    assert response.status_code == 401
    assert response.json() == {"errors": [{"type": "oauth", "message": "Invalid OAuth 2 Request"}]}
    assert response.headers["x-request-id"]
    assert response.headers["x-runtime"]


def test_paths_work_with_and_without_json_suffix(kantata: Account) -> None:
    workspace = kantata.workspace()
    for path in ("workspaces", "workspaces.json", f"workspaces/{workspace}", f"workspaces/{workspace}.json"):
        assert kantata.read(path)["results"] == [{"key": "workspaces", "id": workspace}]


def test_the_envelope_has_count_meta_results_and_a_map_by_string_id(kantata: Account) -> None:
    for number in range(3):
        kantata.create("workspaces", title=f"Project {number}")
    page = kantata.read("workspaces", order="created_at:asc", per_page=2)
    assert page["count"] == 3
    assert page["meta"] == {"count": 3, "page_count": 2, "page_number": 1, "page_size": 2}
    assert page["results"] == [{"key": "workspaces", "id": "1"}, {"key": "workspaces", "id": "2"}]
    assert {sid: record["id"] for sid, record in page["workspaces"].items()} == {"1": "1", "2": "2"}


def test_create_and_update_answer_200_and_delete_204_without_body(kantata: Account) -> None:
    created = kantata.call("POST", "workspaces", {"workspace": {"title": "A"}})
    updated = kantata.update("workspaces", "1", title="B")
    deleted = kantata.call("DELETE", "workspaces/1")
    assert [response.status_code for response in (created, updated, deleted)] == [200, 200, 204]
    assert deleted.content == b""
    assert updated.json()["workspaces"]["1"]["title"] == "B"
    assert error(kantata.call("GET", "workspaces/1")) == (404, "system", None)


def test_association_ids_are_absent_unless_included(kantata: Account) -> None:
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    bare = kantata.read(f"time_entries/{entry}")
    assert (
        not {"workspace_id", "user_id", "story_id", "role_id", "external_reference_ids"}
        & bare["time_entries"][entry].keys()
    )
    assert "workspaces" not in bare
    full = kantata.read(f"time_entries/{entry}", include="workspace,user,story")
    record = full["time_entries"][entry]
    assert (record["workspace_id"], record["user_id"], record["story_id"]) == (workspace, "8", None)
    assert full["workspaces"][workspace]["title"] == "Grid study"
    assert full["users"]["8"]["full_name"] == "Dana Whitfield"
    assert full["stories"] == {}


def test_results_give_the_matches_where_the_map_also_holds_side_loaded_ones(kantata: Account) -> None:
    workspace = kantata.workspace()
    parent = kantata.create("stories", title="Phase", workspace_id=workspace)["id"]
    child = kantata.create("stories", title="Task", workspace_id=workspace, parent_id=parent)["id"]
    page = kantata.read("stories", parents_only="true", include="sub_stories")
    assert page["count"] == 1
    assert page["results"] == [{"key": "stories", "id": parent}]
    assert set(page["stories"]) == {parent, child}
    assert page["stories"][parent]["sub_story_ids"] == [child]


def test_optional_fields_come_only_when_named_in_either_form(kantata: Account) -> None:
    kantata.workspace()
    assert "stage" not in kantata.listed("workspaces")[0]
    assert kantata.listed("workspaces", optional_fields="stage,minutes_logged")[0]["stage"] == "project"
    response = kantata.call("GET", "workspaces", **{"optional_fields[]": ["stage", "minutes_logged"]})
    assert response.json()["workspaces"]["1"].keys() >= {"stage", "minutes_logged"}


def test_a_page_holds_20_records_and_at_most_200(kantata: Account) -> None:
    kantata.control("kantata/seed", {"time_entries": 450})
    assert len(kantata.listed("time_entries")) == 20
    page = kantata.read("time_entries", per_page=1000)
    assert (len(page["results"]), page["meta"]["page_size"], page["meta"]["page_count"]) == (200, 200, 3)
    assert len(kantata.listed("time_entries", per_page=200, page=3)) == 50
    assert kantata.listed("time_entries", per_page=200, page=4) == []


def test_limit_and_offset_win_over_page_and_per_page(kantata: Account) -> None:
    for day in range(1, 8):
        kantata.create(
            "time_entries", workspace_id=kantata.workspace(), time_in_minutes=1, date_performed=f"2026-11-0{day}"
        )
    found = kantata.listed("time_entries", order="date_performed:asc", limit=2, offset=3, page=1, per_page=5)
    assert [entry["date_performed"] for entry in found] == ["2026-11-04", "2026-11-05"]
    alone = kantata.read("time_entries", limit=2)
    assert alone["meta"]["page_size"] == 20


def test_only_never_404s_and_keeps_no_strangers(kantata: Account) -> None:
    kantata.workspace()
    assert ids(kantata.listed("workspaces", only="1,7,x")) == ["1"]
    assert kantata.listed("workspaces", only="7") == []


def test_a_default_filter_hides_a_record_from_list_and_show(kantata: Account) -> None:
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    kantata.update("workspaces", workspace, archived=True)
    assert kantata.listed("workspaces") == []
    assert kantata.call("GET", f"workspaces/{workspace}").status_code == 404
    assert kantata.call("GET", f"time_entries/{entry}").status_code == 404
    assert ids(kantata.listed("workspaces", include_archived="true")) == [workspace]
    assert ids(kantata.listed("workspaces", archived="only")) == [workspace]
    assert kantata.read(f"workspaces/{workspace}", include_archived="true")["count"] == 1
    assert ids(kantata.listed("time_entries", from_archived_workspaces="true")) == [entry]
    kantata.update("workspaces", workspace, archived=False)
    assert ids(kantata.listed("time_entries")) == [entry]


def test_search_ignores_order_and_is_refused_where_unsupported(kantata: Account) -> None:
    for title in ("The Bluepeak grid", "Bluepeak", "Bluepeak audit", "Orchard"):
        kantata.create("workspaces", title=title)
    found = kantata.listed("workspaces", search="bluepeak", order="title:desc")
    assert [workspace["title"] for workspace in found] == ["Bluepeak", "Bluepeak audit", "The Bluepeak grid"]
    assert error(kantata.call("GET", "time_entries", search="x"))[1] == "system"
    assert error(kantata.call("GET", "workspaces", search="x", only="1"))[1] == "system"


def test_changed_rows_are_found_by_updated_after_in_both_directions(kantata: Account) -> None:
    workspace = kantata.workspace()
    for hour in range(4):
        kantata.control("clock", {"at": f"2026-11-02T0{hour}:00:00Z"})
        kantata.entry(workspace)
    after = {"updated_after": "2026-11-02T01:30:00Z"}
    assert ids(kantata.listed("time_entries", order="updated_at:asc", **after)) == ["3", "4"]
    assert ids(kantata.listed("time_entries", order="updated_at:desc", **after)) == ["4", "3"]
    assert len(kantata.listed("time_entries", order="created_at:asc", **after)) == 2
    before = {"updated_before": "2026-11-02T02:30:00+00:00"}
    assert ids(kantata.listed("time_entries", order="updated_at:asc", **after, **before)) == ["3"]
    kantata.control("clock", {"at": "2026-11-02T05:00:00Z"})
    kantata.update("time_entries", "1", notes="corrected")
    assert ids(kantata.listed("time_entries", order="updated_at:asc", **after)) == ["3", "4", "1"]
    assert error(kantata.call("GET", "time_entries", updated_after="yesterday"))[:2] == (400, "system")


def test_validation_errors_name_every_wrong_field(kantata: Account) -> None:
    response = kantata.call("POST", "time_entries", {"time_entry": {"time_in_minutes": "soon", "user_id": 999}})
    assert response.status_code == 422
    errors = response.json()["errors"]
    assert {one["type"] for one in errors} == {"validation"}
    assert {one["field"] for one in errors} == {"date_performed", "workspace_id", "time_in_minutes", "user_id"}


def test_the_title_message_is_the_vendors(kantata: Account) -> None:
    response = kantata.call("POST", "workspaces", {"workspace": {"title": ""}})
    message = "Please give your project a title"
    assert response.json() == {"errors": [{"type": "validation", "message": message, "field": "title"}]}


BAD_BODIES: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b'{"workspaces":[{"title":"bulk is not for projects"}]}',
    b'{"workspace":[]}',
    b'{"workspace":"x"}',
    b'{"workspace":null}',
    b"NaN",
    b"\xff\xfe",
    b"[" * 50_000,
]


@pytest.mark.parametrize("content", BAD_BODIES)
def test_a_malformed_body_is_a_400_and_creates_nothing(kantata: Account, content: bytes) -> None:
    response = kantata.http.post("/api/v1/workspaces", content=content)
    assert error(response)[:2] == (400, "system")
    assert kantata.listed("workspaces") == []


WRONG_VALUES: list[dict[str, Any]] = [
    {"title": {"a": 1}},
    {"title": "x", "price": 10**300},
    {"title": "x", "budgeted": "maybe"},
    {"title": "x", "start_date": "2026-13-45"},
    {"title": "x", "start_date": "2026-02-02", "due_date": "2026-01-01"},
    {"title": "x", "participations": [{"user_id": 999}]},
    {"title": "x", "participations": "everyone"},
    {"title": "x", "custom_fields": [{"custom_field_id": 5, "value": 1}]},
    {"title": "x", "external_reference": {"service_name": "tieline"}},
    {"title": "x", "external_reference": "tieline"},
    {"title": "x", "budgeted": True},
    {"title": "x", "status_key": 7},
    {"title": "x", "creator_role": "king"},
    {"title": "x", "primary_workspace_group_id": [1]},
    {"title": "x", "currency": "DOLLARS"},
]


@pytest.mark.parametrize("fields", WRONG_VALUES)
def test_a_wrong_value_is_a_422_and_creates_nothing(kantata: Account, fields: dict[str, Any]) -> None:
    response = kantata.call("POST", "workspaces", {"workspace": fields})
    assert response.status_code == 422, response.text
    assert kantata.listed("workspaces") == []


def test_long_and_unusual_texts_come_back_unchanged(kantata: Account) -> None:
    text = "O'Brien \U0001f680 \u202e\n" + "x" * 200_000
    assert kantata.create("workspaces", title=text)["title"] == text


def test_rails_form_bodies_count_like_json(kantata: Account) -> None:
    form = {"workspace[title]": "From a form", "workspace[budgeted]": "false", "workspace[workspace_group_ids][]": "1"}
    kantata.create("workspace_groups", name="Bluepeak Energy", company=True)
    response = kantata.http.post("/api/v1/workspaces.json?include=workspace_groups", data=form)
    workspace = response.json()["workspaces"]["1"]
    assert (workspace["title"], workspace["workspace_group_ids"]) == ("From a form", ["1"])
    crossed = kantata.http.post("/api/v1/workspaces", data={"workspace[title]": "x", "workspace[title][y]": "z"})
    assert error(crossed)[:2] == (400, "system")


def test_bulk_creates_write_all_or_nothing_and_keep_their_order(kantata: Account) -> None:
    workspace = kantata.workspace()
    rows = [{"workspace_id": workspace, "title": f"Task {n}"} for n in range(300)]
    created = kantata.call("POST", "stories", {"stories": rows})
    assert created.status_code == 200
    assert [result["id"] for result in created.json()["results"]] == [str(n) for n in range(1, 301)]
    assert kantata.call("POST", "stories", {"stories": [*rows, rows[0]]}).status_code == 400
    assert kantata.call("POST", "stories", {"stories": [rows[0], {"workspace_id": workspace}]}).status_code == 422
    assert kantata.read("stories")["count"] == 300


def test_a_repeated_post_makes_a_duplicate(kantata: Account) -> None:
    assert kantata.workspace() != kantata.workspace()


def test_unknown_names_are_ignored_or_refused_as_set_up(kantata: Account) -> None:
    kantata.workspace()
    odd = {"include": "nobody", "flavour": "sweet", "order": "colour:up"}
    assert len(kantata.listed("workspaces", **odd)) == 1
    assert kantata.update("workspaces", "1", flavour="sweet").status_code == 200
    kantata.settings(unknown_parameters="refuse", unknown_attributes="refuse")
    for name, value in odd.items():
        assert error(kantata.call("GET", "workspaces", **{name: value}))[:2] == (400, "system")
    assert error(kantata.update("workspaces", "1", flavour="sweet")) == (422, "validation", "flavour")


def test_unknown_routes_and_verbs_are_404(kantata: Account) -> None:
    for method, path in (
        ("GET", "nothing"),
        ("POST", "users"),
        ("DELETE", "timesheet_submissions/1"),
        ("GET", "users/x"),
    ):
        assert error(kantata.call(method, path, {"user": {"full_name": "x"}}))[:2] == (404, "system")
    assert kantata.http.get("/elsewhere").status_code == 404


def test_too_many_requests_answer_429_without_a_hint_when_to_return(kantata: Account) -> None:
    kantata.settings(rate_limits={"workspaces.*": [2, 60]})
    statuses = [kantata.call("GET", "workspaces") for _ in range(3)]
    assert [response.status_code for response in statuses] == [200, 200, 429]
    assert not {"retry-after", "ratelimit", "x-ratelimit-remaining"} & statuses[-1].headers.keys()
    assert error(statuses[-1])[:2] == (429, "system")
    assert kantata.call("GET", "users").status_code == 200
    kantata.control("clock", {"offset_seconds": 61})
    assert kantata.call("GET", "workspaces").status_code == 200


def test_fault_answers_have_the_vendors_error_body(kantata: Account) -> None:
    kantata.control("faults", {"operation": "workspaces.create", "effect": "status", "status": 503, "times": 1})
    assert error(kantata.call("POST", "workspaces", {"workspace": {"title": "x"}}))[:2] == (503, "system")
    assert kantata.workspace() == "1"


def test_a_revoked_token_is_dead_for_good(kantata: Account) -> None:
    kantata.control("faults", {"operation": "users.*", "effect": "expire_token", "times": 1})
    assert [kantata.call("GET", "users").status_code for _ in range(2)] == [401, 401]
    grant = {"user": "dana.whitfield@haldenmarsh.example", "admin": True}
    kantata.control("customize", {"tokens": {"kantata-admin-token": grant}})
    assert kantata.read("users/me")["results"] == [{"key": "users", "id": "8"}]


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"colour": 1}},
        {"settings": {"events_addon": "yes"}},
        {"settings": {"unknown_parameters": "explode"}},
        {"settings": {"rate_limits": {"*": [0, 1]}}},
        {"settings": {"workspace_statuses": {}}},
        {"settings": {"workspace_statuses": {"7": "blue"}}},
        {"settings": []},
        {"tokens": []},
        {"tokens": {"x": {"user": "nobody"}}},
        {"flavour": {}},
        [],
    ],
)
def test_a_wrong_customization_is_refused(kantata: Account, change: Any) -> None:
    assert kantata.http.post("/__standin__/customize", json=change).status_code == 400


def test_a_member_without_the_right_is_forbidden_or_sees_no_costs(kantata: Account) -> None:
    member = kantata.as_("kantata-tom.okafor")
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    assert kantata.read(f"time_entries/{entry}")["time_entries"][entry]["cost_rate_in_cents"] == 12000
    assert "cost_rate_in_cents" not in member.read(f"time_entries/{entry}")["time_entries"][entry]
    refused = [
        member.call("GET", "cost_rates"),
        member.call("GET", "account_memberships"),
        member.call("POST", "roles", {"role": {"name": "Wizard"}}),
        member.call("POST", "custom_fields", {"custom_field": {"name": "x"}}),
    ]
    assert [error(response)[:2] for response in refused] == [(403, "system")] * 4


def test_writes_are_in_the_ledger_with_operation_id_and_external_key(kantata: Account) -> None:
    reference = {"service_name": "tieline", "service_model": "project", "service_model_ref": "prj_1"}
    kantata.create("workspaces", title="A", external_reference=reference)
    kantata.update("workspaces", "1", title="B")
    kantata.call("DELETE", "workspaces/1")
    entries = kantata.control("ledger", method="GET")["entries"]
    assert [(entry["operation"], entry["key"], entry["external_key"]) for entry in entries] == [
        ("workspaces.create", "1", "prj_1"),
        ("workspaces.update", "1", None),
        ("workspaces.delete", "1", None),
    ]
    assert entries[0]["body"] == {"title": "A", "external_reference": reference}
