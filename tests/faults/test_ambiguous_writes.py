"""Thousands of writes whose end nobody tells us: none is there twice, none is missing."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.effort import turns
from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import Thing
from tests.faults.test_many_workers import SharedVendor
from tests.lane.world import Sink, World, entry
from tieline.engine.run import Run
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, WriteSafety
from tieline.store.database import Database

EFFECTS = 2_000
"""Documents of each write safety, in torture."""
LINES = 6_000
"""Time lines of each write safety, in torture."""
FEW = 40
_TIME_PASSES = """
with hours as (delete from change_count)
update effect set retry_at = null, quarantine_until = null, sent_at = now() - interval '1 hour'
where state in ('in_doubt', 'refused_for_now') returning id
"""
SAFETIES = (WriteSafety.UPSERT, WriteSafety.LOOKUP, WriteSafety.NATIVE_KEY)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", turns(1, 2))
@pytest.mark.parametrize("safety", SAFETIES)
def test_documents_whose_write_broke_off_are_there_once(
    database: str, safety: WriteSafety, seed: int, record_property: Callable[[str, str], None]
) -> None:
    count, chance = (EFFECTS if seed else FEW), random.Random(seed)
    vendor, opened = SharedVendor(), Database(database)
    bench = Bench(opened)
    broken = [0]

    def breaks_off() -> None:
        """Each record's first write, and some of its repeats, end without an answer."""
        if chance.random() < 0.7:
            broken[0] += 1
            vendor.script[:] = [chance.choice(["drop_after", "drop_before"])]
        else:
            vendor.script[:] = ["ok"]

    vendor.before_call = breaks_off
    operation = vendor.operation("thing", safety, quarantine=0.0)

    def flow(run: Run, key: str, systems: object) -> None:
        numbers = range(int(key), int(key) + 100)
        run.ensure_each("Things", operation, [Thing(id=f"t{n}", name="N", amount=n) for n in numbers])

    bench.flows["f"] = flow
    keys = [str(start) for start in range(0, count, 100)]
    for key in keys:
        while bench.look("f", key, engagement=f"eng_{key}", reason="operator") != "done":
            bench.rows(_TIME_PASSES)
    opened.close()
    wanted = {f"t{n}" for key in keys for n in range(int(key), int(key) + 100)}
    held = [str(payload["ref"]) for payload in vendor.objects.values()]
    assert len(held) == len(set(held)), "something is there twice"
    assert set(held) == wanted
    assert broken[0] >= len(wanted)
    record_property("told", f"ambiguous writes, documents, {safety}: {broken[0]}; 0 doubles, 0 lost of {len(wanted)}")


@dataclass
class BreakingSink(Sink):
    """Most batches end without an answer, before or after they were stored."""

    chance: random.Random = field(default_factory=random.Random)
    broken: int = 0
    """Lines whose end was unclear."""

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        self.script = [self.chance.choice(["drop_after", "drop_before", "drop_after", "ok"])]
        self.broken += 0 if self.script == ["ok"] else len(lines)
        return super().post(lines, key)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", turns(1, 2))
@pytest.mark.parametrize("safety", SAFETIES)
def test_batches_whose_answer_was_lost_are_there_once(
    database: str, safety: WriteSafety, seed: int, record_property: Callable[[str, str], None]
) -> None:
    count = LINES if seed else FEW
    opened = Database(database)
    sink = BreakingSink(batch_size=5, safety=safety, chance=random.Random(seed))
    world = World(opened, sink=sink)
    world.furnish()
    try:
        for start in range(0, count, 500):
            world.pull(*(entry(number) for number in range(start, min(start + 500, count))))
        for _ in range(20 * count):
            world.due_now()
            world.post()
            if not world.rows("select id from posting_batch where state <> 'done' limit 1"):
                break
    finally:
        world.worker.close()
        opened.close()
    references = world.sink.references()
    assert len(references) == len(set(references)) == count
    assert sink.broken >= count // 4
    record_property("told", f"ambiguous writes, lines, {safety}: {sink.broken}; 0 doubles, 0 lost of {count}")
