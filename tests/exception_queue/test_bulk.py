"""Many exceptions at once: previewed, then no more than was shown; 10,000 within minutes."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.conftest import Bench
from tests.lane.world import World, entry
from tieline.engine.problem import Problem, settle_problems
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.bulk import (
    Preview,
    Shown,
    bulk_assign,
    bulk_confirm,
    bulk_postpone,
    bulk_propose,
    bulk_retry,
    preview,
)
from tieline.exception_queue.filter import Filter
from tieline.lane.release import release_asked
from tieline.store.database import Database

PRIYA, DANA = "Priya Raman", "Dana Whitfield"


def wait(bench: Bench, number: int, owner: str = "finance", legal_entity: str = "US") -> None:
    problem = Problem(kind="policy", key=str(number), message="m", owner=owner, legal_entity=legal_entity)
    with bench.database.transaction() as db:
        settle_problems(db, flow="f", key=str(number), engagement=f"eng_{number}", problems=[problem], keep_others=True)


def seen(database: Database, wanted: Filter) -> tuple[Preview, Shown]:
    with database.connection() as db:
        found = preview(db, wanted)
    return found, Shown(exceptions=found.exceptions, newest=found.newest)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 6),
        (Filter(kind="policy", owner="sales"), 2),
        (Filter(kind="mapping"), 0),
        (Filter(legal_entity="DE"), 1),
        (Filter(engagement="eng_3"), 1),
        (Filter(older_than=timedelta(hours=5)), 1),
        (Filter(connection="netsuite"), 0),
        (Filter(show="postponed"), 0),
    ],
)
def test_a_filter_finds_what_it_says(bench: Bench, wanted: Filter, count: int) -> None:
    for number in range(6):
        wait(bench, number, "sales" if number < 2 else "finance", "DE" if number == 5 else "US")
    bench.rows("update exception_item set opened_at = now() - interval '6 h' where key = '4' returning id")
    found, _ = seen(bench.database, wanted)
    assert (found.exceptions, found.processes) == (count, count)


def test_a_bulk_retry_wakes_all_that_waits_once(bench: Bench) -> None:
    for number in range(5):
        wait(bench, number)
    _, shown = seen(bench.database, Filter(owner="finance"))
    for _ in range(2):
        touched = bulk_retry(bench.database, Filter(owner="finance"), shown, DANA)
        assert (touched.exceptions, touched.left, touched.records) == (5, 0, 5)
    (jobs,) = bench.rows("select count(*) as n from procrastinate_jobs where status = 'todo'")
    assert jobs["n"] == 5
    events = bench.rows("select distinct actor, detail->'concerned' as about from audit_event order by about")
    assert len(events) == 5
    assert events[0] == {"actor": DANA, "about": ["eng_0"]}


def test_what_came_after_the_preview_is_left_alone(bench: Bench) -> None:
    wait(bench, 1)
    _, shown = seen(bench.database, Filter())
    wait(bench, 2)
    assert bulk_assign(bench.database, Filter(), shown, "sales", DANA).exceptions == 1
    assert bench.rows("select owner from exception_item order by id") == [{"owner": "sales"}, {"owner": "finance"}]


def test_an_action_never_touches_more_than_was_shown(bench: Bench) -> None:
    wait(bench, 1, "sales")
    wait(bench, 2, "finance")
    _, shown = seen(bench.database, Filter(owner="finance"))
    bench.rows("update exception_item set owner = 'finance' returning id")
    with pytest.raises(NotPossible, match="would touch 2 exceptions, 1 were shown"):
        bulk_postpone(bench.database, Filter(owner="finance"), shown, datetime.now(UTC) + timedelta(days=1), DANA)
    assert bench.rows("select distinct postponed_until from exception_item") == [{"postponed_until": None}]


def test_one_that_was_solved_meanwhile_is_left(bench: Bench) -> None:
    wait(bench, 1)
    wait(bench, 2)
    _, shown = seen(bench.database, Filter())
    bench.rows("update exception_item set closed_at = now() where key = '1' returning id")
    assert bulk_retry(bench.database, Filter(), shown, DANA).exceptions == 1


def test_write_offs_are_proposed_and_confirmed_together_but_not_ones_own(world: World) -> None:
    world.pull(*(entry(number, project_ref=f"ws{number % 3 + 5}") for number in range(6)))
    found, shown = seen(world.database, Filter(kind="unlinked"))
    assert (found.exceptions, found.lines) == (3, 6)
    assert bulk_propose(world.database, Filter(kind="unlinked"), shown, PRIYA, "internal work").exceptions == 3
    waits = Filter(show="write_off")
    _, shown = seen(world.database, waits)
    own = bulk_confirm(world.database, waits, shown, PRIYA)
    assert (own.exceptions, own.left) == (0, 3)
    other = bulk_confirm(world.database, waits, shown, DANA)
    assert (other.exceptions, other.records) == (3, 6)
    assert {state for _, _, state in world.states()} == {"written_off"}
    assert world.open_exceptions() == []


def test_lines_of_many_exceptions_are_released_together(world: World) -> None:
    world.pull(*(entry(number) for number in range(40)))
    world.sink.batch_size = 1
    world.rows("delete from posting_batch returning id")
    world.rows("update project_transaction set batch_id = null, state = 'in_exception' returning id")
    with world.database.transaction() as db:
        for row in db.execute("select id from project_transaction").fetchall():
            db.execute(
                "with i as (insert into exception_item (kind, cause, message, owner) values ('policy', %s, 'm', 'x')"
                " returning id) insert into exception_line (exception_id, transaction_id) select id, %s from i",
                [str(row["id"]), row["id"]],
            )
    _, shown = seen(world.database, Filter())
    assert bulk_retry(world.database, Filter(), shown, DANA).records == 40
    assert release_asked(world.database, world.pricing) == 40
    assert world.open_exceptions() == []
    assert world.post() == 40
