"""Repricing: a version with an earlier date prices its days, and what was invoiced waits for a decision."""

import itertools
import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.lane.world import RATES, World, a_contract, entry, rate_card
from tieline.lane.invoicing import invoiced_lines, mark_invoiced, unbilled_lines
from tieline.lane.repricing import (
    agree_to_repricing,
    ask_repricing,
    is_repricing,
    proposed_repricing,
    reprice_contracts,
)
from tieline.store.canonical import add_contract_version

BEFORE, DAY, LATER = date(2026, 2, 3), date(2026, 3, 10), date(2026, 4, 1)
UNTIL = date(2026, 12, 31)


def amend(world: World, rate: int = 230, since: date = date(2026, 3, 1), version: int = 2, **changes: Any) -> None:
    """Tom's role costs more from a day on."""
    new = a_contract(version, rate_card=rate_card(RATES | {"Senior Consultant": Decimal(rate)}), **changes)
    with world.database.transaction() as db:
        add_contract_version(db, new.model_copy(update={"effective_from": since}))
        ask_repricing(db, "con_1", "eng_1")


def invoice(world: World, invoice_id: str, status: str, *, until: date = UNTIL) -> None:
    """What is unbilled goes on an invoice."""
    with world.database.transaction() as db:
        lines = [line.id for line in unbilled_lines(db, "prj_1", until)]
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body, status, number)"
            " values (%s, 'eng_1', 'prj_1', 'erp', 1, %s, %s, %s)",
            [invoice_id, Jsonb({"lines": [{"transaction_ids": lines}]}), status, f"N-{invoice_id}"],
        )
        assert mark_invoiced(db, invoice_id, lines) == len(lines)


def unbilled(world: World) -> list[tuple[Decimal, Decimal]]:
    """(rate, amount) of what the next invoice holds."""
    with world.database.connection() as db:
        return [(line.rate, line.amount) for line in unbilled_lines(db, "prj_1", UNTIL)]


def live(world: World) -> dict[str, tuple[int, Decimal]]:
    """Source id -> (contract version, amount)."""
    rows = world.rows("select source_id, contract_version, amount from project_transaction where live order by 1")
    return {row["source_id"]: (row["contract_version"], row["amount"]) for row in rows}


def reprice(world: World) -> int:
    return reprice_contracts(world.database, world.pricing)


def test_new_lines_are_priced_by_the_version_in_force_on_their_day(world: World) -> None:
    amend(world)
    world.pull(entry(1, work_date=BEFORE), entry(2, work_date=DAY))
    assert live(world) == {"1": (1, Decimal(210)), "2": (2, Decimal(230))}


def test_a_version_that_takes_effect_later_prices_nothing_before(world: World) -> None:
    amend(world, since=LATER)
    world.pull(entry(1, work_date=DAY), entry(2, work_date=LATER))
    assert live(world) == {"1": (1, Decimal(210)), "2": (2, Decimal(230))}


def test_two_versions_the_newer_with_the_earlier_date_leaves_nothing_of_it_out(world: World) -> None:
    amend(world, 230, since=LATER)
    amend(world, 220, since=date(2026, 3, 1), version=3)
    world.pull(entry(1, work_date=BEFORE), entry(2, work_date=DAY), entry(3, work_date=LATER))
    assert {key: version for key, (version, _) in live(world).items()} == {"1": 1, "2": 3, "3": 3}


def test_what_is_on_no_invoice_has_its_new_price_at_once_and_the_erp_hears_nothing(world: World) -> None:
    world.pull(entry(1, work_date=BEFORE), entry(2, work_date=DAY), entry(3, work_date=DAY))
    world.post()
    amend(world)
    assert reprice(world) == 2
    assert live(world) == {"1": (1, Decimal(210)), "2": (2, Decimal(230)), "3": (2, Decimal(230))}
    assert world.post() == 0
    assert len(world.sink.ledger) == 3
    assert reprice(world) == 0
    assert world.rows("select contract_id from repricing") == []


def test_a_version_that_changes_no_price_touches_no_line(world: World) -> None:
    world.pull(entry(1, work_date=DAY))
    amend(world, 210)
    assert reprice(world) == 0
    assert live(world) == {"1": (1, Decimal(210))}


def test_what_is_on_a_draft_is_credited_and_charged_there(world: World) -> None:
    world.pull(entry(1, work_date=DAY))
    world.post()
    invoice(world, "inv_1", "draft")
    amend(world)
    assert reprice(world) == 1
    assert sorted(unbilled(world)) == [(Decimal(210), Decimal(-210)), (Decimal(230), Decimal(230))]


def test_a_proposal_under_way_keeps_its_price_until_it_is_marked(world: World) -> None:
    world.pull(entry(1, work_date=DAY))
    with world.database.transaction() as db:
        (line,) = unbilled_lines(db, "prj_1", UNTIL)
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body)"
            " values ('inv_1', 'eng_1', 'prj_1', 'erp', 1, %s)",
            [Jsonb({"lines": [{"transaction_ids": [line.id]}]})],
        )
    amend(world)
    assert reprice(world) == 1
    with world.database.transaction() as db:
        mark_invoiced(db, "inv_1", [line.id])
    assert sum(amount for _, amount in unbilled(world)) == 20


def test_what_was_invoiced_is_credited_and_billed_again_only_after_a_decision_on_the_list(world: World) -> None:
    world.pull(entry(1, work_date=DAY), entry(2, 90, work_date=DAY), entry(3, work_date=BEFORE))
    world.post()
    invoice(world, "inv_1", "open")
    world.pull(entry(4, work_date=DAY))
    amend(world)
    assert reprice(world) == 1, "the line on no invoice"
    with world.database.connection() as db:
        proposal = proposed_repricing(db, "con_1")
        assert not is_repricing(db, "con_1")
    assert proposal == {
        "currency": "USD",
        "net": "50.00",
        "credited": "525.00",
        "billed_again": "575.00",
        "contract_version": 2,
        "entries": 2,
        "invoices": 1,
        "by_invoice": ["N-inv_1: Senior Consultant, 2.50 h at 230 instead of 210, +50.00"],
    }
    assert unbilled(world) == [(Decimal(230), Decimal(230))]
    assert world.rows("select flow, key from agenda where flow = 'repricing' and behind") == [
        {"flow": "repricing", "key": "con_1"}
    ]
    with world.database.transaction() as db:
        agree_to_repricing(db, "con_1")
        assert is_repricing(db, "con_1")
    assert reprice(world) == 2
    assert sum(amount for _, amount in unbilled(world)) == 230 + 50
    assert world.rows("select contract_id from repricing") == []
    world.post()
    assert world.sink.minutes() == 60 + 90 + 60 + 60, "booked, taken back and booked again"


def test_a_decision_on_a_list_that_has_changed_since_is_asked_again(world: World) -> None:
    world.pull(entry(1, work_date=DAY))
    invoice(world, "inv_1", "open")
    amend(world)
    reprice(world)
    with world.database.transaction() as db:
        agree_to_repricing(db, "con_1")
    world.pull(entry(1, 120, version=2, work_date=DAY))
    assert reprice(world) == 0, "the correction has credited it and is priced by the new version itself"
    assert sum(amount for _, amount in unbilled(world)) == 460 - 210
    assert world.rows("select contract_id from repricing") == []


def test_work_after_an_earlier_end_waits_for_a_person(world: World) -> None:
    world.pull(entry(1, work_date=DAY))
    world.post()
    amend(world, 210, end_date=date(2026, 3, 5))
    assert reprice(world) == 1
    (found,) = world.open_exceptions()
    assert "after its contract ended on 2026-03-05" in found["message"]
    world.post()
    assert world.sink.minutes() == 0


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.torture) for seed in range(3, 40))])
def test_whatever_happens_in_whatever_order_each_hour_is_billed_once_at_the_rate_of_its_day(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    days = [date(2026, month, 10) for month in range(1, 13)]
    rates: list[tuple[date, int]] = []
    minutes: dict[int, tuple[date, int]] = {}

    def work() -> None:
        number = chance.choice([*minutes, len(minutes) + 1])
        day = minutes[number][0] if number in minutes else chance.choice(days)
        minutes[number] = (day, chance.choice([60, 120, 180]))
        world.pull(entry(number, minutes[number][1], version=next(counter), work_date=day))

    def change() -> None:
        rates.append((chance.choice(days), chance.choice([200, 220, 240])))
        amend(world, rates[-1][1], since=rates[-1][0], version=len(rates) + 1)

    def bill() -> None:
        invoice(world, f"inv_{next(counter)}", chance.choice(["draft", "open"]))

    def decide() -> None:
        reprice(world)
        with world.database.transaction() as db:
            agree_to_repricing(db, "con_1")

    counter = itertools.count(1)
    steps: list[Callable[[], object]] = [work, work, work, change, bill, decide, world.post]
    for _ in range(25):
        chance.choice(steps)()
    for _ in range(3):
        decide()
    reprice(world)
    with world.database.connection() as db:
        invoices = db.execute("select id from invoice").fetchall()
        billed = sum(line.amount for row in invoices for line in invoiced_lines(db, row["id"]))
    due = sum(amount for _, amount in unbilled(world))
    owed = sum(
        Decimal(length) / 60 * next((rate for since, rate in reversed(rates) if since <= day), 210)
        for day, length in minutes.values()
    )
    assert billed + due == owed
    world.post()
    assert world.sink.minutes() == sum(length for _, length in minutes.values())
