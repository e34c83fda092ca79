"""What vendors do to us: busy, down, slow, silent, talking nonsense; in the end they hold what they would have held."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.conftest import _new_database
from tests.e2e.world import TOKEN, World
from tests.faults.books import Books, books, difference
from tests.faults.firm import Firm, firm, vendors
from tests.faults.worker_process import PATIENCE
from tests.faults.workload import opportunity_to_cash
from tieline.engine.controls import resume
from tieline.store.database import Database

Rule = Mapping[str, Any]
Script = Mapping[str, Sequence[Rule]]
"""Vendor -> fault rules. Each fires on operations only Tieline calls, and must have fired in full at the end."""


def refuses(operation: str, wish: int | str | None = None, times: int = 1, **more: Any) -> Rule:
    """Too many requests: nothing happens, and the vendor may say how long to wait."""
    return _rule(operation, "status", times, status=429, **({} if wish is None else {"retry_after": wish}), **more)


def fails(operation: str, times: int = 1, **more: Any) -> Rule:
    """The vendor fails inside before anything happened."""
    return _rule(operation, "status", times, status=503, **more)


def fails_after(operation: str, status: int = 500) -> Rule:
    """The write happens, and the answer says that it failed."""
    return _rule(operation, "status_after", 1, status=status)


def silent(operation: str, effect: str = "drop_after", **more: Any) -> Rule:
    """The connection is cut, before or after the write."""
    return _rule(operation, effect, 1, **more)


def late(operation: str, ms: int = 300) -> Rule:
    """The connection is cut at once, and the write happens when nobody waits for it any more."""
    return _rule(operation, "late_commit", 1, ms=ms)


def nonsense(operation: str, how: str, times: int = 1, **more: Any) -> Rule:
    """The request is handled, and answered with what no program can read, or with a wrong list."""
    return _rule(operation, "spoil", times, how=how, **more)


def _rule(operation: str, effect: str, times: int, **more: Any) -> Rule:
    return {"operation": operation, "effect": effect, "times": times, **more}


def _soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


def busy_and_down() -> Script:
    """Nothing happened, and we are told so: 429 with every form of Retry-After, storms of 5xx, cut connections."""
    return {
        "salesforce": [
            fails("queryAll", 6),
            refuses("Tieline_Customer_Link__c.upsert", 1),
            silent("Tieline_Project__c.upsert", "drop_before"),
            refuses("Tieline_Invoice__c.*"),
        ],
        "kantata": [
            refuses("workspaces.create", _soon()),
            refuses("stories.create", "-5", 2),
            refuses("resource_requests.create", "soon"),
            fails("time_entries.list", 2),
            refuses("external_references.list", 0),
            silent("workspaces.update", "drop_before"),
        ],
        "netsuite": [
            refuses("customer.get", 1),
            silent("job.upsert", "drop_before"),
            fails("salesOrder.upsert"),
            refuses("projectTask.upsert", "Thu, 01 Jan 1970 00:00:00 GMT", 3),
            fails("timeBill.batch_upsert"),
            fails("suiteql.query", 6, after=4),
            refuses("invoice.upsert", times=2),
            _rule("billingSchedule.upsert", "latency", 1, ms=2500),
        ],
    }


def silent_after_the_commit() -> Script:
    """It happened, and we were not told so; or it happens later."""
    return {
        "salesforce": [
            fails_after("Tieline_Customer_Link__c.upsert", 503),
            silent("Tieline_Project__c.upsert"),
            late("Tieline_Invoice__c.upsert"),
            nonsense("Tieline_Invoice__c.update", "huge"),
        ],
        "kantata": [
            silent("workspaces.create"),
            late("stories.create"),
            fails_after("resource_requests.create"),
            fails_after("posts.create", 502),
            nonsense("workspaces.update", "html"),
        ],
        "netsuite": [
            silent("customer.upsert"),
            fails_after("job.upsert"),
            nonsense("salesOrder.upsert", "html"),
            late("projectTask.upsert"),
            silent("timeBill.batch_upsert"),
            nonsense("billingSchedule.upsert", "truncated"),
            late("invoice.upsert", 400),
        ],
    }


def nonsense_and_refused_tokens() -> Script:
    """Answers no vendor should give to a question, and tokens that end amid the work."""
    return {
        "salesforce": [
            nonsense("queryAll", "html", 2),
            nonsense("queryAll", "truncated", 2, after=4),
            _rule("Tieline_Project__c.upsert", "expire_token", 1),
        ],
        "kantata": [
            nonsense("external_references.list", "repeated", 2),
            nonsense("external_references.list", "html", after=3),
            nonsense("workspaces.list", "huge"),
            nonsense("time_entries.list", "truncated"),
            nonsense("time_entries.list", "empty", after=2),
            nonsense("workspaces.show", "empty"),
        ],
        "netsuite": [
            _rule("projectTask.upsert", "expire_token", 1),
            _rule("timeBill.batch_upsert", "expire_token", 1),
            nonsense("customer.get", "html"),
            nonsense("suiteql.query", "html", after=2),
            nonsense("suiteql.query", "repeated", after=6),
            nonsense("suiteql.query", "reversed", after=7),
        ],
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(here: World, _migrated_template: str) -> Books:
    """What the vendors hold after a run nobody disturbed."""
    with _new_database(_migrated_template) as database, firm(here, database) as run:
        opportunity_to_cash(run)
        return books(here)


@pytest.mark.parametrize("script", [busy_and_down, silent_after_the_commit, nonsense_and_refused_tokens])
def test_whatever_the_vendors_do_they_hold_in_the_end_what_they_shall(
    here: World, undisturbed: Books, database: str, script: Any
) -> None:
    with firm(here, database) as run:
        rules = script()
        for vendor, faults in rules.items():
            here.control(vendor, "POST", "faults", list(faults))
        opportunity_to_cash(run)
        assert still_to_fire(here) == []
        assert difference(undisturbed, books(here)) == []
        assert left_open(run) == []
        assert run.rows("select kind, message from exception_item") == [], "transient failures never reach a person"


def test_a_revoked_token_pauses_its_system_until_a_person_renews_it_and_nothing_is_lost(
    here: World, undisturbed: Books, database: str
) -> None:
    with firm(here, database) as run:
        here.fault("kantata", "workspaces.create", "expire_token", times=1)
        administrator = threading.Thread(target=renew, args=(run,))
        administrator.start()
        opportunity_to_cash(run)
        administrator.join()
        assert still_to_fire(here) == []
        assert difference(undisturbed, books(here)) == []
        (told,) = run.rows("select kind, connection, closed_at is not null as closed from exception_item")
        assert (told["kind"], told["connection"], told["closed"]) == ("auth", "kantata", True)


def renew(run: Firm) -> None:
    """When it is told that the credentials are refused, the administrator renews them and takes the pause away."""
    deadline = time.monotonic() + PATIENCE
    while not run.rows("select from pause where name = 'kantata'") and time.monotonic() < deadline:
        time.sleep(0.1)
    granted = {"tokens": {TOKEN: {"user": "dana.whitfield@haldenmarsh.example", "admin": True}}}
    run.here.control("kantata", "POST", "customize", granted)
    with contextlib.closing(Database(run.orders.conninfo)) as opened:
        assert resume(opened, "connection", "kantata", "dana")


def still_to_fire(here: World) -> list[str]:
    """Rules the run did not come to in full: a fault that never happened proves nothing."""
    rules = [(vendor, rule) for vendor in here.urls for rule in here.control(vendor, "GET", "faults")["faults"]]
    return [
        f"{vendor} {rule['operation']} {rule['effect']}: {rule['fired']} of {rule['times']}"
        for vendor, rule in rules
        if rule["fired"] != rule["times"]
    ]


def left_open(run: Firm) -> list[str]:
    """Effects without an end: nothing may be in doubt when all is settled."""
    rows = run.rows("select label, state from effect where state not in ('confirmed', 'withdrawn')")
    return [f"{row['label']}: {row['state']}" for row in rows]
