"""Time of a period the ERP has closed: one cause and decision for all, another posting date, the same work date."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.lane.world import ERP, Sink, World, a_firm, entry
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.closed_period import closed_period
from tieline.lane.closed_periods import period_key
from tieline.lane.release import release_asked, release_exception
from tieline.sdk.errors import Rejected
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted

FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
KEY = f"{ERP}:2026-02:US"


@dataclass
class Ledger(Sink):
    """An ERP that refuses each line of a closed month, in words of its own."""

    closed: set[date] = field(default_factory=set)

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        refused = {
            line.reference: Rejected(ERP, f"{line.booked_on} is locked", kind="closed_period", field=line.reference)
            for line in lines
            if line.booked_on.replace(day=1) in self.closed
        }
        settled = super().post([line for line in lines if line.reference not in refused], key)
        assert isinstance(settled, Settled)
        return Settled(settled.ids, refused)

    def days(self) -> list[tuple[str, date, date]]:
        """(reference, day in the books, work date) of what it holds."""
        return sorted((line.reference, line.booked_on, line.work_date) for _, line in self.ledger)


@pytest.fixture
def ledger(world: World) -> Ledger:
    world.sink = Ledger(closed={FEBRUARY})
    return world.sink


def look(world: World, policy: str = "ask", key: str = KEY) -> EndState:
    """Run the flow the lane has woken."""
    firm = a_firm()
    entities = tuple(one.model_copy(update={"closed_periods": policy}) for one in firm.legal_entities)

    def flow(run: Run, key: str, systems: Any) -> None:
        closed_period(run, key, Systems(run.db, {}, (), firm.model_copy(update={"legal_entities": entities})))

    bench = Bench(world.database)
    bench.flows["closed_period"] = flow
    return bench.engine.run("closed_period", key)


def go_on(world: World) -> int:
    """What the lane does next: release what was asked for, and post."""
    release_asked(world.database, world.pricing)
    return world.post()


def asked(world: World) -> list[dict[str, Any]]:
    return world.rows("select id, content, amount, legal_entity from approval where state = 'asked'")


def test_lines_of_one_entity_and_month_wait_for_one_cause_that_names_the_month(world: World, ledger: Ledger) -> None:
    world.pull(*(entry(number, work_date=date(2026, 2, number)) for number in (3, 4)), entry(9, work_date=MARCH))
    assert world.post() == 1
    (found,) = world.open_exceptions()
    assert (found["kind"], found["key"], found["lines"]) == ("closed_period", "2026-02", 2)
    assert found["message"].startswith("February 2026 is closed for US in erp: ")
    assert world.rows("select key from agenda where flow = 'closed_period' and behind") == [{"key": KEY}]


def test_by_rule_lines_post_on_the_first_open_day_and_keep_their_work_date(world: World, ledger: Ledger) -> None:
    ledger.closed = {FEBRUARY, MARCH}
    world.pull(entry(1), entry(2, work_date=date(2026, 3, 5)))
    assert world.post() == 0
    assert look(world, "next_open_period") == "done"
    assert look(world, "next_open_period", f"{ERP}:2026-03:US") == "done"
    assert go_on(world) == 2
    assert ledger.days() == [
        ("psa:time:1:0", APRIL, date(2026, 2, 3)),
        ("psa:time:2:0", APRIL, date(2026, 3, 5)),
    ]
    assert world.open_exceptions() == []
    told = world.rows("select actor, detail->>'label' as label from audit_event where action = 'lines.posted_later'")
    assert told[0] == {"actor": "tieline", "label": "1 lines of February 2026 post on 2026-04-01"}


def test_a_month_nobody_knew_to_be_closed_only_moves_the_lines_on(world: World, ledger: Ledger) -> None:
    world.pull(entry(1))
    world.post()
    ledger.closed = {FEBRUARY, MARCH}
    look(world, "next_open_period")
    assert go_on(world) == 0
    assert look(world, "next_open_period", f"{ERP}:2026-03:US") == "done"
    assert go_on(world) == 1
    assert ledger.days() == [("psa:time:1:0", APRIL, date(2026, 2, 3))]


def test_asked_once_for_all_and_approved_they_all_go_on(world: World, ledger: Ledger) -> None:
    world.pull(*(entry(number) for number in range(120)))
    world.post()
    assert look(world) == "waiting"
    (question,) = asked(world)
    assert (question["amount"], question["legal_entity"]) == (Decimal(25200), "US")
    shown = {name: question["content"][name] for name in ("period", "entries", "money", "posts_on")}
    assert shown == {"period": "2026-02", "entries": 120, "money": {"USD": "25200.00"}, "posts_on": "2026-03-01"}
    decide_approval(world.database, question["id"], approve=True, by="finance@haldenmarsh.example")
    assert look(world) == "done"
    assert go_on(world) == 120
    assert {(booked, worked) for _, booked, worked in ledger.days()} == {(MARCH, date(2026, 2, 3))}
    assert world.open_exceptions() == []


def test_declined_they_stay_as_an_exception_and_are_not_asked_about_again(world: World, ledger: Ledger) -> None:
    world.pull(entry(1))
    world.post()
    look(world)
    decide_approval(world.database, asked(world)[0]["id"], approve=False, by="finance@haldenmarsh.example")
    assert look(world) == "done"
    assert look(world) == "done"
    assert [one["kind"] for one in world.open_exceptions()] == ["closed_period"]
    assert (asked(world), go_on(world)) == ([], 0)


def test_a_period_that_is_opened_again_takes_them_on_their_work_date_and_ends_the_question(
    world: World, ledger: Ledger
) -> None:
    world.pull(entry(1))
    world.post()
    look(world)
    ledger.closed = set()
    (found,) = [one for one in world.open_exceptions() if one["kind"] == "closed_period"]
    release_exception(world.database, world.pricing, found["id"], by="dana")
    assert world.post() == 1
    assert look(world) == "standing_by"
    assert ledger.days() == [("psa:time:1:0", date(2026, 2, 3), date(2026, 2, 3))]
    assert (asked(world), world.open_exceptions()) == ([], [])


def test_more_lines_of_the_period_are_a_new_question_on_all_of_them(world: World, ledger: Ledger) -> None:
    world.pull(entry(1))
    world.post()
    look(world)
    (first,) = asked(world)
    world.pull(entry(2))
    world.post()
    look(world)
    (second,) = asked(world)
    assert decide_approval(world.database, first["id"], approve=True, by="dana") is None
    assert second["content"]["entries"] == 2


def test_a_correction_takes_back_where_the_line_was_booked(world: World, ledger: Ledger) -> None:
    world.pull(entry(1))
    world.post()
    look(world, "next_open_period")
    go_on(world)
    world.pull(entry(1, 30, version=2, work_date=date(2026, 3, 2)))
    assert world.post() == 2
    assert [(line.minutes, line.booked_on) for _, line in ledger.ledger] == [
        (Decimal(60), MARCH),
        (Decimal(-60), MARCH),
        (Decimal(30), date(2026, 3, 2)),
    ]


def test_a_key_is_read_as_it_was_written() -> None:
    assert str(period_key("erp:2026-02:US:East")) == "erp:2026-02:US:East"
    assert period_key(KEY).name == "February 2026"
