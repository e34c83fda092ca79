"""Events are only hints: twice, out of order, or none pushed at all, the vendors end with the same records."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.deals import invoices, money, shown, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World, world
from tieline.engine.wake import wake

LINKS = {
    "parent": ("job", "projectTask", "customer"),
    "project": ("job",),
    "job": ("job",),
    "entity": ("customer",),
    "customer": ("job",),
    "caseTaskEvent": ("projectTask",),
    "workspace_id": ("workspaces",),
    "parent_id": ("stories",),
    "resource_id": ("workspace_resources",),
}
"""Field -> what its vendor id may be of; the ids themselves depend on who came first."""

Books = dict[tuple[str, str, str], Any]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Books:
    """What the vendors hold when every event arrives once."""
    with world(tmp_path_factory.mktemp("usual"), module_database) as here:
        here.begin()
        return _played(here)


def test_events_twice_and_out_of_order_leave_the_same_records(tmp_path: Path, database: str, usual: Books) -> None:
    with world(tmp_path, database) as here:
        here.begin()
        with _everything_again(here) as rounds:
            found = _played(here)
        assert rounds[0] > 2
        assert found == usual


def test_without_any_push_the_sweeps_find_everything(tmp_path: Path, database: str, usual: Books) -> None:
    with world(tmp_path, database, push=False) as here:
        here.begin()
        assert _played(here) == usual
        assert here.rows("select from feed_cursor where stream = 'salesforce:push' and position is not null") == []


def _played(here: World) -> Books:
    deal = win(here, "Deal of events")
    project = here.until(lambda: shown(here, deal), "project in Salesforce")
    work(here, project, "tom.okafor@haldenmarsh.example", (workday(), 90), (workday(1), 60))
    here.until(lambda: here.finance.hours(project["ERP_Id__c"]) == money("2.5"), "hours in NetSuite")
    draft = here.until(lambda: here.finance.draft(project["ERP_Id__c"], money(525)), "draft invoice")
    here.finance.release(draft)
    here.until(lambda: [row for row in invoices(here, project) if row["Status__c"] == "open"], "posted invoice")
    here.finance.pay(draft, here.finance.total(draft))
    here.until(lambda: shown(here, deal, "AND Collection_Status__c = 'paid' AND Unbilled__c = 0"), "paid project")
    assert doubled(here) == []
    assert here.exceptions() == []
    return {key: value for vendor in here.urls for key, value in _books(here, vendor).items()}


@contextmanager
def _everything_again(here: World) -> Iterator[list[int]]:
    """All the time: every event is new again, every feed starts over, and all flows are woken in any order."""
    stopped, rounds, dice = threading.Event(), [0], random.Random(7)

    def disturb() -> None:
        while not stopped.wait(0.3):
            with here.tieline.database.connection() as db:  # every statement commits by itself
                db.execute("update feed_cursor set position = null where stream not like '%push'")
                db.execute("delete from inbox")
                rows = db.execute("select flow, key, engagement from agenda order by flow, key").fetchall()
                for row in dice.sample(rows, len(rows)):
                    wake(db, row["flow"], row["key"], row["engagement"], "event")
            rounds[0] += 1

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        yield rounds
    finally:
        stopped.set()
        thread.join()


def _books(here: World, vendor: str) -> Books:
    """(vendor, record type, our reference) -> its last content, with our references in place of vendor ids."""
    entries = [entry for entry in here.ledger(vendor) if entry["external_key"]]
    names = {(_kind(entry), entry["key"]): entry["external_key"] for entry in entries}
    found: Books = {}
    for entry in entries:
        body = found.setdefault((vendor, _kind(entry), entry["external_key"]), {})
        body |= {name: _named(names, name, value) for name, value in (entry["body"] or {}).items()}
    return found


def _kind(entry: dict[str, Any]) -> str:
    return str(entry["operation"].partition(".")[0])


def _named(names: dict[tuple[str, str], str], name: str, value: Any) -> Any:
    if isinstance(value, dict) and "items" in value:
        return [{key: _named(names, key, one) for key, one in line.items()} for line in value["items"]]
    plain = str(value["id"] if isinstance(value, dict) and "id" in value else value)
    for kind in LINKS.get(name, ()):
        if (kind, plain) in names:
            return names[kind, plain]
    return value
