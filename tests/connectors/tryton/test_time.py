"""Approved time in the real Tryton: batches, refused lines alone, reversals, look-ups."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.tryton.books import Books, amount_of, hours_of
from tests.connectors.tryton.proxy import FaultyProxy
from tests.connectors.tryton.records import Story, begun, worked
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import WriteSafety
from tieline.sdk.roles import Erp

LENA = "lena.brandt@haldenmarsh.example"


def posted(erp: Erp, lines: list[ErpLine]) -> Settled:
    settled = erp.time.post(lines, "site/tryton/time#1")
    assert isinstance(settled, Settled)
    return settled


def lines_of(books: Books, story: Story) -> dict[str, dict[str, Any]]:
    domain = [["description", "like", f"kantata:time:{story.tag}%"]]
    fields = ("description", "duration", "date", "employee.party.name", "work.rec_name")
    rows = books.rows("timesheet.line", domain, *fields)
    found = {row["description"].replace(f"kantata:time:{story.tag}", ""): row for row in rows}
    assert len(found) == len(rows)
    return found


def hours(books: Books, story: Story) -> dict[str, Decimal]:
    return {reference: hours_of(row["duration"]) for reference, row in lines_of(books, story).items()}


class Week:
    """A task and a person to book time on."""

    def __init__(self, erp: Erp, story: Story) -> None:
        self.ids = begun(erp, story)
        self.person = erp.list_people()[LENA]
        self.tag = story.tag

    def line(self, number: str, minutes: str, **changes: Any) -> ErpLine:
        values = {"task": self.ids.task, **changes}
        person = values.pop("person", self.person)
        return worked(f"kantata:time:{self.tag}{number}", self.ids.project, person, minutes, **values)


@pytest.fixture
def week(erp: Erp, story: Story) -> Week:
    return Week(erp, story)


def test_a_batch_of_time_is_booked_with_our_references(erp: Erp, books: Books, story: Story, week: Week) -> None:
    lines = [week.line(f":{number}", "90") for number in range(200)]
    settled = posted(erp, lines)
    assert settled.refused == {}
    assert set(settled.ids) == {line.reference for line in lines}
    booked = lines_of(books, story)
    assert len(booked) == 200
    one = booked[":7"]
    assert settled.ids[lines[7].reference] == str(one["id"])
    assert hours_of(one["duration"]) == Decimal("1.5")
    assert one["employee."]["party."]["name"] == "Lena Brandt"
    assert one["work."]["rec_name"].endswith("Design")
    cost = books.row("project.work", week.ids.project, "cost")["cost"]
    assert amount_of(cost) == 200 * Decimal("1.5") * 88  # at the cost price Tryton itself holds


def test_time_without_a_task_goes_to_the_project(erp: Erp, books: Books, story: Story, week: Week) -> None:
    posted(erp, [week.line(":1", "30", task=None)])
    assert lines_of(books, story)[":1"]["work."]["rec_name"].endswith("Port data platform")


def test_lines_tryton_refuses_stand_alone_and_stop_no_other(erp: Erp, books: Books, story: Story, week: Week) -> None:
    lines = [week.line(f":{number}", "60") for number in range(20)]
    lines[3] = week.line(":3", "60", person="99999")
    lines[11] = week.line(":11", "60", work_date=date(2020, 1, 1))
    lines[12] = week.line(":12", "60", task="999999")
    lines[13] = week.line(":13", "60", person="O'Brien")
    settled = posted(erp, lines)
    refused = {reference.removeprefix(f"kantata:time:{week.tag}"): why for reference, why in settled.refused.items()}
    assert set(refused) == {":3", ":11", ":12", ":13"}
    assert "Employee" in refused[":3"].message
    assert "task 999999 is gone in Tryton" in refused[":12"].message
    assert "no record id" in refused[":13"].message
    assert len(settled.ids) == 16
    assert set(hours(books, story)) == {f":{number}" for number in range(20)} - set(refused)


def test_a_reversal_takes_the_hours_back_and_keeps_its_own_line(
    erp: Erp, books: Books, story: Story, week: Week
) -> None:
    posted(erp, [week.line(":1", "120"), week.line(":2", "60")])
    settled = posted(erp, [week.line(":1~1", "-120", sign=-1), week.line(":1~2", "90")])
    assert settled.refused == {}
    assert hours(books, story) == {":1": 0, ":2": 1, ":1~1": 0, ":1~2": Decimal("1.5")}
    settled = posted(erp, [week.line(":1~3", "-90", sign=-1), week.line(":2~1", "-60", sign=-1)])
    assert set(settled.ids) == {f"kantata:time:{week.tag}{number}" for number in (":1~3", ":2~1")}
    assert sum(hours(books, story).values()) == 0


def test_a_reversal_in_the_batch_of_its_charge_is_booked_after_it(
    erp: Erp, books: Books, story: Story, week: Week
) -> None:
    settled = posted(erp, [week.line(":1~1", "-45", sign=-1), week.line(":1", "45")])
    assert settled.refused == {}
    assert hours(books, story) == {":1": 0, ":1~1": 0}


def test_a_reversal_of_what_tryton_does_not_hold_is_refused(erp: Erp, books: Books, story: Story, week: Week) -> None:
    posted(erp, [week.line(":1", "120"), week.line(":2", "30")])
    reversals = [
        week.line(":9~1", "-60", sign=-1),
        week.line(":1~1", "-60", sign=-1),
        week.line(":2~1", "-30", sign=-1),
        week.line(":2", "-30", sign=-1),
    ]
    settled = posted(erp, reversals)
    assert set(settled.ids) == {f"kantata:time:{week.tag}:2~1"}
    assert len(settled.refused) == 3
    assert all("takes back is not in Tryton" in why.message for why in settled.refused.values())
    assert hours(books, story) == {":1": 2, ":2": 0, ":2~1": 0}


def test_a_lost_answer_leaves_the_batch_in_doubt_and_the_look_up_finds_all_of_it(
    behind: Erp, proxy: FaultyProxy, books: Books, story: Story, week: Week
) -> None:
    lines = [week.line(f":{number}", "15") for number in range(5)]
    proxy.faults["model.timesheet.line.create"] = "lost_answer"
    with pytest.raises(Unclear):
        posted(behind, lines)
    found = behind.time.find_many([line.reference for line in lines] + ["kantata:time:other"])
    assert set(found) == {line.reference for line in lines}
    assert len(lines_of(books, story)) == 5


def test_a_reversal_whose_answer_is_lost_is_found_and_happened_once(
    behind: Erp, proxy: FaultyProxy, books: Books, story: Story, week: Week
) -> None:
    posted(behind, [week.line(":1", "60")])
    reversal = week.line(":1~1", "-60", sign=-1)
    proxy.faults["model.timesheet.work.write"] = "lost_answer"
    with pytest.raises(Unclear):
        posted(behind, [reversal])
    assert set(behind.time.find_many([reversal.reference])) == {reversal.reference}
    settled = posted(behind, [reversal])  # sent again by mistake: what it takes back is taken back already
    assert set(settled.refused) == {reversal.reference}
    assert hours(books, story) == {":1": 0, ":1~1": 0}


def test_when_the_line_breaks_amid_a_batch_the_booked_part_is_told_and_the_rest_is_in_doubt(
    behind: Erp, proxy: FaultyProxy, books: Books, story: Story, week: Week
) -> None:
    posted(behind, [week.line(":1", "60")])
    proxy.faults["model.timesheet.work.write"] = "429"
    charge, reversal = week.line(":2", "30"), week.line(":1~1", "-60", sign=-1)
    settled = posted(behind, [charge, reversal])
    assert set(settled.ids) == {charge.reference}
    assert settled.refused == {}
    assert hours(books, story) == {":1": 1, ":2": Decimal("0.5")}


def test_a_slow_down_before_anything_was_booked_is_unavailable(
    behind: Erp, proxy: FaultyProxy, books: Books, story: Story, week: Week
) -> None:
    proxy.faults["model.timesheet.line.create"] = "429"
    with pytest.raises(Unavailable) as raised:
        posted(behind, [week.line(":1", "60")])
    assert not isinstance(raised.value, Unclear)
    assert raised.value.retry_after is not None
    assert lines_of(books, story) == {}


def test_a_reference_that_stands_there_twice_is_a_persons_matter(erp: Erp, story: Story, week: Week) -> None:
    line = week.line(":1", "60")
    posted(erp, [line])
    posted(erp, [line])
    with pytest.raises(Rejected, match="twice") as refused:
        erp.time.find_many([line.reference])
    assert (refused.value.kind, refused.value.key) == ("duplicate", line.reference)


def test_the_sink_says_how_it_is_resolved_when_in_doubt(erp: Erp) -> None:
    assert erp.time.safety is WriteSafety.LOOKUP
    assert erp.time.quarantine.total_seconds() == 300
    assert erp.time.batch_size == 200
