"""The queue's forms without a script: assign, postpone, correct after a difference, write off by two, many at once."""

from datetime import timedelta

import httpx2
import pytest

from tests.console.pages import Page
from tests.console.test_forms import BY, fill_in, number_of, rows
from tests.console.week import GRID, BusyWeek

DANA = "Dana Whitfield"


def text_of(client: httpx2.Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:300]
    page = Page(answer.text)
    assert page.faults == [], path
    return " ".join(page.text.split())


def test_it_is_given_to_a_person_who_is_shown_by_name(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'mapping')}"
    answer = fill_in(client, path, f"{path}/assign", owner="tom.okafor@haldenmarsh.example", reason="he knows it")
    assert answer.status_code == 303
    told = text_of(client, path)
    assert f"Owner Tom Okafor given by {BY}" in told
    assert "Tom Okafor 1" in text_of(client, "/")
    assert "5 time entries wait" in text_of(client, "/exceptions?owner=tom.okafor@haldenmarsh.example")


def test_it_is_postponed_and_taken_up_again(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'mapping')}"
    day = (week.now + timedelta(days=3)).date().isoformat()
    assert fill_in(client, path, f"{path}/postpone", until=day, reason="waits for the PMO").status_code == 303
    home = text_of(client, "/")
    assert "4 exceptions wait for a person" in home
    assert "1 postponed" in home
    assert "5 time entries wait" in text_of(client, "/exceptions?see=postponed")
    assert f"{BY} postponed it until" in text_of(client, path)
    assert fill_in(client, path, f"{path}/take-up").status_code == 303
    assert "5 exceptions wait for a person" in text_of(client, "/")


@pytest.mark.parametrize("until", ["", "tomorrow", "2020-01-01", "9999-12-31", "31.12.2026"])
def test_a_day_that_makes_no_sense_postpones_nothing(client: httpx2.Client, week: BusyWeek, until: str) -> None:
    path = f"/exceptions/{number_of(week, 'mapping')}"
    assert fill_in(client, path, f"{path}/postpone", until=until).status_code == 422
    assert rows(week, "select * from exception_item where postponed_until is not null") == []


def test_a_correction_is_shown_as_a_difference_before_it_is_taken(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'mapping')}"
    shown = f"{path}/edit?field=time.role&value=Consultant"
    told = text_of(client, shown)
    assert "Correct role of 5 time records? Nothing is changed yet" in told
    assert "5 Sr. Architect Sr. Architect Consultant" in told
    assert rows(week, "select * from field_override") == []
    stale = Page(client.get(shown).text).form(f"{path}/edit").values
    assert fill_in(client, shown, f"{path}/edit", reason="mistyped").status_code == 303
    assert len(rows(week, "select * from field_override where new = '\"Consultant\"'")) == 5
    assert "corrected: “role of 5 records is now “Consultant”: mistyped”" in text_of(client, path)
    again = client.post(f"{path}/edit", data={**stale, "by": BY, "reason": "mistyped"})
    assert again.status_code == 422
    assert "look at the difference again" in again.text


@pytest.mark.parametrize("query", ["field=time.amount&value=1", "field=&value=", "field=time.work_date&value=x"])
def test_a_correction_that_makes_no_sense_is_refused_on_the_page(
    client: httpx2.Client, week: BusyWeek, query: str
) -> None:
    answer = client.get(f"/exceptions/{number_of(week, 'mapping')}/edit?{query}")
    assert answer.status_code == 422
    assert Page(answer.text).faults == []


def test_a_write_off_is_proposed_by_one_and_confirmed_by_another(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'mapping')}"
    assert fill_in(client, path, f"{path}/write-off", reason="agreed with the customer").status_code == 303
    told = text_of(client, path)
    assert f"Write off 5 entries, USD 11,062.50? A second person must confirm it {BY} proposed it" in told
    assert "Write-offs to confirm 1" in text_of(client, "/")
    own = fill_in(client, path, f"{path}/write-off-confirm")
    assert own.status_code == 422
    assert "a second person must confirm it" in own.text
    assert fill_in(client, path, f"{path}/write-off-confirm", by=DANA).status_code == 303
    assert "Solved today" in text_of(client, path)
    assert rows(week, "select count(*) as n from project_transaction where state = 'written_off'") == [{"n": 5}]
    assert "lines of HM-" in text_of(client, f"/engagements/{GRID}")


def test_a_proposed_write_off_is_withdrawn(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'mapping')}"
    fill_in(client, path, f"{path}/write-off", reason="agreed")
    assert fill_in(client, path, f"{path}/write-off-withdraw").status_code == 303
    assert rows(week, "select state from write_off") == [{"state": "withdrawn"}]


@pytest.mark.parametrize(
    ("action", "typed", "told"),
    [
        ("retry", {}, "3 exceptions tried again now"),
        ("assign", {"owner": "sales"}, "3 exceptions given to the new owner"),
        ("postpone", {"until": "+3"}, "3 exceptions postponed"),
        (
            "write-off",
            {"reason": "agreed"},
            "1 exception proposed to be written off; a second person must confirm. 2",
        ),
    ],
)
def test_many_are_acted_on_as_the_page_shows_them(
    client: httpx2.Client, week: BusyWeek, action: str, typed: dict[str, str], told: str
) -> None:
    if "until" in typed:
        typed = {"until": (week.now + timedelta(days=3)).date().isoformat()}
    page = text_of(client, "/bulk?owner=finance")
    assert "3 exceptions, which hold back USD 312,312.50" in page
    answer = fill_in(client, "/bulk?owner=finance", f"/bulk/{action}?owner=finance", **typed)
    assert answer.status_code == 303
    assert told in text_of(client, answer.headers["Location"])


def test_write_offs_of_others_are_confirmed_together(client: httpx2.Client, week: BusyWeek) -> None:
    fill_in(client, "/bulk?kind=mapping", "/bulk/write-off?kind=mapping", reason="agreed")
    answer = fill_in(client, "/bulk?see=write_off", "/bulk/confirm?see=write_off", by=DANA)
    assert "1 exception written off" in text_of(client, answer.headers["Location"])


def test_what_a_page_did_not_show_is_not_touched(client: httpx2.Client, week: BusyWeek) -> None:
    stale = Page(client.get("/bulk?owner=sales").text).form("/bulk/retry?owner=sales").values
    rows(week, "update exception_item set owner = 'sales' returning id")
    answer = client.post("/bulk/retry?owner=sales", data={**stale, "by": BY})
    assert answer.status_code == 422
    assert "nothing was done, look again" in answer.text
    for bad in ({"exceptions": "x"}, {"newest": ""}, {"exceptions": "9" * 30}):
        assert client.post("/bulk/retry?owner=sales", data={**stale, "by": BY, **bad}).status_code == 422
    assert rows(week, "select * from procrastinate_jobs") == []
