"""The report of a rehearsal that failed says so, what was broken, and by what."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tieline.rehearsal.firm import draw, timesheet, weeks
from tieline.rehearsal.judge import Balance, Law, Verdict
from tieline.rehearsal.ledgers import Ledgers, minutes_of, source_of
from tieline.rehearsal.month_end import Episode, Outcome
from tieline.rehearsal.queue import Waiting
from tieline.rehearsal.report import About, as_json, page
from tieline.rehearsal.standins import StandIns
from tieline.rehearsal.weather import Fired

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ABOUT = About("tieline rehearse month-end", 1, "standard", 2, {"server": 120.0}, NOW)


def outcome(*, settled: bool = True, broken: tuple[str, ...] = ()) -> Outcome:
    ledgers = Ledgers(StandIns({}))
    ledgers.approvals.pace = [(NOW, 600), (NOW + timedelta(seconds=5), 480)]
    ledgers.books.pace = [(NOW + timedelta(seconds=9), 1020)]
    hit = Fired("netsuite", "answered 429, too many requests", 1234)
    verdict = Verdict(
        laws=[Law(name="No hour is lost", meaning="All are there.", found="2 entries", broken=broken)],
        balances=[Balance("DE", "EUR", 2, 1080, 1, 1020, 0, 0, Decimal("1800.00"), Decimal("1700.00"))],
        worths={7: {"EUR": Decimal("8420.00")}},
    )
    return Outcome(
        firm=draw(10, 1, date(2026, 11, 2)),
        episodes=[Episode("A storm", NOW, NOW + timedelta(seconds=4), "", True, [hit])],
        verdict=verdict,
        waiting=[
            Waiting(id=7, kind="mapping", owner="finance", message="<b>", suggestion=None, entries=frozenset("1"))
        ],
        ledgers=ledgers,
        settled=settled,
        seconds={"setting up": 1.0, "draining": 2.0, "the whole": 12.0},
        take_overs=[1.5],
        database_back=[],
        kills=1,
    )


def test_a_broken_rule_is_the_verdict_and_names_what_broke_it() -> None:
    failed = outcome(broken=("time entry 12 of 2026-10-01 is nowhere",))
    told = page(failed, ABOUT)
    assert "Failed: 1 of 1 rule was broken. First: no hour is lost." in told
    assert "time entry 12 of 2026-10-01 is nowhere" in told
    assert not as_json(failed, ABOUT)["passed"]


def test_an_end_that_did_not_come_is_no_pass() -> None:
    late = outcome(settled=False)
    assert "Failed: the month-end had not settled when the time was up." in page(late, ABOUT)
    assert not as_json(late, ABOUT)["passed"]


def test_what_does_not_add_up_is_shown_to_the_cent() -> None:
    told = page(outcome(), ABOUT)
    assert "Halden Marsh GmbH" in told
    assert "100.00" in told  # of money
    assert "1.00</span>" in told  # an hour
    assert "NetSuite: 1,234 calls answered 429, too many requests" in told
    assert "EUR 8,420.00" in told


def test_texts_of_others_are_text() -> None:
    assert "&lt;b&gt;" in page(outcome(), ABOUT)


def test_the_same_seed_draws_the_same_firm_and_time() -> None:
    first, second = draw(40, 5, date(2026, 3, 9)), draw(40, 5, date(2026, 3, 9))
    assert first == second != draw(40, 6, date(2026, 3, 9))
    assert first.month == date(2026, 2, 1)
    one = first.consultants[3]
    assert [list(timesheet(one, week, 5)) for week in weeks(first.month)] == [
        list(timesheet(one, week, 5)) for week in weeks(first.month)
    ]
    assert [len(week) for week in weeks(date(2026, 10, 1))] == [2, 5, 5, 5, 5]


def test_references_and_hours_of_the_erp_are_understood() -> None:
    assert source_of("kantata:time:21:0") == ("21", 0)
    assert source_of("kantata:time:21:0~3") == ("21", 3)
    assert [minutes_of(text) for text in ("7:30", "-0:15", "12:00")] == [450, -15, 720]
