"""An older database is restored while the vendors moved on: what they hold is found again, nothing is made twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.cli.conftest import Command, tieline
from tests.conftest import _new_database
from tests.e2e.deals import invoices, money, shown, win, workday
from tests.e2e.world import World
from tests.faults.books import books, difference, doubles, line_copies
from tests.faults.firm import Firm, firm, vendors
from tests.faults.workload import DESIGN, TOM, book, says, settle

__all__ = ["tieline"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


@contextmanager
def backup(run: Firm) -> Iterator[str]:
    """A copy of the database as it is now; nobody is at work while it is taken."""
    run.rest()
    with _new_database(str(conninfo_to_dict(run.orders.conninfo)["dbname"])) as copy:
        yield copy


def restore(run: Firm, copy: str) -> None:
    """The firm goes on with the copy."""
    run.rest()
    run.orders = replace(run.orders, conninfo=copy)


def test_after_the_restore_of_an_older_database_everything_is_found_again_and_nothing_is_made_twice(
    here: World, database: str
) -> None:
    with firm(here, database) as run:
        deal = win(here, "Old deal")
        settle(run)
        project = shown(here, deal)
        assert project is not None, says(run)
        with backup(run) as copy:
            book(run, project["PSA_Id__c"], DESIGN, TOM, (workday(), 60), (workday(1), 90))
            later = win(here, "Later deal")
            settle(run)
            draft = here.finance.draft(project["ERP_Id__c"], money(525))
            assert draft is not None, says(run)
            assert shown(here, later) is not None
            before = books(here)

            restore(run, copy)
            settle(run)
            assert difference(before, books(here)) == [], says(run)
            assert set(line_copies(here).values()) == {1}
            assert run.rows("select message from exception_item where closed_at is null") == []

            here.finance.release(draft)
            book(run, project["PSA_Id__c"], DESIGN, TOM, (workday(2), 30))
            settle(run)
            assert here.finance.hours(project["ERP_Id__c"]) == 3
            assert sorted(row["Status__c"] for row in invoices(here, project)) == ["draft", "open"], says(run)
            assert here.finance.draft(project["ERP_Id__c"], money(105)) is not None
            assert doubles(books(here)) == {}


def test_what_was_corrected_at_its_source_before_the_restored_database_was_at_work_is_booked_as_it_is_now(
    here: World, database: str
) -> None:
    with firm(here, database) as run:
        deal = win(here, "Corrected deal")
        settle(run)
        project = shown(here, deal)
        assert project is not None, says(run)
        with backup(run) as copy:
            submission = book(run, project["PSA_Id__c"], DESIGN, TOM, (workday(), 60))
            settle(run)
            assert here.finance.hours(project["ERP_Id__c"]) == 1
            restore(run, copy)
            correct(here, submission, project["PSA_Id__c"], 45)
            settle(run)
            assert here.finance.hours(project["ERP_Id__c"]) == money("0.75"), "the batch has the number of the lost one"
            assert here.finance.draft(project["ERP_Id__c"], money("157.5")) is not None, says(run)
            assert set(line_copies(here).values()) == {1}


@pytest.mark.torture
def test_corrections_booked_since_the_backup_are_told_one_by_one_by_a_comparison(
    here: World, database: str, tieline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restored database cannot know of them: the ERP's list shows them, and a person decides."""
    with firm(here, database) as run:
        deal = win(here, "Deal corrected since")
        settle(run)
        project = shown(here, deal)
        assert project is not None, says(run)
        with backup(run) as copy:
            submission = book(run, project["PSA_Id__c"], DESIGN, TOM, (workday(), 60))
            settle(run)
            correct(here, submission, project["PSA_Id__c"], 45)
            settle(run)
            assert here.finance.hours(project["ERP_Id__c"]) == money("0.75")
            charge, *since = sorted(line_copies(here))
            restore(run, copy)
            settle(run)
            run.rest()
            monkeypatch.setenv("TIELINE_DATABASE_URL", copy)
            assert tieline("reconcile", "--site", here.site).code == 1
            found = run.rows("select kind, reference from discrepancy where closed_at is null order by reference")
            assert [(row["kind"], row["reference"]) for row in found] == [("extra", line) for line in since]
            assert charge not in since
            assert run.rows("select from exception_item where closed_at is null and connection = 'netsuite'")


def correct(here: World, submission: str, workspace: str, minutes: int) -> None:
    """The approval is taken back, the one entry changed and approved again."""
    delivery = here.delivery
    delivery._browser.call("PUT", f"/api/v1/timesheet_submissions/{submission}/reject", {"resolution": {}})
    (entry,) = delivery.list("time_entries", workspace_id=workspace)
    delivery.change("time_entries", "time_entry", entry["id"], time_in_minutes=minutes)
    again = delivery.create(
        "timesheet_submissions",
        "timesheet_submission",
        workspace_id=int(workspace),
        user_id=int(delivery.person(TOM)["id"]),
        title="Corrected week",
        line_item_ids=[int(entry["id"])],
    )
    delivery.approve(str(again["id"]))
