"""A small simulated firm: what Tieline made of its weeks is what its truth file says really happened."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.oracle import doubled
from tests.e2e.world import World, world
from tieline.demo.firm import fit_site
from tieline.demo.rest import under_way
from tieline.store.database import Database
from tieline.store.engagement_facts import read_facts
from tieline_standins.simulation.year import Size, Year

SMALL = Size(consultants=8, weeks=17, until=date(2026, 11, 13), seed=276)
LARGER = Size(consultants=48, weeks=30, until=date(2026, 11, 13), seed=1)
Fact = dict[str, Any]


@dataclass(frozen=True)
class After:
    """The firm after its weeks, Tieline at rest."""

    here: World
    facts: list[Fact]

    def all(self, what: str) -> list[Fact]:
        return [fact for fact in self.facts if fact["what"] == what]

    def known(self) -> set[str]:
        """Whose time the ERP takes; that of others waits for a person, unpriced."""
        return {one["email"] for one in self.all("person") if one["known_in_erp"]}


def test_what_waits_for_a_person_is_at_rest(database: str) -> None:
    add = "insert into agenda (flow, key, engagement, state, due_at) values (%s, 'k', 'e', %s, now() + %s::interval)"
    opened = Database(database)
    with opened.transaction() as db:
        db.execute(add, ["staffing", "blocked", "1 hour"])
        assert under_way(db) == 0
        db.execute(add, ["billing", "blocked", "0 s"])
        db.execute(add, ["contract_to_project", "retrying", "1 hour"])
        assert under_way(db) == 2
    opened.close()


@contextmanager
def played(folder: Path, conninfo: str, size: Size) -> Iterator[After]:
    """A firm of this size after its weeks."""
    with world(folder, conninfo) as here:
        year = Year(size, here.urls, lambda told: None)
        here.stack.callback(year.close)
        year.recruit(folder)
        fit_site(here.site, folder)
        here.begin()
        year.play(folder / "truth.jsonl")
        lines = (folder / "truth.jsonl").read_text("utf-8").splitlines()
        happened = After(here, [json.loads(line) for line in lines])
        here.until(lambda: issued(here) == expected_invoices(happened) or None, "word of the last payments", 120)
        here.settled(90)
        yield happened


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[After]:
    with played(tmp_path_factory.mktemp("simulated"), module_database, SMALL) as happened:
        yield happened


def expected_invoices(after: After) -> dict[str, tuple[Any, ...]]:
    """Id -> dates, total and what is paid, as finance knows them."""
    return {
        one["id"]: (one["issued_on"], one["due_on"], Decimal(one["total"]), Decimal(one["paid"]))
        for one in after.all("invoice")
    }


def issued(here: World) -> dict[str, tuple[Any, ...]]:
    """The same, as Tieline knows them."""
    rows = here.rows(
        "select external_id, state->>'issued_on' as issued_on, state->>'due_on' as due_on,"
        " state#>>'{total,amount}' as total, state#>>'{paid,amount}' as paid from invoice where status <> 'draft'"
    )
    return {
        row["external_id"]: (row["issued_on"], row["due_on"], _decimal(row["total"]), _decimal(row["paid"]))
        for row in rows
    }


def _decimal(text: str | None) -> Decimal | None:
    """None of an invoice the ERP has told nothing of yet."""
    return None if text is None else Decimal(text)


def test_the_weeks_hold_what_the_others_compare(after: After) -> None:
    assert {one["stage"] for one in after.all("deal")} >= {"Closed Won", "Closed Lost", "Proposal/Price Quote"}
    assert {one["method"] for one in after.all("deal") if one["workspace"]} == {"time_and_materials", "milestone"}
    assert any(one["mended_on"] for one in after.all("deal"))
    assert any(one["extended_on"] for one in after.all("deal"))
    assert after.all("expense")
    assert any(one["disputed_on"] for one in after.all("invoice"))
    assert any(one["rejected_first"] for one in after.all("time"))
    assert any(one["paid_on"] for one in after.all("invoice"))
    assert any(one["reached_on"] for one in after.all("milestone"))


def test_what_customers_said_weighs_on_the_health_of_their_engagements(after: After) -> None:
    said = {one["customer"]: Decimal(one["score"]) for one in after.all("satisfaction")}
    with after.here.tieline.database.connection() as db:
        found = {one.customer: one.satisfaction for one in read_facts(db, SMALL.until, frozenset())}
    assert said
    assert {name: score for name, score in found.items() if score is not None} == said


def test_every_approved_minute_is_there_once_and_no_other(after: After) -> None:
    expected = {str(one["entry"]): one["minutes"] for one in after.all("time") if one["approved_on"]}
    rows = after.here.rows(
        "select source_id, sum(sign * quantity) as minutes from project_transaction where kind = 'time' group by 1"
    )
    assert {row["source_id"]: int(row["minutes"]) for row in rows if row["minutes"]} == expected
    bookable = [one["minutes"] for one in after.all("time") if one["approved_on"] and one["person"] in after.known()]
    (booked,) = after.here.finance.rows("SELECT SUM(hours) AS hours FROM timebill")
    assert Decimal(str(booked["hours"])) * 60 == sum(bookable)
    assert doubled(after.here) == []


def test_the_worth_of_each_project_is_what_was_agreed(after: After) -> None:
    deals = {one["number"]: one for one in after.all("deal")}
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in after.all("time"):
        deal = deals[one["deal"]]
        hourly = deal["method"] == "time_and_materials"
        if one["approved_on"] and hourly and one["person"] in after.known():
            expected[deal["name"]] += Decimal(one["minutes"]) * deal["rates"][one["role"]] / 60
    for one in after.all("milestone"):
        if one["reached_on"]:
            expected[deals[one["deal"]]["name"]] += one["amount"]
    for one in after.all("expense"):
        expected[deals[one["deal"]]["name"]] += Decimal(one["cents"]) / 100
    rows = after.here.rows(
        "select p.body->>'name' as name, sum(t.sign * t.amount) as worth from project_transaction t"
        " join project p on p.id = t.project_id group by 1"
    )
    assert {row["name"]: row["worth"] for row in rows if row["worth"]} == dict(expected)


def test_invoices_are_known_as_they_were_issued_and_paid(after: After) -> None:
    assert issued(after.here) == expected_invoices(after)


def test_a_dispute_is_seen_while_it_lasts(after: After) -> None:
    rows = after.here.rows("select external_id from invoice where state->>'dispute' is not null")
    lasting = [one["id"] for one in after.all("invoice") if one["disputed_on"] and not one["settled_on"]]
    assert sorted(row["external_id"] for row in rows) == sorted(lasting)


def test_only_what_was_won_became_work(after: After) -> None:
    rows = after.here.rows("select body->>'name' as name from project")
    assert sorted(row["name"] for row in rows) == sorted(
        one["name"] for one in after.all("deal") if one["becomes_work"]
    )


@pytest.mark.torture
def test_a_larger_firm_ends_as_truly_as_a_small_one(tmp_path: Path, database: str) -> None:
    with played(tmp_path, database, LARGER) as after:
        test_every_approved_minute_is_there_once_and_no_other(after)
        test_the_worth_of_each_project_is_what_was_agreed(after)
        test_invoices_are_known_as_they_were_issued_and_paid(after)
        test_only_what_was_won_became_work(after)
        (unknown,) = [one["email"] for one in after.all("person") if not one["known_in_erp"]]
        assert any(unknown in one.message for one in after.here.exceptions())
