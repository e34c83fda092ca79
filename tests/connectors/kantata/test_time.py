"""The time and expense feeds: approval, un-approval and correction, many pages, restarts, and nothing skipped."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.connectors.kantata.delivery import LEAD, LENA, START, Delivery, lines_since
from tieline.sdk import jsontext
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import SourceLine
from tieline.sdk.roles import Psa


def newest(lines: list[SourceLine]) -> dict[str, SourceLine]:
    """What a reader knows after some lines: per id the newest version, of equal ones the one read last."""
    known: dict[str, SourceLine] = {}
    for line in lines:
        if line.source_id not in known or known[line.source_id].source_version <= line.source_version:
            known[line.source_id] = line
    return known


def test_an_approved_entry_arrives_as_the_lane_wants_it(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    story = delivery.create("stories", workspace_id=int(project), title="Build")
    entry = delivery.entry(project, 95, story_id=int(story), notes="O'Brien's Prüfung 🚀", billable=False)
    delivery.decide(delivery.submit(project, entry), "approve")
    delivery.later(60)
    lines, _ = lines_since(psa, None)
    line = newest(lines)[entry]
    assert (line.kind, line.quantity, line.unit, line.work_date) == ("time", Decimal(95), "min", START)
    assert (line.project_ref, line.task_ref, line.person_ref) == (project, story, str(delivery.person(LENA)))
    assert (line.role, line.billable, line.note) == ("Senior Consultant", False, "O'Brien's Prüfung 🚀")
    assert (line.approved, line.approved_by) == (True, LEAD)
    assert line.approved_at is not None
    assert abs((line.approved_at - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("moves", [False, True])
def test_approval_and_rejection_are_newer_than_the_entry_they_concern(
    psa: Psa, delivery: Delivery, moves: bool
) -> None:
    delivery.customize(settings={"derived_changes_move_updated_at": moves})
    project = delivery.project()
    entry = delivery.entry(project)
    seen: list[tuple[int, bool]] = []
    cursor = None
    submission = ""
    for step in ("write", "submit", "approve", "reject"):
        if step == "submit":
            submission = delivery.submit(project, entry)
        elif step != "write":
            delivery.decide(submission, step)
        delivery.later(5)
        lines, cursor = lines_since(psa, cursor)
        line = newest(lines)[entry]
        seen.append((line.source_version, line.approved))
    assert [approved for _, approved in seen] == [False, False, True, False]
    assert [version for version, _ in seen] == sorted({version for version, _ in seen})


def test_an_entry_that_is_submitted_again_follows_its_newest_submission(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    entry = delivery.entry(project)
    delivery.decide(delivery.submit(project, entry), "reject")
    delivery.later(5)
    _, cursor = lines_since(psa, None)
    delivery.decide(delivery.submit(project, entry), "approve")
    delivery.later(5)
    lines, _ = lines_since(psa, cursor)
    assert newest(lines)[entry].approved is True


def test_a_correction_of_an_approved_entry_arrives(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    entry = delivery.entry(project)
    delivery.decide(delivery.submit(project, entry), "approve")
    delivery.later(400)
    before, cursor = lines_since(psa, None)
    delivery.later(400)
    delivery.change("time_entries", entry, time_in_minutes=30)
    delivery.later(5)
    lines, _ = lines_since(psa, cursor)
    line = newest(lines)[entry]
    assert (line.quantity, line.approved) == (Decimal(30), True)
    assert line.source_version > newest(before)[entry].source_version


def test_entries_of_archived_projects_arrive(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    entry = delivery.entry(project)
    delivery.change("workspaces", project, archived=True)
    delivery.later(60)
    assert entry in newest(lines_since(psa, None)[0])


def test_every_entry_of_many_pages_with_one_moment_arrives_over_restarts(
    connecting: Callable[..., Connected], delivery: Delivery
) -> None:
    delivery.control("POST", "kantata/seed", {"time_entries": 503})
    delivery.later(60)
    found: list[str] = []
    cursor, more, pages = None, True, 0
    while more:
        psa = connecting(page_size=50).psa
        assert psa is not None
        page = psa.list_changed_time(cursor)
        found += [line.source_id for line in page.lines]
        cursor, more, pages = page.cursor, page.more, pages + 1
        assert jsontext.loads(page.body)["meta"]["page_size"] == 50
    assert sorted(found, key=int) == [str(number) for number in range(1, 504)]
    assert pages > 10


def test_rows_that_move_or_vanish_between_two_pages_hide_no_other(
    connecting: Callable[..., Connected], delivery: Delivery
) -> None:
    project = delivery.project()
    entries = [delivery.entry(project) for _ in range(40)]
    psa = connecting(page_size=5).psa
    assert psa is not None
    delivery.later(600)
    page = psa.list_changed_time(None)
    page = psa.list_changed_time(page.cursor)
    lines = list(page.lines)
    for entry in entries[:7]:
        delivery.change("time_entries", entry, time_in_minutes=15)
    delivery.call("DELETE", "time_entries", ids=",".join(entries[7:9]))
    lines += lines_since(psa, page.cursor)[0]
    assert {line.source_id for line in lines} >= set(entries[9:])
    delivery.later(600)
    lines += lines_since(psa, None)[0]
    assert all(newest(lines)[entry].quantity == 15 for entry in entries[:7])


def test_submissions_that_change_while_they_are_swept_are_found_by_the_next_sweep(
    connecting: Callable[..., Connected], delivery: Delivery
) -> None:
    project = delivery.project()
    days = [date(2026, 3, number) for number in range(1, 13)]
    entries = [delivery.entry(project, day=day) for day in days]
    submissions = [delivery.submit(project, entry) for entry in entries]
    delivery.later(600)
    psa = connecting(page_size=4).psa
    assert psa is not None
    page = psa.list_changed_time(None)
    page = psa.list_changed_time(page.cursor)
    delivery.decide(submissions[0], "approve")
    lines, cursor = lines_since(psa, page.cursor)
    delivery.later(5)
    lines += lines_since(psa, cursor)[0]
    assert newest(lines)[entries[0]].approved is True


def test_a_quiet_sweep_reads_no_lines_again_for_submissions_it_knows(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    delivery.decide(delivery.submit(project, delivery.entry(project)), "approve")
    delivery.later(60)
    _, cursor = lines_since(psa, None)
    before = delivery.requests()["time_entries.list"]
    lines_since(psa, cursor)
    assert delivery.requests()["time_entries.list"] == before + 1


def test_a_change_of_this_very_second_waits_until_no_other_can_bear_its_moment(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    entry = delivery.entry(project)
    lines, cursor = lines_since(psa, None)
    assert lines == []
    delivery.change("time_entries", entry, time_in_minutes=30)
    delivery.later(5)
    assert newest(lines_since(psa, cursor)[0])[entry].quantity == 30


def test_expenses_bring_amount_category_and_approval(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project(currency="EUR", require_expense_approvals=True)
    category = delivery.list("expense_categories")[0]
    expense = delivery.create(
        "expenses",
        workspace_id=int(project),
        user_id=delivery.person(LENA),
        date="2026-03-02",
        expense_category_id=int(category["id"]),
        category=category["name"],
        amount_in_cents=12345,
        reimbursable=True,
    )
    delivery.later(600)
    lines, cursor = lines_since(psa, None, "expense")
    line = newest(lines)[expense]
    assert (line.kind, line.amount, line.currency) == ("expense", Decimal("123.45"), "EUR")
    assert (line.approved, line.quantity, line.unit) == (False, Decimal(1), "each")
    assert line.attributes == {"category": category["name"], "reimbursable": True}
    delivery.later(600)
    report = delivery.submit(project, expense, kind="expense_report")
    delivery.decide(report, "approve", kind="expense_report")
    delivery.later(5)
    lines, _ = lines_since(psa, cursor, "expense")
    assert newest(lines)[expense].approved is True
    assert list(psa.list_approved_refs("expense")) == [expense]


def test_the_nightly_list_names_exactly_what_is_approved_and_exists(
    connecting: Callable[..., Connected], delivery: Delivery
) -> None:
    psa = connecting(page_size=7).psa
    assert psa is not None
    project = delivery.project()
    free = delivery.project("No approvals", require_time_approvals=False)
    entries = [delivery.entry(project) for _ in range(30)]
    delivery.entry(free)
    submission = delivery.submit(project, *entries[:20])
    delivery.decide(submission, "approve")
    assert set(psa.list_approved_refs("time")) == set(entries[:20])
    refs = psa.list_approved_refs("time")
    first = [next(refs) for _ in range(7)]
    delivery.call("DELETE", "time_entries", ids=",".join(entries[:3]))
    assert {*first, *refs} >= set(entries[3:20])
    delivery.change("workspaces", project, archived=True)
    assert set(psa.list_approved_refs("time")) == set(entries[3:20])


def test_a_first_sweep_may_start_late(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    delivery.entry(delivery.project())
    psa = connecting(changes_since=date(2999, 1, 1)).psa
    assert psa is not None
    assert lines_since(psa, None)[0] == []


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "null", '{"submissions": 1}', "\x00", '{"positions": {}}'])
def test_a_cursor_of_somebody_else_is_refused(psa: Psa, cursor: str) -> None:
    for read in (psa.list_changed_time, psa.list_changed_expenses, psa.list_changed_projects):
        with pytest.raises(Rejected) as refused:
            read(cursor)
        assert refused.value.kind == "internal"


def test_entries_are_read_again_by_their_ids_and_what_is_gone_is_left_out(psa: Psa, delivery: Delivery) -> None:
    project = delivery.project()
    approved, other = delivery.entry(project, 60), delivery.entry(project, 30)
    delivery.decide(delivery.submit(project, approved), "approve")
    delivery.later(60)
    lines, _ = lines_since(psa, None)
    page = psa.read_lines("time", [approved, "999999999", "no id", approved])
    assert list(page.lines) == [newest(lines)[approved]]
    assert {line.source_id for line in psa.read_lines("time", [approved, other]).lines} == {approved, other}
    assert psa.read_lines("time", ["no id"]).lines == ()
    assert psa.read_lines("expense", ["999999999"]).lines == []
