"""Source lines are read again a portion at a time; what has not changed changes nothing, and nothing is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.api.serving import all_is_well
from tests.lane.conftest import check_conservation
from tests.lane.world import PSA, World, entry
from tieline.app import replay as app_replay
from tieline.app.assembly import FLOWS
from tieline.app.replay import Replays, carry_out
from tieline.engine.controls import Controls
from tieline.engine.flow import FlowEngine
from tieline.engine.replay import Scope, ask
from tieline.lane.release import release_asked
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Unavailable
from tieline.sdk.feed import LinePage, SourceLine
from tieline.store.database import Database

CONNECTION = Scope(connection=PSA)


@dataclass
class Kept:
    """A PSA that can be asked for single lines."""

    connection: str = PSA
    system: str = "Kantata"
    lines: dict[str, SourceLine] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    busy: int = 0

    def read_lines(self, kind: str, refs: Sequence[str]) -> LinePage:
        if self.busy:
            self.busy -= 1
            raise Unavailable(PSA, "asked us to slow down")
        self.asked.append(list(refs))
        return LinePage([self.lines[ref] for ref in refs if ref in self.lines], b"{}", "", more=False)

    def list_changed_time(self, cursor: str | None) -> LinePage:
        raise AssertionError("a replay reads no feed")

    list_changed_expenses = list_changed_time


@dataclass
class _Connected:
    psa: Kept


@dataclass
class Desk:
    """The lane's world and a source that is asked again."""

    world: World
    psa: Kept = field(default_factory=Kept)

    @property
    def connected(self) -> dict[str, Connected]:
        return {PSA: cast(Connected, _Connected(self.psa))}

    def pull(self, *lines: SourceLine) -> None:
        self.psa.lines |= {line.source_id: line for line in lines}
        self.world.pull(*lines)
        self.world.post()

    def carry_out(self) -> None:
        """A worker's share; the processes it woke have run at once."""
        carry_out(self.world.database, self.connected, self.world.pricing)
        self.world.rows("update agenda set done = wanted returning key")

    def replay(self, scope: Scope = CONNECTION) -> dict[str, Any]:
        number = ask(self.world.database, scope, "Dana").number
        for _ in range(50):
            self.carry_out()
            (row,) = self.world.rows("select * from replay where id = %s", number)
            if row["state"] == "done":
                return row
        raise AssertionError("the replay does not end")

    def preview(self, scope: Scope = CONNECTION) -> app_replay.Preview:
        engine = FlowEngine(
            database=self.world.database,
            flows=dict.fromkeys(FLOWS, all_is_well),
            systems=lambda db: None,
            controls=Controls(),
            site_uid="test",
            app_version="test",
        )
        return Replays(database=self.world.database, engine=engine, connected=self.connected).preview(scope)


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    opened = Database(database)
    world = World(opened)
    world.furnish()
    try:
        yield Desk(world)
        check_conservation(opened)
    finally:
        world.worker.close()
        opened.close()


def test_lines_that_have_not_changed_change_nothing(desk: Desk) -> None:
    desk.pull(*(entry(number) for number in range(250)))
    for _ in range(2):
        row = desk.replay()
        assert (row["lines"], row["lines_read"], row["lines_changed"], row["lines_gone"]) == (250, 250, 0, 0)
    assert [len(refs) for refs in desk.psa.asked] == [100, 100, 50] * 2
    assert len(desk.world.sink.ledger) == 250
    assert len(desk.world.rows("select id from pull_page where lines > 0")) == 1


def test_a_correction_the_feed_missed_is_foreseen_and_reversed(desk: Desk) -> None:
    desk.pull(entry(1, 60), entry(2, 60), entry(3, 60))
    desk.psa.lines |= {"1": entry(1, 45, version=2), "2": entry(2, 60, version=2, approved=False)}
    del desk.psa.lines["3"]
    seen = desk.preview()
    assert {(one.source_id, one.approved, one.booked) for one in seen.line_changes} == {
        ("1", True, True),
        ("2", False, True),
    }
    (fields,) = [one.fields for one in seen.line_changes if one.source_id == "1"]
    assert [(name, int(ours), int(theirs)) for name, ours, theirs in fields] == [("quantity", 60, 45)]
    assert (seen.lines_gone, seen.whole) == (("3",), True)
    assert desk.world.sink.minutes() == 180, "a preview corrects nothing"
    row = desk.replay()
    assert (row["lines_changed"], row["lines_gone"]) == (2, 1)
    desk.world.post()
    assert desk.world.sink.minutes() == 45 + 60, "what is gone is the nightly comparison's matter"
    assert desk.preview().line_changes == ()


def test_a_line_that_waits_is_tried_again_when_it_is_replayed(desk: Desk) -> None:
    desk.world.sink.script.append("refuse:psa:time:1:0")
    desk.pull(entry(1), entry(2))
    assert [item["kind"] for item in desk.world.open_exceptions()] == ["closed_period"]
    desk.replay(Scope(connection=PSA, record="time", external_id="1"))
    assert release_asked(desk.world.database, desk.world.pricing) == 1
    desk.world.post()
    assert sorted(desk.world.sink.references()) == ["psa:time:1:0", "psa:time:2:0"]
    assert desk.world.open_exceptions() == []


def test_a_busy_source_is_asked_again_later_and_no_line_is_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_replay, "REST", 0.0)
    desk.pull(*(entry(number) for number in range(150)))
    desk.psa.busy = 2
    number = ask(desk.world.database, CONNECTION, "Dana").number
    desk.carry_out()
    (row,) = desk.world.rows("select problem, lines_read from replay where id = %s", number)
    assert row == {"problem": "Kantata: asked us to slow down", "lines_read": 0}
    assert desk.replay()["lines_read"] == 150, "it joins the one that waits"
    desk.psa.busy = 1
    assert desk.preview().problem == "Kantata: asked us to slow down"


def test_only_the_lines_of_the_scope_are_read(desk: Desk) -> None:
    desk.pull(entry(1), entry(2, project_ref="unknown"))
    assert desk.replay(Scope(engagement="eng_1"))["lines"] == 1
    assert desk.replay(Scope(connection=PSA, record="time", external_id="2"))["lines"] == 1
    assert desk.psa.asked == [["1"], ["2"]]


def test_lines_of_a_connection_the_site_no_longer_names_are_left_alone(desk: Desk) -> None:
    desk.pull(entry(1))
    number = ask(desk.world.database, CONNECTION, "Dana").number
    for _ in range(3):
        carry_out(desk.world.database, {}, desk.world.pricing)
        desk.world.rows("update agenda set done = wanted returning key")
    (row,) = desk.world.rows("select state, lines_changed from replay where id = %s", number)
    assert row == {"state": "done", "lines_changed": 0}
