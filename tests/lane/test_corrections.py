"""Corrections and un-approvals: the newest wins, what was booked is reversed, and nothing is lost on the way."""

from datetime import date
from decimal import Decimal

from tests.lane.world import World, entry, expense


def test_a_correction_before_posting_replaces_the_line(world: World) -> None:
    world.pull(entry(1, 60))
    world.pull(entry(1, 90, version=2))
    assert world.post() == 1
    assert [(line.reference, int(line.minutes)) for _, line in world.sink.ledger] == [("psa:time:1:0~2", 90)]
    assert world.states() == [("1", 0, "void"), ("1", 2, "posted")]


def test_a_correction_after_posting_is_a_reversal_and_a_new_line(world: World) -> None:
    world.pull(entry(1, 60))
    world.post()
    world.pull(entry(1, 90, version=2))
    assert world.post() == 2
    assert sorted((line.reference, int(line.minutes), line.sign) for _, line in world.sink.ledger) == [
        ("psa:time:1:0", 60, 1),
        ("psa:time:1:0~1", -60, -1),
        ("psa:time:1:0~2", 90, 1),
    ]


def test_the_reversal_has_the_price_of_what_it_reverses(world: World) -> None:
    world.pull(entry(1, 60))
    world.post()
    world.rows("update contract_version set body = jsonb_set(body, '{rate_card,0,rate}', '\"999\"') returning version")
    world.pull(entry(1, 90, version=2))
    amounts = world.rows("select seq, sign, amount from project_transaction order by seq")
    assert [(row["seq"], row["sign"], row["amount"]) for row in amounts] == [
        (0, 1, Decimal(210)),
        (1, -1, Decimal(210)),
        (2, 1, Decimal("1498.50")),
    ]


def test_a_newer_version_that_says_the_same_moves_nothing(world: World) -> None:
    world.pull(entry(1, 60))
    world.post()
    world.pull(entry(1, 60, version=2, note="typo"))
    assert world.post() == 0
    assert world.rows("select source_version from project_transaction") == [{"source_version": 2}]


def test_an_unapproval_before_posting_withdraws_the_line(world: World) -> None:
    world.pull(entry(1))
    world.pull(entry(1, version=2, approved=False))
    assert world.post() == 0
    assert world.states() == [("1", 0, "withdrawn")]


def test_a_late_copy_of_an_unapproved_line_is_no_news(world: World) -> None:
    world.pull(entry(1))
    world.pull(entry(1, version=2, approved=False))
    assert world.pull(entry(1)) == 0
    world.post()
    assert world.sink.ledger == []


def test_an_unapproval_after_posting_is_reversed_and_a_tombstone_stays(world: World) -> None:
    world.pull(entry(1))
    world.post()
    world.pull(entry(1, version=2, approved=False))
    world.pull(entry(1))
    assert world.post() == 1
    assert world.sink.minutes() == 0
    assert world.states() == [("1", 0, "posted"), ("1", 1, "posted"), ("1", 2, "withdrawn")]


def test_an_unapproval_without_a_new_version_counts_too(world: World) -> None:
    world.pull(entry(1))
    assert world.pull(entry(1, approved=False)) == 1
    assert world.post() == 0


def test_approved_again_is_a_new_line(world: World) -> None:
    world.pull(entry(1))
    world.post()
    world.pull(entry(1, version=2, approved=False))
    world.pull(entry(1, 45, version=3))
    assert world.post() == 2
    assert world.sink.minutes() == 45
    assert len(set(world.sink.references())) == 3


def test_a_line_moved_to_another_day_is_reversed_on_the_old_one(world: World) -> None:
    world.pull(entry(1))
    world.post()
    world.pull(entry(1, version=2, work_date=date(2026, 3, 1)))
    world.post()
    assert sorted((line.work_date.month, int(line.minutes)) for _, line in world.sink.ledger) == [
        (2, -60),
        (2, 60),
        (3, 60),
    ]


def test_a_correction_in_flight_is_held_until_we_know(world: World) -> None:
    world.pull(entry(1, 60), entry(2, 30))
    world.sink.script = ["accept"]
    world.sink.in_call = lambda: None
    assert world.post() == 2  # accepted, and polled in the next look

    world.pull(entry(3, 60))
    seen: list[tuple[str, int, str]] = []

    def corrected() -> None:
        world.sink.in_call = None
        world.pull(entry(3, 90, version=2))
        seen.extend(state for state in world.states() if state[0] == "3")

    world.sink.in_call = corrected
    world.post()
    assert seen == [("3", 0, "in_flight"), ("3", 1, "held"), ("3", 2, "waiting")]
    assert world.sink.minutes() == 60 + 30 + 90
    assert [state for state in world.states() if state[0] == "3"] == [
        ("3", 0, "posted"),
        ("3", 1, "posted"),
        ("3", 2, "posted"),
    ]


def test_a_correction_in_flight_of_a_refused_line_needs_no_reversal(world: World) -> None:
    world.pull(entry(1, 60))
    world.sink.script = ["refuse:psa:time:1:0"]

    def corrected() -> None:
        world.sink.in_call = None
        world.pull(entry(1, 90, version=2))

    world.sink.in_call = corrected
    world.post()
    assert world.states() == [("1", 0, "void"), ("1", 1, "void"), ("1", 2, "posted")]
    assert world.open_exceptions() == []
    assert world.sink.minutes() == 90


def test_a_correction_while_in_doubt_waits_for_the_look_up(world: World) -> None:
    world.pull(entry(1, 60))
    world.sink.script = ["drop_after"]
    world.post()
    assert world.states() == [("1", 0, "in_flight")]
    world.pull(entry(1, 90, version=2))
    world.due_now()
    world.post()
    assert world.sink.minutes() == 90
    assert len(world.sink.ledger) == 3


def test_a_superseded_line_that_never_arrived_is_not_sent_again(world: World) -> None:
    world.pull(entry(1, 60), entry(2, 30))
    world.sink.script = ["drop_before"]
    world.post()
    world.pull(entry(1, 90, version=2))
    world.due_now()
    world.post()
    assert sorted(world.sink.references()) == ["psa:time:1:0~2", "psa:time:2:0"]
    assert ("1", 1, "void") in world.states()


def test_a_correction_of_a_refused_line_leaves_its_exception(world: World) -> None:
    world.pull(entry(1, 60))
    world.sink.script = ["refuse:psa:time:1:0"]
    world.post()
    assert [one["kind"] for one in world.open_exceptions()] == ["closed_period"]
    world.pull(entry(1, 60, version=2, work_date=date(2026, 3, 1)))
    assert world.open_exceptions() == []
    assert world.post() == 1


def test_an_expense_corrected_before_its_invoice_is_replaced(world: World) -> None:
    world.pull(expense(1, "10"), kind="expense")
    world.pull(expense(1, "12", version=2), kind="expense")
    assert world.states() == [("1", 0, "void"), ("1", 2, "waiting")]


def test_corrections_and_posting_at_random_end_with_what_the_source_says(world: World) -> None:
    ends = ["ok", "drop_after", "busy", "accept", "drop_before", "reorder", "leave_out:psa:time:3:0", "late", "ok"]
    truth: dict[str, int] = {}
    for step in range(24):
        source_id = str(step * 7 % 5)
        minutes = 0 if step % 6 == 5 else 15 + step
        world.pull(entry(source_id, minutes or 60, version=step + 1, approved=bool(minutes)))
        truth[source_id] = minutes
        world.sink.script = [ends[step % len(ends)]]
        if step % 2:
            world.due_now()
            world.post()
    for _ in range(6):
        world.due_now()
        world.post()
    assert world.sink.minutes() == sum(truth.values())
    assert len(set(world.sink.references())) == len(world.sink.ledger)
    assert {state for _, _, state in world.states()} <= {"posted", "void", "withdrawn"}
