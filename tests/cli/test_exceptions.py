"""The exception queue on the command line: filter, look, edit, assign, postpone, write off, and many at once."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.console.week import GRID, BusyWeek
from tieline.store.database import Database


@pytest.fixture
def week(books: Database) -> BusyWeek:
    return BusyWeek(books).fill()


def numbers(week: BusyWeek) -> dict[str, str]:
    with week.database.connection() as db:
        return {row["kind"]: str(row["id"]) for row in db.execute("select kind, id from exception_item").fetchall()}


def rows(week: BusyWeek, query: str) -> list[dict[str, Any]]:
    with week.database.connection() as db:
        return db.execute(query.encode()).fetchall()


def test_the_queue_is_listed_by_filter_with_its_deadlines(tieline: Command, stored: Path, week: BusyWeek) -> None:
    ran = tieline("exceptions", "--owner", "finance", "--older-than", "3", "--site", stored)
    assert "5 time entries (USD 11,062.50) wait: Role 'Sr. Architect' has no service item" in " ".join(ran.out.split())
    (row,) = tieline("exceptions", "--engagement", "Grid", "--sort", "newest", "--json", "--site", stored).json()
    assert (row["kind"], row["sla"], row["lines"]) == ("mapping", "on_time", 5)
    assert "No such exception waits" in tieline("exceptions", "--sla", "broken", "--site", stored).out
    assert tieline("exceptions", "--kind", "cats", "--site", stored).code == 2


def test_one_exception_is_shown_with_its_lines_and_history(tieline: Command, stored: Path, week: BusyWeek) -> None:
    number = numbers(week)["mapping"]
    out = tieline("exception", "show", number, "--limit", "2", "--site", stored).out
    assert "may be edited: time.role" in out
    assert "SVC-EM is right until the new rate card comes." in out
    shown = tieline("exception", "show", number, "--after", "2", "--json", "--site", stored).json()
    assert [line["number"] for line in shown["lines"]] == [3, 4, 5]
    assert "no exception 999" in tieline("exception", "show", "999", "--site", stored).sentence()


def test_a_missing_code_is_added(tieline: Command, stored: Path, week: BusyWeek) -> None:
    ran = tieline("exception", "fix", numbers(week)["mapping"], "9", "--as", "dana", "--site", stored)
    assert "5 records are tried again" in ran.out
    assert "Sr. Architect,9" in (stored / "values" / "netsuite" / "item.csv").read_text("utf-8")


def test_an_edit_is_only_shown_until_yes(tieline: Command, stored: Path, week: BusyWeek) -> None:
    words = ["exception", "edit", numbers(week)["mapping"], "role", "Consultant", "--reason", "mistyped"]
    assert "“Sr. Architect”" in tieline(*words, "--site", stored).out
    assert rows(week, "select * from field_override") == []
    assert tieline(*words, "--yes", "--as", "dana", "--json", "--site", stored).json()["corrected"] == 5
    assert {row["person"] for row in rows(week, "select person from field_override")} == {"dana"}
    assert "not one field" in tieline("exception", "edit", words[2], "amount", "1", "--site", stored).sentence()


def test_it_is_assigned_commented_and_postponed(tieline: Command, stored: Path, week: BusyWeek) -> None:
    number = numbers(week)["mapping"]
    assert (
        "Tom Okafor mends it now"
        in tieline("exception", "assign", number, "tom.okafor@haldenmarsh.example", "--site", stored).out
    )
    assert "no team or person 'cats'" in tieline("exception", "assign", number, "cats", "--site", stored).sentence()
    assert tieline("exception", "comment", number, "ask [/red] Tom", "--site", stored).code == 0
    assert "no day such as" in tieline("exception", "postpone", number, "tomorrow", "--site", stored).sentence()
    assert "within the next year" in tieline("exception", "postpone", number, "2020-01-01", "--site", stored).sentence()
    day = f"{week.now.year + 1}-01-02" if week.now.month > 1 else f"{week.now.year}-06-01"
    assert "Postponed until" in tieline("exception", "postpone", number, day, "--site", stored).out
    (row,) = tieline("exceptions", "--show", "postponed", "--json", "--site", stored).json()
    assert str(row["id"]) == number
    assert "back in the list" in tieline("exception", "postpone", number, "now", "--site", stored).out


def test_a_write_off_needs_two_named_persons(tieline: Command, stored: Path, week: BusyWeek) -> None:
    words = ["exception", "write-off", numbers(week)["mapping"], "--site", stored]
    assert "say who you are" in tieline(*words, "--reason", "agreed").sentence()
    assert "Proposed for 5 lines" in tieline(*words, "--reason", "agreed", "--as", "Priya Raman").out
    assert "proposes to write it off" in tieline("exceptions", "--show", "write_off", "--site", stored).out
    email = "priya.raman@haldenmarsh.example"
    assert "a second person" in tieline(*words, "--confirm", "--as", email).sentence()
    assert tieline(*words, "--confirm", "--as", "dana", "--json").json()["written_off"] == 5


def test_a_record_made_outside_is_adopted_or_left(tieline: Command, stored: Path, week: BusyWeek) -> None:
    number = numbers(week)["unlinked"]
    assert "no project HM-0 of ours" in tieline("exception", "adopt", number, "HM-0", "--site", stored).sentence()
    assert "say why" in tieline("exception", "ignore", number, "--site", stored).sentence()
    assert "left to its system" in tieline("exception", "ignore", number, "--reason", "inside", "--site", stored).out


def test_many_are_only_shown_until_yes(tieline: Command, stored: Path, week: BusyWeek) -> None:
    shown = tieline("bulk", "retry", "--owner", "finance", "--site", stored).out
    assert "retry would touch 3 exceptions, which hold back USD 312,312.50. Do it with --yes." in shown
    assert rows(week, "select * from procrastinate_jobs") == []
    done = tieline("bulk", "retry", "--owner", "finance", "--yes", "--json", "--site", stored).json()
    assert done == {"exceptions": 3, "left": 0, "records": 7}
    assert "needs --to" in tieline("bulk", "assign", "--owner", "finance", "--yes", "--site", stored).sentence()
    assert (
        "Done for 3" in tieline("bulk", "assign", "--owner", "finance", "--to", "sales", "--yes", "--site", stored).out
    )
    off = ["--engagement", GRID, "--reason", "agreed", "--yes", "--as", "Priya Raman", "--site", stored]
    assert "Done for 1" in tieline("bulk", "write-off", *off).out
    assert "Done for 1" in tieline("bulk", "confirm", "--yes", "--as", "dana", "--site", stored).out
    assert "No exception fits" in tieline("bulk", "confirm", "--yes", "--as", "dana", "--site", stored).out
