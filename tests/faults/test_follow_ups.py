"""Sales gets one task or deal for each occasion, also after a lost answer, replays, with two workers, and when an older
database is restored."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.deals import Line, win
from tests.e2e.world import World
from tests.faults.firm import Firm, Worker, firm, vendors
from tests.faults.test_restored_database import backup, restore
from tests.faults.workload import says, settle
from tieline.app.outlooks import look_at_all
from tieline.app.site import load_site
from tieline.demo.people import today
from tieline.engine.wake import wake
from tieline.store.database import Database

GO_LIVE = Line("Go-live", None, 1, 25_000, description="Go-live")
LATER = timedelta(400)
"""The milestone is late by then, and the contract at its end."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


def site_that(here: World, creates: str) -> None:
    """The site shows health, posts warnings, and gives sales tasks or deals from the contract's first day on."""
    file = here.site / "site.toml"
    text = file.read_text("utf-8").partition("\n[health]")[0]
    if "follow_ups" not in text:
        text = text.replace("poll_seconds = 1", 'poll_seconds = 1, follow_ups = ["task", "opportunity"]')
    more = f'[renewal]\ncreates = "{creates}"\ndays_before_end = 3650\n[early_warning]\npost_in_psa = true\n'
    file.write_text(f"{text}\n[health]\nshow_in_crm = true\n{more}", "utf-8")


def look(run: Firm) -> int:
    """What a worker does every quarter of an hour."""
    database = Database(run.orders.conninfo, size=2)
    try:
        return look_at_all(database, load_site(run.here.site), today() + LATER)
    finally:
        database.close()


def again(run: Firm) -> None:
    """Everything of the outlook runs once more."""
    database = Database(run.orders.conninfo, size=2)
    with database.transaction() as db:
        for row in db.execute("select flow, key, engagement from agenda where flow in ('outlook', 'customer_health')"):
            wake(db, row["flow"], row["key"], row["engagement"], "operator")
    database.close()


def rows(here: World, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = here.sales.query(query)
    return found


@pytest.mark.parametrize(
    ("creates", "kind", "name"), [("task", "Task", "Subject"), ("opportunity", "Opportunity", "Name")]
)
def test_an_occasion_is_given_to_sales_once_whatever_happens(
    here: World, database: str, creates: str, kind: str, name: str
) -> None:
    site_that(here, creates)

    def made() -> list[str]:
        return [row[name] for row in rows(here, f"SELECT Id, {name}, OwnerId FROM {kind} WHERE Tieline_Id__c != null")]

    def posts() -> list[str]:
        return [row["message"] for row in here.delivery.list("posts") if "is late" in row["message"]]

    with firm(here, database) as run:
        win(here, "Grid", GO_LIVE, Billing_Method__c="milestone")
        settle(run)
        with backup(run) as copy:
            here.fault("salesforce", f"{kind}.create", "drop_after", times=1)
            assert look(run) == 1
            settle(run)
            (only,) = made()
            assert "Grid" in only, says(run)
            assert rows(here, "SELECT Id, Scope__c, Colour__c FROM Tieline_Health__c") != []
            assert look(run) == 0, "nothing new is told of"
            again(run)
            second = Worker(run.orders)
            second.tell("settle")
            settle(run)
            assert second.answer() == ""
            second.end()
            assert made() == [only]
            (told,) = posts()

            restore(run, copy)
            assert look(run) == 1, "the restored database knows nothing of it"
            settle(run)
            assert made() == [only], says(run)
            assert posts() == [told]
            assert len(rows(here, "SELECT Id FROM Tieline_Health__c")) == 2, (
                "one for the engagement, one for its customer"
            )
