"""Runs that were overtaken, and what was sent in between: nothing old is sent, written or taken for the newest."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine import round as round_module
from tieline.engine.run import Run
from tieline.engine.wake import wake
from tieline.sdk import http
from tieline.sdk.operation import Answer, WriteSafety


class DyingVendor(LedgerVendor):
    """Its caller dies when an update is stored."""

    dies = False

    def _update(self, external_id: str, payload: dict[str, Any]) -> Answer:
        answer = super()._update(external_id, payload)
        if self.dies:
            raise KeyboardInterrupt
        return answer


class SlowVendor(LedgerVendor):
    """An hour passes between the intent of an update and its call."""

    meanwhile: Callable[[], object] = bool

    def _update(self, external_id: str, payload: dict[str, Any]) -> Answer:
        window = http._window.get()
        assert window is not None
        window.until = 0.0
        self.meanwhile()
        window.require(self.name)
        return super()._update(external_id, payload)


class CarefulVendor(LedgerVendor):
    """It asks before each call whether it may still be sent, as the HTTP layer does."""

    def _create(self, creates: WriteSafety, payload: dict[str, Any], key: str) -> Answer:
        window = http._window.get()
        assert window is not None
        window.require(self.name)
        return super()._create(creates, payload, key)


def names(vendor: LedgerVendor) -> list[str]:
    return [str(payload["name"]) for _, _, payload in vendor.ledger]


@pytest.mark.parametrize("known", [False, True])
def test_a_run_that_was_overtaken_sends_nothing_more(bench: Bench, known: bool) -> None:
    vendor, content = LedgerVendor(), {"name": "A"}

    def flow(run: Run, key: str, systems: Any) -> None:
        if content["name"] == "old":
            bench.overtake()
        run.ensure("Thing", vendor.operation(), Thing(id="thg_1", **content))

    bench.flows["f"] = flow
    if known:
        bench.look("f")
    content["name"] = "old"
    assert bench.look("f") in ("superseded", "retrying")
    assert names(vendor) == (["A"] if known else [])


@pytest.mark.parametrize("overtaken", [False, True])
def test_long_after_its_intent_only_who_was_not_overtaken_sends(bench: Bench, overtaken: bool) -> None:
    vendor, content = SlowVendor(), {"name": "A"}

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing", vendor.operation(), Thing(id="thg_1", **content))

    def pass_an_hour() -> None:
        bench.rows("update effect set sent_at = sent_at - interval '1 hour' returning id")
        if overtaken:
            bench.overtake()

    bench.flows["f"], vendor.meanwhile = flow, pass_an_hour
    bench.look("f")
    content["name"] = "B"
    assert bench.look("f") == ("superseded" if overtaken else "done")
    assert names(vendor) == (["A"] if overtaken else ["A", "B"])
    (sent,) = bench.rows("select sent_at > now() - interval '1 minute' as now from effect")
    assert sent["now"] is not overtaken, "the quarantine counts from the renewal"


_SLOW_COMMIT = """
create function takes_long() returns trigger language plpgsql as $$ begin perform pg_sleep(%s); return null; end $$;
create constraint trigger slow after insert on effect deferrable initially deferred
  for each row execute function takes_long()
"""


def test_an_intent_counts_from_before_its_commit_however_late_the_database_answers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = CarefulVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing", vendor.operation(), Thing(id="thg_1", name="A"))

    bench.flows["f"] = flow
    with bench.database.connection() as db:
        db.execute(_SLOW_COMMIT % (http.SEND_WINDOW + 0.2))

    def overtaken(point: str) -> None:
        if point == "effect.intended":  # after the commit, and before the call
            bench.overtake()

    monkeypatch.setattr(round_module, "crash_point", overtaken)
    assert bench.look("f") in ("superseded", "retrying")
    assert names(vendor) == []


def test_an_overtaken_run_that_fails_does_not_write_over_its_successor(bench: Bench) -> None:
    vendor, content = LedgerVendor(), {"name": "A"}

    def flow(run: Run, key: str, systems: Any) -> None:
        name = content["name"]
        run.ensure("Thing", vendor.operation(), Thing(id="thg_1", name=name))
        if name == "B":
            raise ZeroDivisionError

    def successor() -> None:
        vendor.before_call = None
        content["name"] = "C"
        bench.rows("update effect set sent_at = now() - interval '1 hour' returning id")
        assert bench.look("f") == "done"

    bench.flows["f"] = flow
    bench.look("f")
    content["name"], vendor.before_call = "B", successor
    bench.look("f")
    assert bench.effect()["confirmed_content"]["name"] == "C"
    assert bench.effect()["attempts"] == 3


def test_after_the_quarantine_it_is_looked_up_once_more_before_it_is_created(bench: Bench) -> None:
    vendor = LedgerVendor(script=["drop_after"])
    operation = vendor.operation(creates=WriteSafety.LOOKUP)

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing", operation, Thing(id="thg_1", name="A"))

    bench.flows["f"] = flow
    assert bench.look("f") == "retrying"
    bench.rows(
        "update effect set sent_at = now() - interval '1 hour', quarantine_until = now() - interval '1 hour',"
        " retry_at = null returning id"
    )
    assert bench.look("f", reason="timer") == "done"
    assert vendor.creates() == 1


def test_content_confirmed_before_an_unfinished_write_is_sent_again(bench: Bench) -> None:
    vendor, content = DyingVendor(), {"name": "A"}

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing", vendor.operation(), Thing(id="thg_1", name=content["name"]))

    bench.flows["f"] = flow
    bench.look("f")
    content["name"], vendor.dies = "B", True
    with pytest.raises(KeyboardInterrupt):
        bench.look("f")
    content["name"], vendor.dies = "A", False
    bench.rows("update effect set sent_at = now() - interval '1 hour' returning id")
    assert bench.look("f") == "done"
    assert names(vendor) == ["A", "B", "A"]


def test_an_event_that_comes_while_a_run_ends_is_looked_at_again(bench: Bench) -> None:
    def flow(run: Run, key: str, systems: Any) -> None:
        with bench.database.transaction() as db:
            wake(db, "f", "k", "eng_1", "event")

    bench.flows["f"] = flow
    bench.look("f")
    assert bench.rows("select behind, wanted - done as left from agenda") == [{"behind": True, "left": 1}]
