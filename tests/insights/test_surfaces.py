"""Key figures on the command line, in the API and on the console are the same ones."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import httpx2
import pytest

from tests.api.serving import client_of, desk_on
from tests.console.pages import Page
from tests.insights.firm import CLAIMS, GRID
from tieline import api, console
from tieline.app.desk import Desk
from tieline.model.firm import FxRate
from tieline.store.database import Database


@pytest.fixture(scope="module")
def desk(books: Database, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Its site knows what a dollar is worth today."""
    desk = desk_on(books, tmp_path_factory.mktemp("desk") / "site")
    rate = FxRate(
        id="fx", day=datetime.now(UTC).date(), base="USD", quote="EUR", rate=Decimal("0.5"), source="the central bank"
    )
    return replace(desk, site=replace(desk.site, firm=desk.site.firm.model_copy(update={"fx_rates": (rate,)})))


@pytest.fixture(scope="module")
def program(desk: Desk) -> Iterator[httpx2.Client]:
    with client_of(api.build(desk)) as opened:
        yield opened


@pytest.fixture(scope="module")
def person(desk: Desk) -> Iterator[httpx2.Client]:
    with client_of(console.build(desk)) as opened:
        yield opened


def test_the_api_tells_a_figure_with_what_it_is_known_by(program: httpx2.Client) -> None:
    assert len(program.get("/api/kpis").json()["items"]) > 20
    found = program.get("/api/kpis/backlog", params={"by": "entity"}).json()
    assert [
        (one["key"], one["currency"], one["value"], one["records"], one["missing"]) for one in found["figures"]
    ] == [
        ("DE", "EUR", "12000.00", 1, 0),
        ("US", "USD", "98200.00", 1, 0),
    ]
    assert found["kpi"]["known"].startswith("as of now")


def test_the_records_of_the_api_come_in_pages_and_add_up(program: httpx2.Client) -> None:
    first = program.get("/api/kpis/write-off-rate/records", params={"currency": "USD", "limit": 3}).json()
    second = program.get(
        "/api/kpis/write-off-rate/records", params={"currency": "USD", "limit": 3, "after": first["next"]}
    ).json()
    assert second["next"] is None
    rows = [*first["items"], *second["items"]]
    assert sum(Decimal(one["numerator"]) for one in rows if one["numerator"] is not None) == 300
    assert {one["engagement_id"] for one in rows} == {GRID}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/kpis/nothing", 404, "There is no key figure 'nothing'"),
        ("/api/kpis/nothing/records", 404, "There is no key figure 'nothing'"),
        ("/api/kpis/dso?period=November", 422, "'November' is no period"),
        ("/api/kpis/dso?by=part", 422, "Days sales outstanding has no parts"),
        ("/api/kpis/dso?by=colour", 422, "by"),
        ("/api/kpis/dso?entity=%00", 422, "entity"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(program: httpx2.Client, path: str, status: int, words: str) -> None:
    answer = program.get(path)
    assert answer.status_code == status
    assert words in json.dumps(answer.json(), ensure_ascii=False)


def test_currencies_become_one_at_the_rates_of_the_site(program: httpx2.Client, person: httpx2.Client) -> None:
    (one,) = program.get("/api/kpis/backlog?into=EUR").json()["figures"]
    assert (one["currency"], one["value"]) == ("EUR", "61100.00")
    assert one["converted"] == f"USD 0.5 (the central bank {datetime.now(UTC).date()})"
    page = Page(person.get("/figures/contract-position?into=EUR").text)
    assert "From contract to cash: EUR 70,000.00" in page.text
    assert "the central bank" in page.text
    assert program.get("/api/kpis/backlog?into=USD").json()["error"]["message"].startswith("There is no rate from EUR")
    assert "There is no rate from EUR into USD" in Page(person.get("/figures?into=USD").text).text
    assert program.get("/api/kpis/backlog?into=money").status_code == 422


def test_a_page_shows_the_figure_its_chart_and_links_to_its_records(person: httpx2.Client) -> None:
    page = Page(person.get("/figures/write-off-rate?by=entity").text)
    assert page.faults == []
    assert "Write-off rate: 0.0 % in EUR, 9.5 % in USD" in page.text
    assert "300 of 3,150, 4 lines; 1 more not known" in page.text
    assert {f"/engagements/{GRID}", f"/engagements/{CLAIMS}"} <= set(page.links)
    assert any(link.startswith("/lines/") for link in page.links)
    assert '<figure class="chart">' in page.html


def test_a_filter_stays_in_every_link_of_the_page(person: httpx2.Client) -> None:
    page = Page(person.get("/figures?about=Billing&entity=US&period=2026-09").text)
    figures = [link for link in page.links if link.startswith("/figures") and link != "/figures"]
    assert len(figures) > 10
    assert "Only US, 2026-09." in page.text
    assert all("entity=US" in link and "period=2026-09" in link for link in figures)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/figures?about=Weather", 404),
        ("/figures/nothing", 404),
        ("/figures/dso?by=part", 404),
        ("/figures/dso?period=soon", 422),
        ("/figures/dso?customer=%00", 422),
    ],
)
def test_a_wrong_address_is_answered_by_a_page(person: httpx2.Client, path: str, status: int) -> None:
    answer = person.get(path)
    assert answer.status_code == status
    assert Page(answer.text).faults == []


def test_a_spreadsheet_gets_groups_and_records_and_no_formula(person: httpx2.Client, books: Database) -> None:
    with books.transaction() as db:
        db.execute("update engagement set customer_name = '=1+1' where id = %s", [CLAIMS])
    try:
        answer = person.get("/figures/backlog/csv?by=customer")
        records = person.get("/figures/backlog/csv?of=records")
    finally:
        with books.transaction() as db:
            db.execute("update engagement set customer_name = %s where id = %s", [f"Customer of {CLAIMS}", CLAIMS])
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {(row["name"], row["currency"], row["value"]) for row in rows} == {
        ("'=1+1", "EUR", "12000.00"),
        (f"Customer of {GRID}", "USD", "98200.00"),
    }
    assert sum(Decimal(row["numerator"]) for row in csv.DictReader(io.StringIO(records.text))) == Decimal("110200.00")
