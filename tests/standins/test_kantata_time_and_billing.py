"""Kantata stand-in: time, expenses, submissions, invoices and payments (fact sheet, section 4)."""

from typing import Any

import pytest

from tests.standins.kantata_account import Account, error, ids

TOM, PRIYA = "kantata-tom.okafor", "kantata-priya.raman"


def test_a_new_entry_takes_person_role_and_rates_from_the_account(kantata: Account) -> None:
    workspace = kantata.workspace(currency="USD")
    tom = kantata.as_(TOM)
    entry = tom.entry(workspace, 90, user_id=3)
    record = kantata.read(f"time_entries/{entry}", include="user,role")["time_entries"][entry]
    assert (record["user_id"], record["role_id"]) == ("2", "2")
    assert (record["rate_in_cents"], record["cost_rate_in_cents"], record["currency"]) == (21000, 9500, "USD")
    assert (record["billable"], record["approved"], record["is_invoiced"]) == (True, False, False)
    on_behalf = kantata.create(
        "time_entries",
        workspace_id=workspace,
        time_in_minutes=5,
        date_performed="2026-11-03",
        user_id=3,
        include="user",
    )
    assert on_behalf["user_id"] == "3"


def test_billable_follows_the_task_unless_given(kantata: Account) -> None:
    workspace = kantata.workspace(tasks_default_non_billable=True)
    story = kantata.create("stories", title="T", workspace_id=workspace)["id"]
    by_task, given = kantata.entry(workspace, story_id=story), kantata.entry(workspace, story_id=story, billable=True)
    assert ids(kantata.listed("time_entries", billable="false")) == [by_task]
    assert ids(kantata.listed("time_entries", billable="true")) == [given]


def test_presence_alone_switches_approved_and_invoiced_filters_on(kantata: Account) -> None:
    workspace = kantata.workspace(require_time_approvals=True)
    approved, waiting = kantata.entry(workspace), kantata.entry(workspace)
    kantata.approved(workspace, approved)
    for value in ("true", "false", ""):
        assert ids(kantata.listed("time_entries", approved=value)) == [approved]
    invoice: dict[str, Any] = {"workspace_id": workspace, "payment_schedule": 30, "time_entry_ids": [int(approved)]}
    kantata.create("invoices", **invoice)
    assert ids(kantata.listed("time_entries", invoiced="false")) == [approved]
    assert ids(kantata.listed("time_entries", uninvoiced="false")) == [waiting]


def test_the_approved_filter_also_returns_entries_of_projects_that_need_no_approval(kantata: Account) -> None:
    workspace = kantata.workspace(require_time_approvals=False)
    entry = kantata.entry(workspace)
    assert ids(kantata.listed("time_entries", approved="true")) == [entry]
    kantata.update("workspaces", workspace, require_time_approvals=True)
    assert kantata.listed("time_entries", approved="true") == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time_in_minutes": 0}, "time_in_minutes"),
        ({"time_in_minutes": -5}, "time_in_minutes"),
        ({"time_in_minutes": 2**31}, "time_in_minutes"),
        ({"time_in_minutes": 1.5}, "time_in_minutes"),
        ({"date_performed": "yesterday"}, "date_performed"),
        ({"story_id": 1}, "story_id"),
        ({"notes": None}, "notes"),
    ],
)
def test_a_wrong_time_entry_is_refused(kantata: Account, fields: dict[str, Any], field: str) -> None:
    kantata.create("stories", title="elsewhere", workspace_id=kantata.workspace())
    workspace = kantata.workspace(require_notes_on_time_entries=True)
    good = {"workspace_id": workspace, "time_in_minutes": 60, "date_performed": "2026-11-02", "notes": "x"}
    assert error(kantata.call("POST", "time_entries", {"time_entry": good | fields})) == (422, "validation", field)
    assert kantata.call("POST", "time_entries", {"time_entry": good}).status_code == 200


def test_a_submission_holds_one_project_one_person_and_one_week(kantata: Account) -> None:
    workspace, other = kantata.workspace(), kantata.workspace()
    entry, strange = kantata.entry(workspace), kantata.entry(other)
    late, toms = kantata.entry(workspace, day="2026-11-12"), kantata.entry(workspace, user_id=2)
    for wrong in ([strange], [entry, strange], [entry, late], [toms], [], [999], "x"):
        body = {"title": "W", "workspace_id": workspace, "line_item_ids": wrong}
        refused = kantata.call("POST", "timesheet_submissions", {"timesheet_submission": body})
        assert error(refused) == (422, "validation", "line_item_ids")
    made = kantata.create(
        "timesheet_submissions", title="W", workspace_id=workspace, line_item_ids=[entry], include="time_entries,user"
    )
    assert (made["status"], made["time_entry_ids"], made["user_id"]) == ("pending", [entry], "8")
    assert (made["line_item_total_in_cents"], made["start_date"]) == (26000, "2026-11-02")
    again = {"title": "W", "workspace_id": workspace, "line_item_ids": [entry]}
    assert kantata.call("POST", "timesheet_submissions", {"timesheet_submission": again}).status_code == 422


def test_a_submission_by_dates_takes_the_persons_open_entries(kantata: Account) -> None:
    workspace = kantata.workspace()
    tom = kantata.as_(TOM)
    mine = [tom.entry(workspace, day=day) for day in ("2026-11-02", "2026-11-06")]
    tom.entry(workspace, day="2026-11-09")
    kantata.entry(workspace)
    week = {"workspace_id": int(workspace), "start_date": "2026-11-02", "end_date": "2026-11-08"}
    response = tom.call("POST", "timesheet_submissions", {"timesheet_submissions": [week]}, include="time_entries")
    assert response.json()["timesheet_submissions"]["1"]["time_entry_ids"] == mine


def test_approval_marks_the_entries_and_rejection_takes_it_back(kantata: Account) -> None:
    workspace = kantata.workspace(require_time_approvals=True)
    entry = kantata.entry(workspace)
    submission = kantata.approved(workspace, entry)

    def shown() -> Any:
        include = {"include": "active_submission,recent_submission"}
        return kantata.read(f"time_entries/{entry}", **include)["time_entries"][entry]

    assert (shown()["approved"], shown()["active_submission_id"]) == (True, submission)
    assert ids(kantata.listed("timesheet_submissions", statuses="approved")) == [submission]
    assert error(kantata.call("PUT", f"timesheet_submissions/{submission}/cancel")) == (422, "validation", "status")
    assert kantata.call("PUT", f"timesheet_submissions/{submission}/reject").status_code == 200
    assert (shown()["approved"], shown()["active_submission_id"]) == (False, None)
    assert shown()["recent_submission_id"] == submission
    assert kantata.listed("time_entries", approved="true") == []


def test_resubmitting_makes_a_new_submission_and_the_entries_follow(kantata: Account) -> None:
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    first = kantata.submitted(workspace, entry)
    kantata.call("PUT", f"timesheet_submissions/{first}/cancel")
    second = kantata.submitted(workspace, entry)
    assert first != second
    assert kantata.listed("time_entries", with_recent_timesheet_ids=first) == []
    assert ids(kantata.listed("time_entries", with_recent_timesheet_ids=second)) == [entry]
    statuses = {s["id"]: s["status"] for s in kantata.listed("timesheet_submissions")}
    assert statuses == {first: "cancelled", second: "pending"}
    assert ids(kantata.listed("timesheet_submissions", statuses="new")) == [second]
    assert ids(kantata.listed("timesheet_submissions", active="true")) == [second]
    assert error(kantata.call("GET", "timesheet_submissions", statuses="lost"))[:2] == (400, "system")


def test_only_an_administrator_or_the_projects_approver_decides(kantata: Account) -> None:
    workspace = kantata.workspace(approver_id=1)
    tom, priya = kantata.as_(TOM), kantata.as_(PRIYA)
    submission = tom.submitted(workspace, tom.entry(workspace))
    assert error(tom.call("PUT", f"timesheet_submissions/{submission}/approve"))[:2] == (403, "system")
    assert priya.call("PUT", f"timesheet_submissions/{submission}/approve").status_code == 200


def test_many_submissions_are_approved_at_once_or_not_at_all(kantata: Account) -> None:
    workspace = kantata.workspace(require_time_approvals=True)
    submissions = [kantata.submitted(workspace, kantata.entry(workspace)) for _ in range(3)]

    def approve(*wanted: str) -> Any:
        resolution = {"submission_ids": [int(sid) for sid in wanted], "description": "fine"}
        return kantata.call("POST", "timesheet_approvals", {"resolution": resolution})

    assert approve(*submissions, "99").status_code == 404
    assert kantata.listed("timesheet_submissions", statuses="approved") == []
    done = approve(*submissions).json()
    assert [r["type"] for r in done["resolutions"].values()] == ["approval"] * 3
    assert [r["target_id"] for r in done["resolutions"].values()] == [int(sid) for sid in submissions]
    assert len(kantata.listed("time_entries", approved="true")) == 3
    assert approve(submissions[0]).status_code == 422
    operations = kantata.control("ledger?operation=timesheet_submissions.approve", method="GET")["entries"]
    assert [entry["key"] for entry in operations] == submissions


def test_whether_approval_moves_updated_at_of_the_entries_is_a_setting(kantata: Account) -> None:
    workspace = kantata.workspace()
    kantata.control("clock", {"at": "2026-11-02T08:00:00Z"})
    still, moving = kantata.entry(workspace), kantata.entry(workspace)
    kantata.control("clock", {"at": "2026-11-03T08:00:00Z"})
    kantata.approved(workspace, still)
    kantata.settings(derived_changes_move_updated_at=True)
    kantata.approved(workspace, moving)
    assert ids(kantata.listed("time_entries", updated_after="2026-11-02T12:00:00Z")) == [moving]


def test_an_invoice_needs_an_item_and_locks_its_entries(kantata: Account) -> None:
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    assert (
        error(kantata.call("POST", "invoices", {"invoice": {"workspace_id": workspace, "payment_schedule": 30}}))[0]
        == 422
    )
    number = kantata.read("invoices/next_invoice_number")["next_invoice_number"]
    made = kantata.create(
        "invoices",
        workspace_id=workspace,
        payment_schedule=30,
        invoice_date="2026-11-02",
        time_entry_ids=[int(entry)],
        additional_items=[{"notes": "Travel", "amount": 12.5}],
        include="time_entries,workspaces",
    )
    assert (made["title"], made["due_date"], made["status"]) == (f"Invoice #{number}", "2026-12-02", "new")
    assert (made["balance_in_cents"], made["time_entry_ids"]) == (26000 + 1250, [entry])
    assert kantata.listed("time_entries")[0]["is_invoiced"] is True
    assert kantata.call("DELETE", f"time_entries/{entry}").status_code == 422
    assert kantata.update("time_entries", entry, time_in_minutes=1).status_code == 422
    assert kantata.update("time_entries", entry, notes="still editable").status_code == 200
    twice = {"workspace_id": workspace, "payment_schedule": 30, "time_entry_ids": [int(entry)]}
    assert kantata.call("POST", "invoices", {"invoice": twice}).status_code == 422
    cancelled = kantata.call("PUT", f"invoices/{made['id']}/cancel").json()["invoices"][made["id"]]
    assert cancelled["status"] == "cancelled"
    assert kantata.listed("time_entries")[0]["is_invoiced"] is False
    assert kantata.call("DELETE", f"time_entries/{entry}").status_code == 204


def test_a_bulk_delete_refuses_all_when_one_is_locked(kantata: Account) -> None:
    workspace = kantata.workspace()
    entries = [kantata.entry(workspace) for _ in range(3)]
    kantata.create("invoices", workspace_id=workspace, payment_schedule=1, time_entry_ids=[int(entries[2])])
    assert kantata.call("DELETE", "time_entries", ids=",".join(entries)).status_code == 422
    assert kantata.read("time_entries")["count"] == 3
    assert kantata.call("DELETE", "time_entries", ids=",".join(entries[:2])).status_code == 204
    assert ids(kantata.listed("time_entries")) == [entries[2]]
    assert kantata.call("DELETE", "time_entries", ids=",".join(str(n) for n in range(101))).status_code == 400


def test_a_locked_period_takes_no_time(kantata: Account) -> None:
    workspace = kantata.workspace()
    entry = kantata.entry(workspace, day="2026-10-30")
    kantata.update("workspaces", workspace, lock_date="2026-10-31")
    assert kantata.call("DELETE", f"time_entries/{entry}").status_code == 422
    body = {"workspace_id": workspace, "time_in_minutes": 5, "date_performed": "2026-10-31"}
    assert error(kantata.call("POST", "time_entries", {"time_entry": body})) == (422, "validation", "date_performed")


def test_a_payment_on_an_invoice_is_forced_to_the_full_amount(kantata: Account) -> None:
    workspace = kantata.workspace()
    fixed = [{"notes": "Phase", "amount": 1000}]
    invoice = kantata.create("invoices", workspace_id=workspace, payment_schedule=30, fixed_fee_items=fixed)["id"]
    payment = kantata.create("external_payments", workspace_id=workspace, invoice_id=int(invoice), amount_in_cents=1)
    assert payment["amount_in_cents"] == 100000
    paid = kantata.listed("invoices")[0]
    assert (paid["status"], paid["balance_in_cents"]) == ("accepted payment", 0)
    second = {"workspace_id": workspace, "invoice_id": int(invoice)}
    assert error(kantata.call("POST", "external_payments", {"external_payment": second})) == (
        422,
        "validation",
        "invoice_id",
    )
    assert kantata.call("DELETE", f"invoices/{invoice}").status_code == 422
    on_project = kantata.create("external_payments", workspace_id=workspace, amount_in_cents=250, message="part")
    assert on_project["amount_in_cents"] == 250
    long = {"workspace_id": workspace, "amount_in_cents": 1, "message": "x" * 256}
    assert error(kantata.call("POST", "external_payments", {"external_payment": long})) == (
        422,
        "validation",
        "message",
    )


def test_drafts_and_invoices_of_several_projects_take_no_external_payment(kantata: Account) -> None:
    first, second = kantata.workspace(), kantata.workspace()
    items: dict[str, Any] = {"payment_schedule": 1, "additional_items": [{"notes": "x", "amount": 1}]}
    draft = kantata.create("invoices", workspace_id=first, draft=True, **items)
    joint = kantata.create("invoices", workspace_ids=[first, second], **items)
    assert draft["title"] == "Draft Invoice #1"
    for invoice in (draft, joint):
        body = {"workspace_id": first, "invoice_id": int(invoice["id"])}
        assert kantata.call("POST", "external_payments", {"external_payment": body}).status_code == 422


def test_a_milestone_is_billed_once(kantata: Account) -> None:
    workspace = kantata.workspace()
    milestone = kantata.create("billing_milestones", title="Half", amount_in_cents=5000, workspace_id=workspace)["id"]
    needs_task = {"title": "Done", "amount_in_cents": 1, "workspace_id": workspace, "billing_type": "upon_completion"}
    assert error(kantata.call("POST", "billing_milestones", {"billing_milestone": needs_task})) == (
        422,
        "validation",
        "story_id",
    )
    invoice: dict[str, Any] = {
        "workspace_id": workspace,
        "payment_schedule": 30,
        "billing_milestone_ids": [int(milestone)],
    }
    made = kantata.create("invoices", **invoice)
    assert made["balance_in_cents"] == 5000
    assert kantata.call("POST", "invoices", {"invoice": invoice}).status_code == 422
    page = kantata.read(f"billing_milestones/{milestone}", include="invoices")
    assert page["billing_milestones"][milestone]["invoice_ids"] == [made["id"]]
    assert kantata.call("DELETE", f"billing_milestones/{milestone}").status_code == 422


def test_expenses_are_submitted_approved_and_deleted_in_bulk(kantata: Account) -> None:
    workspace = kantata.workspace(require_expense_approvals=True)
    fields: dict[str, Any] = {
        "workspace_id": workspace,
        "date": "2026-11-02",
        "category": "Meals",
        "expense_category_id": 1,
    }
    expenses = [kantata.create("expenses", amount_in_cents=cents, **fields)["id"] for cents in (100, 250)]
    assert kantata.listed("expenses", approved="true") == []
    report = kantata.create(
        "expense_report_submissions", title="R", workspace_id=workspace, line_item_ids=expenses, include="expenses"
    )
    assert (report["line_item_total_formatted"], report["expense_ids"]) == ("$3.50", expenses)
    assert kantata.call("PUT", f"expense_report_submissions/{report['id']}/approve").status_code == 200
    assert len(kantata.listed("expenses", approved="true")) == 2
    deleted = kantata.call("DELETE", "expenses", ids=",".join(expenses))
    assert (deleted.status_code, deleted.json()) == (200, {"deleted": expenses})
    refused = kantata.call("POST", "expenses", {"expense": {"workspace_id": workspace}})
    missing = {one["field"] for one in refused.json()["errors"]}
    assert missing == {"date", "category", "amount_in_cents", "expense_category_id"}


def test_approved_time_is_editable_or_locked_as_set_up(kantata: Account) -> None:
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    kantata.approved(workspace, entry)
    assert kantata.update("time_entries", entry, time_in_minutes=30).status_code == 200
    kantata.settings(approved_entries_editable=False)
    assert error(kantata.update("time_entries", entry, time_in_minutes=45)) == (422, "validation", "base")
    assert kantata.listed("time_entries")[0]["time_in_minutes"] == 30


def test_the_approved_field_without_need_of_approval_is_a_setting(kantata: Account) -> None:
    workspace = kantata.workspace(require_time_approvals=False)
    kantata.entry(workspace)
    kantata.settings(approved_field_without_approval=True)
    kantata.entry(workspace)
    assert [entry["approved"] for entry in kantata.listed("time_entries", order="created_at:asc")] == [False, True]


def test_members_see_costs_and_submissions_span_longer_when_set_up(kantata: Account) -> None:
    workspace = kantata.workspace()
    first, last = kantata.entry(workspace, day="2026-11-02"), kantata.entry(workspace, day="2026-11-12")
    kantata.settings(members_see_costs=True, submission_days=14)
    seen = kantata.as_(TOM).listed("time_entries")
    assert all("cost_rate_in_cents" in entry for entry in seen)
    assert kantata.submitted(workspace, first, last) == "1"


def test_only_may_pass_over_default_filters_when_set_up(kantata: Account) -> None:
    workspace = kantata.workspace()
    kantata.update("workspaces", workspace, archived=True)
    assert kantata.listed("workspaces", only=workspace) == []
    kantata.settings(only_applies_default_filters=False)
    assert ids(kantata.listed("workspaces", only=workspace)) == [workspace]


def test_project_statuses_are_those_set_up(kantata: Account) -> None:
    kantata.workspace(status_key=501)
    assert kantata.listed("workspaces")[0]["status"]["key"] == 501
    kantata.settings(workspace_statuses={"7": ["blue", "Waiting"]})
    assert kantata.update("workspaces", "1", status_key=501).status_code == 422
    assert kantata.create("workspaces", title="B")["status"] == {"color": "blue", "key": 7, "message": "Waiting"}
