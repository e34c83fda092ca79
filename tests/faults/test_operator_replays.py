"""Operators replay during the work and after it, on every level: the vendors hold what they would have held."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Command, tieline
from tests.e2e.deals import netsuite_record, shown, win
from tests.e2e.world import World
from tests.faults.books import books, doubles, line_copies
from tests.faults.firm import Firm, firm, vendors
from tests.faults.workload import opportunity_to_cash, settle
from tieline.engine.replay import NothingToReplay, Scope, ask
from tieline.store.database import Database

__all__ = ["tieline"]
PAUSE, SLOWER = 0.6, 1.25
"""Seconds until an operator replays again, and how that grows: a slow machine could not settle between them."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


def levels(run: Firm) -> dict[str, Scope]:
    """What can be replayed now, one scope of each level."""
    found = {name: Scope(connection=name) for name in run.here.urls}
    found["time range"] = Scope(since=datetime.now(UTC) - timedelta(hours=1))
    for row in run.rows("select id from engagement limit 1"):
        found["engagement"] = Scope(engagement=row["id"])
    for row in run.rows("select id from effect order by random() limit 1"):
        found["effect"] = Scope(effect=row["id"])
    for row in run.rows("select source_id from project_transaction where kind = 'time' order by random() limit 1"):
        found["record"] = Scope(connection="kantata", record="time", external_id=row["source_id"])
    return found


@contextmanager
def operators(run: Firm) -> Iterator[set[str]]:
    """People who replay all the time, two at once; the levels they came to."""
    came, stopped, database = set[str](), threading.Event(), Database(run.orders.conninfo)

    def replay() -> None:
        pause = PAUSE
        while not stopped.wait(pause):
            pause *= SLOWER
            for name, scope in levels(run).items():
                try:
                    ask(database, scope, threading.current_thread().name)
                    came.add(name)
                except NothingToReplay:
                    continue

    people = [threading.Thread(target=replay, name=name) for name in ("dana", "sam")]
    for person in people:
        person.start()
    try:
        yield came
    finally:
        stopped.set()
        for person in people:
            person.join()
        database.close()


def test_replays_of_every_level_during_the_work_and_after_it_change_nothing(
    here: World, database: str, tieline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with firm(here, database) as run:
        with operators(run) as came:
            opportunity_to_cash(run)
        settle(run)
        assert came == {*here.urls, "time range", "engagement", "effect", "record"}
        assert doubles(books(here)) == {}
        assert set(line_copies(here).values()) == {1}
        assert run.rows("select state from replay where state <> 'done'") == []

        before = {vendor: here.ledger(vendor) for vendor in here.urls}
        monkeypatch.setenv("TIELINE_DATABASE_URL", database)
        for scope in (("--connection", "netsuite"), ("--engagement", "Grid")):
            seen = tieline("replay", *scope, "--preview", "--json", "--site", here.site).json()
            assert (seen["whole"], seen["writes"]) == (True, 0)
            asked = tieline("replay", *scope, "--as", "Dana", "--json", "--site", here.site).json()
            settle(run)
            (row,) = run.rows("select state, looked, items from replay where id = %s", asked["replay"]["number"])
            assert (row["state"], row["looked"]) == ("done", row["items"])
        assert {vendor: here.ledger(vendor) for vendor in here.urls} == before


def test_what_a_person_sees_foreseen_is_what_the_replay_then_writes(
    here: World, database: str, tieline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with firm(here, database) as run:
        deal = win(here, "Grid analytics")
        settle(run)
        project = shown(here, deal)
        assert project is not None
        run.rows(  # as if a rule had changed: the same flow now wants another name
            "update contract_version set body = jsonb_set(body, '{name}', '\"Grid renamed\"') returning version"
        )
        monkeypatch.setenv("TIELINE_DATABASE_URL", database)
        scope = ("--engagement", "Grid", "--site", here.site)
        before = {vendor: len(here.ledger(vendor)) for vendor in here.urls}
        seen = tieline("replay", *scope, "--preview", "--json").json()
        assert {vendor: len(here.ledger(vendor)) for vendor in here.urls} == before, "looking writes nothing"
        tieline("replay", *scope)
        settle(run)
        new = {vendor: len(here.ledger(vendor)) - before[vendor] for vendor in here.urls}
        foreseen = Counter(one["connection"] for each in seen["preview"]["forecasts"] for one in each["writes"])
        assert new == dict(foreseen)
        assert set(foreseen) == set(here.urls)
        assert netsuite_record(here, "job", project["ERP_Id__c"])["companyName"] == "Grid renamed"
        assert tieline("replay", *scope, "--preview", "--json").json()["writes"] == 0
