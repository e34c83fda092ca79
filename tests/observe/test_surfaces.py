"""The four answers, service levels, calls and alerts on every surface: API, console, command line and Prometheus."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.api.serving import client_of, desk_on
from tests.console.pages import Page
from tests.console.week import CLAIMS, GRID, BusyWeek
from tieline import api, console
from tieline.app.desk import Desk
from tieline.store.database import Database

PAGES = ("invoice-ready", "failed-entries", "contract-changes", "margin")


@pytest.fixture
def desk(database: str, tmp_path: Path) -> Iterator[Desk]:
    opened = Database(database, size=12)
    yield desk_on(opened, tmp_path / "site")
    opened.close()


@pytest.fixture
def busy(desk: Desk) -> Desk:
    BusyWeek(desk.database).fill()
    with desk.database.transaction() as db:
        db.execute(
            "insert into service_fact (tier, connection, engagement, label, object, started_at, ended_at, records)"
            " values ('transactions', 'netsuite', %s, '300 approved entries', 'batch:1',"
            " clock_timestamp() - interval '7 hours', clock_timestamp(), 300),"
            " ('project', 'netsuite', %s, 'Project in ERP', 'project:p',"
            " clock_timestamp() - interval '12 seconds', clock_timestamp(), 1)",
            [GRID, GRID],
        )
        db.execute(
            "insert into call_minute values ('netsuite', date_trunc('minute', clock_timestamp()), 100, 3, 2, 60,"
            " '{0,0,0,90,10,0,0,0,0,0,0,0}')"
        )
        db.execute(
            "insert into call_total select connection, calls, failed, throttled, seconds, buckets from call_minute"
        )
        db.execute(
            "insert into posting_batch (connection, line_ids, failures, problem) values"
            " ('netsuite', '{900001,900002,900003}', 1, 'too many \"requests\"')"
        )
        db.execute(
            "insert into alert (cause, kind, title, message, link) values"
            " ('sla:transactions', 'sla', 'Transactions are late <b>', '3 are late', '/operations#service')"
        )
    return desk


@pytest.fixture
def programs(busy: Desk) -> Iterator[httpx2.Client]:
    with client_of(api.build(busy)) as client:
        yield client


@pytest.fixture
def people(busy: Desk) -> Iterator[httpx2.Client]:
    with client_of(console.build(busy)) as client:
        yield client


def test_the_api_says_what_can_be_billed_and_what_is_held_back(programs: httpx2.Client) -> None:
    answer = programs.get("/api/answers/invoice-ready").json()
    (row,) = answer["items"]
    assert (row["engagement_id"], row["currency"], row["state"]) == (GRID, "USD", "release")
    assert (row["ready"], row["held"], row["held_lines"], row["drafts"]) == ("18562.50", "11062.50", 5, 1)
    assert answer["unbilled"][0]["total"] == "33337.50"
    assert sum(map(float, answer["unbilled"][0]["ages"].values())) == 33337.50


def test_the_api_says_which_entries_failed_and_why(programs: httpx2.Client) -> None:
    answer = programs.get("/api/answers/failed-entries", params={"limit": 2}).json()
    assert (len(answer["entries"]), answer["total"]) == (2, 5)
    assert answer["entries"][0]["why"] == "Role 'Sr. Architect' has no service item in NetSuite"
    assert answer["batches"][0] | {"next_at": None} == {
        "connection": "netsuite",
        "state": "refused_for_now",
        "batches": 1,
        "lines": 3,
        "problem": 'too many "requests"',
        "next_at": None,
    }


def test_the_api_says_which_contract_has_not_reached_which_system(programs: httpx2.Client) -> None:
    (row,) = programs.get("/api/answers/contract-changes").json()["items"]
    assert (row["engagement_id"], row["state"], row["version"]) == (CLAIMS, "blocked", 1)
    assert [(step["connection"], step["label"]) for step in row["missing"]] == [
        ("netsuite", "Customer in ERP"),
        ("netsuite", "Project in ERP"),
    ]


def test_the_api_says_where_margin_is_at_risk_and_shows_no_cost(programs: httpx2.Client) -> None:
    answer = programs.get("/api/answers/margin")
    (row,) = answer.json()["items"]
    assert (row["currency"], row["amount"], row["lines"], row["exceptions"]) == ("USD", "11062.50", 5, 1)
    assert "cost" not in answer.text


def test_the_api_tells_service_levels_calls_and_alerts(programs: httpx2.Client) -> None:
    levels = programs.get("/api/service-levels", params={"hours": 1}).json()
    tiers = {row["tier"]: row for row in levels["tiers"]}
    assert (tiers["transactions"]["late"], tiers["transactions"]["share"]) == (300, 0.0)
    assert tiers["project"]["kept"]
    assert levels["late"][0]["records"] == 300
    (netsuite,) = [row for row in programs.get("/api/calls").json()["items"] if row["connection"] == "netsuite"]
    assert (netsuite["calls_hour"], netsuite["failed_hour"], netsuite["throttled_hour"]) == (100, 3, 2)
    assert 0.1 < netsuite["p50_seconds"] < 0.25
    assert netsuite["lines_waiting"] == 3
    (alert,) = programs.get("/api/alerts").json()["items"]
    assert alert["cause"] == "sla:transactions"


@pytest.mark.parametrize("question", PAGES)
def test_a_page_answers_in_a_sentence_and_is_in_order(people: httpx2.Client, question: str) -> None:
    answer = people.get(f"/answers/{question}")
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.faults == []
    assert page.headings.count("h1") == 1
    expected = {
        "invoice-ready": "1 project can be billed: USD 18,562.50. 1 draft waits for finance.",
        "failed-entries": "5 approved entries wait for a person. 3 more lines go on by themselves.",
        "contract-changes": "1 contract change has not reached every system. It needs a person.",
        "margin": "Exceptions hold back USD 11,062.50, in 1 project.",
    }
    assert expected[question] in page.text


@pytest.mark.parametrize("question", PAGES)
def test_a_page_of_a_firm_that_has_just_begun_says_that_nothing_waits(desk: Desk, question: str) -> None:
    with client_of(console.build(desk)) as client:
        page = Page(client.get(f"/answers/{question}").text)
    assert page.faults == []
    assert re.search(r"No |Every ", page.text)


def test_the_operations_page_shows_alerts_service_levels_and_backlog(people: httpx2.Client) -> None:
    answer = people.get("/operations")
    page = Page(answer.text)
    assert page.faults == []
    assert "Transactions are late &lt;b&gt;" in answer.text
    for told in ("99 % in 6 h", "300 approved entries", "2 over its limits", "0.0 %", "7 h"):
        assert told in page.text, told
    assert people.get("/answers").headers["location"] == "/answers/invoice-ready"


def test_prometheus_reads_the_figures(programs: httpx2.Client) -> None:
    answer = programs.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    for line in lines:
        assert re.fullmatch(
            r"# (HELP|TYPE) tieline_\w+ .+|tieline_\w+(\{(\w+=\"(\\.|[^\"\\])*\",?)+\})? [-+.\deE]+", line
        ), line
    for expected in (
        'tieline_calls_total{end="answered",connection="netsuite"} 95',
        'tieline_calls_total{end="throttled",connection="netsuite"} 2',
        'tieline_call_seconds_bucket{le="0.25",connection="netsuite"} 90',
        'tieline_call_seconds_bucket{le="+Inf",connection="netsuite"} 100',
        'tieline_call_seconds_count{connection="netsuite"} 100',
        'tieline_service_late{tier="transactions"} 300',
        'tieline_exceptions_open{kind="mapping",owner="finance"} 1',
        'tieline_lines_waiting{connection="netsuite"} 3',
        "tieline_alerts_open 1",
    ):
        assert expected in lines, expected
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_prometheus_is_answered_on_this_machine_only(programs: httpx2.Client) -> None:
    assert programs.get("/metrics", headers={"host": "tieline.example"}).status_code == 421


def test_the_figures_are_not_read_more_often_than_every_few_seconds(programs: httpx2.Client, busy: Desk) -> None:
    first = programs.get("/metrics").text
    with busy.database.transaction() as db:
        db.execute("update alert set resolved_at = clock_timestamp()")
    assert programs.get("/metrics").text == first
