"""From the feed to the ERP: loaded, priced, posted and settled, each line once."""

from decimal import Decimal
from threading import Barrier, Thread

import pytest

from tests.lane.world import ERP, PSA, World, entry, expense
from tieline.lane.pull import pull_feed
from tieline.lane.totals import project_totals
from tieline.sdk.errors import Unavailable
from tieline.sdk.feed import LinePage


def test_an_approved_entry_is_priced_and_posted_under_our_reference(world: World) -> None:
    assert world.pull(entry(1, 90, note="Design")) == 1
    assert world.post() == 1
    (line,) = [line for _, line in world.sink.ledger]
    assert (line.reference, line.project, line.person) == ("psa:time:1:0", "e1", "e-tom")
    assert (line.item, line.note) == ("i-Senior Consultant", "Design")
    assert (line.minutes, line.cost_rate) == (Decimal(90), Decimal(95))
    (row,) = world.rows("select * from project_transaction")
    assert (row["rate"], row["amount"], row["disposition"]) == (210, Decimal("315.00"), "billable")
    assert row["rate_rule"] == "contract rate card: Senior Consultant USD 210.00 from 2026-01-01"
    assert world.states() == [("1", 0, "posted")]


def test_an_entry_that_is_not_approved_is_no_line(world: World) -> None:
    assert world.pull(entry(1, approved=False)) == 0
    assert world.states() == []
    assert world.rows("select * from pull_page") == []


def test_the_task_of_the_psa_becomes_the_task_of_the_erp(world: World) -> None:
    world.rows(
        "insert into cross_reference (connection, target, subject, external_id)"
        " values ('psa', 'wbs_element', 'wbs_1', 's1'), ('erp', 'wbs_element', 'wbs_1', 't1') returning subject"
    )
    world.pull(entry(1, task_ref="s1"), entry(2, task_ref="made by hand"))
    world.post()
    assert [line.task for _, line in world.sink.ledger] == ["t1", None]


def test_the_same_page_twice_makes_no_second_line(world: World) -> None:
    world.pull(entry(1), entry(2))
    assert world.pull(entry(1), entry(2)) == 0
    assert world.post() == 2
    assert world.pull(entry(2), entry(1)) == 0
    assert world.post() == 0
    assert len(world.sink.ledger) == 2


def test_one_entry_twice_in_a_page_counts_in_its_newest_version(world: World) -> None:
    world.pull(entry(1, 60, version=2), entry(1, 30, version=1))
    world.post()
    assert world.sink.minutes() == 60


def test_an_older_version_that_comes_late_changes_nothing(world: World) -> None:
    world.pull(entry(1, 60, version=2))
    assert world.pull(entry(1, 30, version=1)) == 0
    world.post()
    assert world.sink.minutes() == 60


def test_pages_are_read_to_the_end_and_the_cursor_stays(world: World) -> None:
    for page in range(5):
        world.source.lay(*(entry(f"{page}-{n}") for n in range(3)))
    assert world.pull() == 15
    assert world.pull() == 0
    (cursor,) = world.rows("select position from feed_cursor where stream = 'psa:time'")
    assert cursor["position"] == "5"


def test_two_pullers_at_once_take_each_page_once(world: World) -> None:
    for page in range(6):
        world.source.lay(*(entry(f"{page}-{n}") for n in range(20)))
    start, pulled = Barrier(2), []

    def pull() -> None:
        start.wait()
        pulled.append(pull_feed(world.database, world.source.feed, world.pricing))

    threads = [Thread(target=pull) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(pulled) == 120
    world.post()
    assert len(set(world.sink.references())) == len(world.sink.ledger) == 120


def test_batches_are_as_large_as_the_erp_takes_and_small_ones_go_together(world: World) -> None:
    world.sink.batch_size = 10
    for page in range(4):
        world.pull(*(entry(f"{page}-{n}") for n in range(12)))
    assert world.post() == 48
    assert len(world.sink.keys) == 5  # four full ones, and one of four times two


def test_an_expense_is_priced_and_waits_for_its_invoice(world: World) -> None:
    world.pull(expense(1, "99.90"), kind="expense")
    assert world.post() == 0
    assert world.states() == [("1", 0, "waiting")]
    (row,) = world.rows("select amount, item_code, disposition from project_transaction")
    assert row == {"amount": Decimal("99.90"), "item_code": "expense", "disposition": "billable"}


def test_time_of_an_entity_that_is_off_is_priced_but_never_sent(world: World) -> None:
    world.off = [(ERP, "US")]
    world.pull(entry(1))
    assert world.post() == 0
    assert world.states() == [("1", 0, "waiting")]


def test_a_project_has_its_hours_worth_and_cost(world: World) -> None:
    world.pull(entry(1, 90), entry(2, 30, billable=False), entry(3, 60, role="Painter"))
    world.pull(expense(1, "10.50"), kind="expense")
    with world.database.connection() as db:
        totals = project_totals(db, "prj_1")
    assert (totals.hours, totals.billable) == (Decimal(3), Decimal("325.50"))
    assert totals.cost == Decimal("200.50")


def test_what_has_changed_wakes_billing_of_its_project(world: World) -> None:
    world.pull(entry(1))
    assert {(row["flow"], row["key"]) for row in world.rows("select flow, key from agenda")} == {
        ("billing", "prj_1"),
        ("project_feedback", "prj_1"),
    }


def test_some_pages_are_one_transaction_and_each_line_belongs_to_its_page(world: World) -> None:
    world.source.lay(entry(1, 60), entry(2, 60))
    world.source.lay(entry(3, 30), entry(1, 90, version=2))
    assert world.pull() == 3
    pages = world.rows("select lines, quantity, xmin::text as written_by from pull_page order by id")
    assert [(page["lines"], page["quantity"]) for page in pages] == [(1, 60), (2, 120)]
    assert len({page["written_by"] for page in pages}) == 1
    lines = world.rows(
        "select t.source_id, dense_rank() over (order by t.page_id) as page from project_transaction t order by t.id"
    )
    assert {line["source_id"]: line["page"] for line in lines} == {"2": 1, "3": 2, "1": 2}


def test_what_was_read_before_the_source_broke_off_is_kept(world: World) -> None:
    world.source.lay(entry(1))
    world.source.lay(entry(2))
    whole = world.source.pages

    def breaks_off(cursor: str | None) -> LinePage:
        if cursor is not None:
            raise Unavailable(PSA, "is down")
        return whole(cursor)

    world.source.pages = breaks_off  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.pull()
    assert world.states() == [("1", 0, "waiting")]
    world.source.pages = whole  # type: ignore[method-assign]
    assert world.pull() == 1
    assert world.states() == [("1", 0, "waiting"), ("2", 0, "waiting")]


def test_who_posts_hears_of_every_stretch_that_is_stored(world: World) -> None:
    for start in range(0, 3000, 1000):
        world.source.lay(*(entry(number) for number in range(start, start + 1000)))
    stored: list[int] = []

    def count() -> None:
        [row] = world.rows("select count(*) as n from project_transaction")
        stored.append(row["n"])

    assert pull_feed(world.database, world.source.feed, world.pricing, count) == 3000
    assert stored == [1000, 2000, 3000]
