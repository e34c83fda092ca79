"""What the queue says is what waits, whatever comes, goes, is released or given up, one after the other and at once."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.effort import examples, turns
from tests.faults.seeds import told_how_to_repeat
from tests.lane.conftest import check_conservation
from tests.lane.world import PSA, World, a_project, entry
from tieline.app.views.exceptions import list_exceptions
from tieline.exception_queue.actions import NoSuchException, NotPossible, retry
from tieline.exception_queue.write_off import confirm, propose
from tieline.lane.reference import remember_people
from tieline.lane.release import release_all_mendable, release_asked
from tieline.sdk.feed import SourceLine
from tieline.store.canonical import put_project, refer
from tieline.store.database import CONFLICTS

CAUSES = {
    "fine": {},
    "unlinked": {"project_ref": "ws8"},
    "unlinked too": {"project_ref": "ws9"},
    "stranger": {"person_ref": "u-new", "role": "Consultant"},
    "no item": {"role": "Consultant"},
}
"""What keeps a line waiting -> how it differs from one that is fine."""
QUEUED = {
    "unlinked": ("unlinked", "project", "ws8"),
    "unlinked too": ("unlinked", "project", "ws9"),
    "stranger": ("master_data", "person", "u-new"),
    "no item": ("mapping", "item", "Consultant"),
}
CONSULTANT = Decimal(165)
NUMBERS = count()

News = tuple[int, str, int]
"""(source line, what keeps it waiting or `taken back`, quarters of an hour)"""
STEPS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 7), st.sampled_from([*CAUSES, "taken back"]), st.integers(1, 8)),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=6,
)


@example(steps=[[(1, "no item", 6)], [(1, "fine", 6)]])  # only the role is taken away
@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_queue_counts_each_cause_once_with_the_lines_and_the_money_that_wait(
    world: World, steps: list[list[News]]
) -> None:
    life, newest = next(NUMBERS), dict[str, tuple[str, int]]()
    version = count(1)
    unmend(world)
    for step in steps:
        world.pull(*(told(f"{life}-{number}", next(version), why, quarters) for number, why, quarters in step))
        newest |= {f"{life}-{number}": (why, quarters) for number, why, quarters in step}
        assert queue(world) == expected(newest)
        assert not world.rows(
            "select l.exception_id from exception_line l join exception_item i on i.id = l.exception_id"
            " where i.closed_at is not null"
        )
    mend(world)
    release_all_mendable(world.database, world.pricing)
    assert world.open_exceptions() == []
    world.post()
    mine = [line for _, line in world.sink.ledger if line.reference.startswith(f"psa:time:{life}-")]
    assert sum(line.minutes for line in mine) == sum(
        quarters * 15 for why, quarters in newest.values() if why != "taken back"
    )
    check_conservation(world.database)


@pytest.mark.parametrize("seed", turns(2, 12))
def test_lines_that_come_while_others_are_released_and_written_off_end_once(
    world: World, seed: int, request: pytest.FixtureRequest
) -> None:
    chance, ends, newest = random.Random(seed), random.Random(-seed), dict[str, tuple[str, int]]()
    version = count(1)
    world.sink.batch_size = 3

    def come() -> None:
        why, quarters, source_id = chance.choice([*CAUSES, "taken back"]), chance.randrange(1, 8), chance.randrange(12)
        newest[str(source_id)] = (why, quarters)
        world.pull(told(str(source_id), next(version), why, quarters))

    def tried_again() -> None:
        for one in world.open_exceptions():
            retry(world.database, one["id"], "dana")
        release_asked(world.database, world.pricing)

    def proposed() -> None:
        for one in world.open_exceptions():
            propose(world.database, one["id"], "priya", "agreed")

    def given_up() -> None:
        for row in world.rows("select exception_id as id from write_off where state = 'proposed' order by random()"):
            confirm(world.database, row["id"], "dana")

    def posted() -> None:
        world.sink.script = [ends.choice(["ok", "reject", "drop_after"])]
        world.due_now()
        world.post()

    def mended_for_a_while() -> None:
        mend(world)
        release_all_mendable(world.database, world.pricing)
        unmend(world)

    with told_how_to_repeat(request):
        acts = [(come, 60), (tried_again, 12), (proposed, 30), (given_up, 10), (posted, 12), (mended_for_a_while, 12)]
        with ThreadPoolExecutor(len(acts)) as people:
            for done in [people.submit(again, act, times) for act, times in acts]:
                done.result()
        mend(world)
        come_to_rest(world)
        assert ended_wrong(world, newest) == []
        check_conservation(world.database)


def told(source_id: str, version: int, why: str, quarters: int) -> SourceLine:
    approved = why != "taken back"
    return entry(source_id, quarters * 15, version, approved=approved, **(CAUSES[why] if approved else {}))


def queue(world: World) -> dict[tuple[str, str | None, str | None], tuple[int, Decimal]]:
    """Kind, field and key of each open exception -> lines and money, as people see them."""
    with world.database.connection() as db:
        rows = list_exceptions(db)
    found = {(row.kind, row.field, row.key): (row.lines, dict(row.money).get("USD", Decimal(0))) for row in rows}
    assert len(found) == len(rows)
    return found


def expected(newest: dict[str, tuple[str, int]]) -> dict[tuple[str, str | None, str | None], tuple[int, Decimal]]:
    lines: Counter[str] = Counter()
    money: dict[str, Decimal] = {}
    for why, quarters in newest.values():
        if why in QUEUED:
            lines[why] += 1
            known = why in ("stranger", "no item")  # of the others not even the project is known
            worth = (CONSULTANT * quarters / 4).quantize(Decimal("0.01")) if known else Decimal(0)
            money[why] = money.get(why, Decimal(0)) + worth
    return {QUEUED[why]: (lines[why], money[why]) for why in lines}


def unmend(world: World) -> None:
    """Nobody knows the two projects and the stranger, and one role has no item."""
    world.items.pop("Consultant", None)
    world.rows("delete from cross_reference where external_id in ('ws8', 'ws9', 'u-new') returning subject")


def mend(world: World) -> None:
    """What was missing is there."""
    world.items["Consultant"] = "i-Consultant"
    with world.database.transaction() as db:
        for number, ref in ((8, "ws8"), (9, "ws9")):
            put_project(db, a_project(number))
            db.execute(
                "insert into route (record_id, role, connection) values (%s, 'erp', 'erp') on conflict do nothing",
                [f"prj_{number}"],
            )
            refer(db, PSA, "project", f"prj_{number}", ref)
            refer(db, "erp", "project", f"prj_{number}", f"e{number}")
        remember_people(db, PSA, {"new@haldenmarsh.example": "u-new"})
        remember_people(db, "erp", {"new@haldenmarsh.example": "e-new"})


def again(act: Callable[[], None], times: int) -> None:
    for _ in range(times):
        # Somebody else was faster, or PostgreSQL ended one of two.
        with suppress(NoSuchException, NotPossible, *CONFLICTS):
            act()


def come_to_rest(world: World) -> None:
    world.sink.script = []
    for _ in range(6):
        for one in world.open_exceptions():
            retry(world.database, one["id"], "dana")
        release_asked(world.database, world.pricing)
        release_all_mendable(world.database, world.pricing)
        world.due_now()
        world.post()


def ended_wrong(world: World, newest: dict[str, tuple[str, int]]) -> list[str]:
    """Every line is posted as its newest version says, or was given up by two, or taken back."""
    found = [f"still open: {one}" for one in world.open_exceptions()]
    booked: Counter[str] = Counter()
    for _, line in world.sink.ledger:
        booked[line.reference.split(":")[2]] += int(line.minutes)
    live = {row["source_id"]: row["state"] for row in world.rows("select * from project_transaction where live")}
    for source_id, (why, quarters) in newest.items():
        wanted = 0 if why == "taken back" or live[source_id] == "written_off" else quarters * 15
        if booked[source_id] != wanted:
            found.append(f"{source_id} ({why}, {live[source_id]}): {booked[source_id]} instead of {wanted}")
    return found + [f"twice: {key}" for key, times in Counter(world.sink.references()).items() if times > 1]
