"""Replays wake and look again under the same keys: whatever was written stays single, however often they are asked."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.intake import Arrival, Instance, receive
from tieline.engine.replay import WINDOW, NothingToReplay, Scope, ask, instances, move, scope_of, stop
from tieline.engine.run import Run
from tieline.engine.wake import wake
from tieline.sdk.feed import Changed
from tieline.store.canonical import refer
from tieline.store.database import Connection

ENGAGEMENT = Scope(engagement="eng_1")


def many(vendor: LedgerVendor, content: dict[str, Any]) -> Callable[[Run, str, Any], None]:
    """A flow whose instances each ensure a thing of their own."""

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id=key, **content))

    return flow


def furnish(bench: Bench, count: int, vendor: LedgerVendor, content: dict[str, Any]) -> None:
    """So many instances of one engagement that ran."""
    bench.flows["f"] = many(vendor, content)
    for number in range(count):
        assert bench.look("f", f"k{number:04}") == "done"
    bench.rows("delete from procrastinate_jobs returning id")


def work(bench: Bench) -> int:
    """What the workers would run now; returns how many jobs."""
    jobs = bench.rows("delete from procrastinate_jobs returning args->>'flow' as flow, args->>'key' as key")
    for job in jobs:
        bench.engine.run(job["flow"], job["key"])
    return len(jobs)


def to_its_end(bench: Bench) -> int:
    """Work until no replay runs; returns how many jobs ran."""
    ran = 0
    for _ in range(200):
        move(bench.database)
        ran += work(bench)
        if not bench.rows("select id from replay where state = 'running'"):
            return ran
    raise AssertionError("the replay does not end")


def replay_of(bench: Bench, number: int) -> dict[str, Any]:
    (row,) = bench.rows("select * from replay where id = %s", number)
    return row


def test_a_replay_writes_nothing_that_is_as_it_should_be(bench: Bench) -> None:
    vendor = LedgerVendor()
    furnish(bench, 3, vendor, {"name": "A"})
    asked = ask(bench.database, ENGAGEMENT, "Dana")
    assert (asked.joined, asked.items, asked.lines) == (False, 3, 0)
    assert to_its_end(bench) == 3
    assert len(vendor.ledger) == 3
    row = replay_of(bench, asked.number)
    assert (row["state"], row["looked"], row["requested_by"]) == ("done", 3, "Dana")
    assert bench.rows("select * from replay_item") == []


def test_a_replay_writes_what_has_changed_once(bench: Bench) -> None:
    vendor, content = LedgerVendor(), {"name": "A"}
    furnish(bench, 3, vendor, content)
    content["name"] = "B"
    for _ in range(2):
        ask(bench.database, ENGAGEMENT, "Dana")
        to_its_end(bench)
    assert len(vendor.ledger) == 6
    assert vendor.creates() == 3
    assert {payload["name"] for payload in vendor.objects.values()} == {"B"}


def test_a_replay_asked_twice_is_one_and_both_are_in_the_audit_trail(bench: Bench) -> None:
    furnish(bench, 2, LedgerVendor(), {"name": "A"})
    first, second = ask(bench.database, ENGAGEMENT, "Dana"), ask(bench.database, ENGAGEMENT, "Tom")
    assert (second.number, second.joined, second.items) == (first.number, True, 2)
    assert to_its_end(bench) == 2
    trail = bench.rows(
        "select actor, action, engagement, detail from audit_event where action like 'replay.%%' order by id"
    )
    assert [(row["actor"], row["action"]) for row in trail] == [
        ("Dana", "replay.asked"),
        ("Tom", "replay.joined"),
        ("tieline", "replay.ended"),
    ]
    assert {row["engagement"] for row in trail} == {"eng_1"}
    assert trail[0]["detail"]["processes"] == 2
    assert ask(bench.database, ENGAGEMENT, "Tom").joined is False, "the next one is another"


def test_two_people_at_once_get_one_replay_and_nothing_double(bench: Bench) -> None:
    vendor, content = LedgerVendor(), {"name": "A"}
    furnish(bench, 5, vendor, content)
    content["name"] = "B"
    with ThreadPoolExecutor(4) as people:
        asked = list(people.map(lambda who: ask(bench.database, ENGAGEMENT, who), "abcd"))
        assert len({one.number for one in asked}) == 1
        assert sum(not one.joined for one in asked) == 1
        moved = sum(people.map(lambda _: move(bench.database), range(4)))
        jobs = bench.rows("delete from procrastinate_jobs returning args->>'key' as key")
        list(people.map(lambda job: bench.engine.run("f", job["key"]), jobs * 2))
    assert moved == 5
    to_its_end(bench)
    assert vendor.creates() == 5
    assert {payload["name"] for payload in vendor.objects.values()} == {"B"}


def test_a_large_replay_leaves_room_for_news(bench: Bench) -> None:
    bench.flows["f"] = many(LedgerVendor(), {"name": "A"})
    with bench.database.transaction() as db:
        for number in range(WINDOW * 2 + 7):
            wake(db, "f", f"k{number:04}", "eng_1", "event")
        db.execute("delete from procrastinate_jobs")
        db.execute("update agenda set done = wanted")
    asked = ask(bench.database, ENGAGEMENT, "Dana")
    assert move(bench.database) == WINDOW
    assert move(bench.database) == 0, "nothing more until some have run"
    jobs = bench.rows("delete from procrastinate_jobs returning args->>'key' as key")
    for job in jobs[:30]:
        bench.engine.run("f", job["key"])
    assert move(bench.database) == 30
    assert replay_of(bench, asked.number)["looked"] == 30


def test_a_stopped_replay_wakes_no_more(bench: Bench) -> None:
    furnish(bench, 2, LedgerVendor(), {"name": "A"})
    asked = ask(bench.database, ENGAGEMENT, "Dana")
    assert stop(bench.database, asked.number, "Tom") is True
    assert stop(bench.database, asked.number, "Tom") is False
    assert move(bench.database) == 0
    assert work(bench) == 0
    assert replay_of(bench, asked.number)["stopped_by"] == "Tom"


def test_what_a_vendor_refused_is_sent_again(bench: Bench) -> None:
    vendor = LedgerVendor(script=["refuse"])
    bench.flows["f"] = many(vendor, {"name": "A"})
    assert bench.look("f", "k0") == "blocked"
    bench.rows("delete from procrastinate_jobs returning id")
    (effect,) = bench.rows("select id from effect")
    ask(bench.database, Scope(effect=effect["id"]), "Dana")
    to_its_end(bench)
    assert vendor.creates() == 1
    assert bench.rows("select id from exception_item where closed_at is null") == []


def event(
    bench: Bench, connection: str, record: str, external_id: str, subject: str, at: datetime | None = None
) -> None:
    """An event came, and its flow ran."""

    def concerns(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
        return [("f", subject, "eng_1")]

    with bench.database.transaction() as db:
        refer(db, connection, record, subject, external_id)
        name = f"evt-{connection}-{external_id}-{at}"
        receive(db, [Arrival(connection, name, Changed(record, external_id, 1), {})], concerns, "event")
        db.execute("delete from procrastinate_jobs")
        db.execute("update agenda set done = wanted")
        if at is not None:
            db.execute("update inbox set received_at = %s where external_id = %s", [at, external_id])


def keys(bench: Bench, scope: Scope) -> list[str]:
    with bench.database.connection() as db:
        return [one.key for one in instances(db, scope)]


def test_scopes_name_what_they_say(bench: Bench) -> None:
    now = datetime.now(UTC)
    event(bench, "salesforce", "opportunity", "006A", "opp_1", now - timedelta(hours=2))
    event(bench, "salesforce", "opportunity", "006B", "opp_2", now - timedelta(hours=1))
    event(bench, "netsuite", "invoice", "77", "inv_1", now - timedelta(hours=1))
    with bench.database.transaction() as db:
        wake(db, "unlinked", "kantata:project:9", "kantata:project:9", "sweep")
        wake(db, "f", "con_1", "eng_1", "event")
    bench.flows["f"] = many(LedgerVendor("erp"), {"name": "A"})
    bench.engine.run("f", "con_1")
    hour = Scope(since=now - timedelta(minutes=90), until=now)
    assert keys(bench, hour) == ["inv_1", "opp_2"]
    assert keys(bench, Scope(since=now - timedelta(minutes=90), connection="salesforce")) == ["opp_2"]
    assert keys(bench, Scope(connection="salesforce")) == ["opp_1", "opp_2"]
    assert keys(bench, Scope(connection="kantata")) == ["kantata:project:9"]
    assert keys(bench, Scope(connection="erp")) == ["con_1"], "what writes there"
    record = partial(Scope, connection="salesforce", record="opportunity")
    assert keys(bench, record(external_id="006A")) == ["opp_1"]
    assert keys(bench, record(external_id="unheard of")) == []
    assert keys(bench, ENGAGEMENT) == ["con_1", "inv_1", "opp_1", "opp_2"]


def test_events_of_an_older_release_are_known_by_the_id_of_the_event(bench: Bench) -> None:
    event(bench, "kantata", "project", "9", "prj_1")
    bench.rows("update inbox set external_id = null, vendor_event_id = 'project:9:12:False' returning id")
    assert keys(bench, Scope(since=datetime(2026, 1, 1, tzinfo=UTC))) == ["prj_1"]


def test_a_scope_nobody_knows_is_refused_in_words(bench: Bench) -> None:
    with pytest.raises(NothingToReplay, match="we know nothing of engagement eng_none"):
        ask(bench.database, Scope(engagement="eng_none"), "Dana")


MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({}, "Say what to replay"),
        ({"engagement": "e", "effect": 1}, "Say what to replay"),
        ({"engagement": "e", "connection": "c"}, "Say what to replay"),
        ({"connection": "c", "record": "r"}, "A record is named"),
        ({"record": "r", "external_id": "1"}, "A record is named"),
        ({"until": MOMENT}, "Say since when"),
        ({"connection": "c", "record": "r", "external_id": "1", "since": MOMENT}, "Say what to replay"),
        ({"since": MOMENT, "until": MOMENT}, "ends before it begins"),
        ({"since": datetime(2026, 11, 1)}, "needs its zone"),  # noqa: DTZ001 - that is what is refused
    ],
)
def test_a_scope_that_says_too_little_or_too_much_is_refused(named: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Scope(**named)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(engagement="e"),
        Scope(effect=7),
        Scope(connection="c", since=MOMENT),
        Scope(connection="c", record="time", external_id="9"),
    ],
)
def test_a_stored_scope_is_the_scope(scope: Scope) -> None:
    assert scope_of(scope.values()) == scope
