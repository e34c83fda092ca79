"""Invoicing: each line on one invoice, and what changes afterwards credited on the next."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.lane.world import PSA, World, a_project, entry, expense
from tieline.lane.invoicing import invoiced_lines, mark_invoiced, unbilled_lines
from tieline.lane.own_charges import add_charge, billed_milestones, milestone_charge, withdraw_milestone
from tieline.model.money import Money
from tieline.model.project import Milestone

UNTIL = date(2026, 2, 28)


@pytest.fixture
def books(world: World) -> "Books":
    return Books(world)


class Books:
    """Invoices of project 1."""

    def __init__(self, world: World) -> None:
        self.world = world

    def store(self, invoice_id: str) -> None:
        with self.world.database.transaction() as db:
            db.execute(
                "insert into invoice (id, engagement_id, project_id, connection, schema_version, body)"
                " values (%s, 'eng_1', 'prj_1', 'erp', 1, %s)",
                [invoice_id, Jsonb({})],
            )

    def unbilled(self, until: date = UNTIL) -> list[Any]:
        with self.world.database.connection() as db:
            return unbilled_lines(db, "prj_1", until)

    def mark(self, invoice_id: str, lines: list[Any]) -> int:
        with self.world.database.transaction() as db:
            return mark_invoiced(db, invoice_id, [line.id for line in lines])

    def bill(self, invoice_id: str) -> list[Decimal]:
        """Put what is unbilled on an invoice; returns its amounts."""
        lines = self.unbilled()
        self.store(invoice_id)
        self.mark(invoice_id, lines)
        return self.amounts(invoice_id)

    def amounts(self, invoice_id: str) -> list[Decimal]:
        with self.world.database.connection() as db:
            return sorted(line.amount for line in invoiced_lines(db, invoice_id))


def test_billable_lines_up_to_the_day_are_unbilled_until_they_are_marked(world: World, books: Books) -> None:
    world.pull(entry(1), entry(2, billable=False), entry(3, work_date=date(2026, 3, 1)), entry(4, role="Painter"))
    world.pull(expense(1, "10"), kind="expense")
    lines = books.unbilled()
    assert [(line.kind, line.amount, line.text) for line in lines] == [("time", 210, None), ("expense", 10, "Travel")]
    assert all(line.id.startswith("ptx_") for line in lines)
    assert books.bill("inv_1") == [10, 210]
    assert books.unbilled() == []
    assert ("1", 0, "invoiced") in world.states()


def test_marking_twice_marks_once_and_another_invoice_gets_nothing(world: World, books: Books) -> None:
    world.pull(entry(1))
    lines = books.unbilled()
    for invoice_id in ("inv_1", "inv_2"):
        books.store(invoice_id)
    assert books.mark("inv_1", lines) == 1
    assert books.mark("inv_1", lines) == 0
    assert books.mark("inv_2", lines) == 0
    assert books.amounts("inv_2") == []


def test_a_correction_of_an_invoiced_line_is_credited_on_the_next_invoice(world: World, books: Books) -> None:
    world.pull(entry(1, 60))
    world.post()
    assert books.bill("inv_1") == [210]
    world.pull(entry(1, 90, version=2))
    assert books.bill("inv_2") == [-210, 315]
    world.post()
    assert world.sink.minutes() == 90


def test_a_correction_before_the_invoice_is_billed_as_it_is_now(world: World, books: Books) -> None:
    world.pull(entry(1, 60))
    world.post()
    world.pull(entry(1, 90, version=2))
    assert books.bill("inv_1") == [315]


def test_an_unapproval_of_an_invoiced_line_is_a_credit(world: World, books: Books) -> None:
    world.pull(entry(1, 60))
    books.bill("inv_1")
    world.pull(entry(1, version=2, approved=False))
    assert books.bill("inv_2") == [-210]
    world.post()
    assert world.sink.minutes() == 0


@pytest.mark.parametrize("posted", [True, False])
@pytest.mark.parametrize("approved", [True, False])
def test_a_line_that_changed_between_draft_and_mark_is_credited(
    world: World, books: Books, *, posted: bool, approved: bool
) -> None:
    world.pull(entry(1, 60))
    if posted:
        world.post()
    lines = books.unbilled()
    books.store("inv_1")
    world.pull(entry(1, 90, version=2, approved=approved))
    assert books.mark("inv_1", lines) == 1
    assert books.bill("inv_2") == ([-210, 315] if approved else [-210])
    world.post()
    assert world.sink.minutes() == (90 if approved else 0)


def test_approved_again_after_a_credit_is_billed_again_once(world: World, books: Books) -> None:
    world.pull(entry(1, 60))
    lines = books.unbilled()
    books.store("inv_1")
    world.pull(entry(1, version=2, approved=False))
    books.mark("inv_1", lines)
    world.pull(entry(1, 60, version=3))
    assert books.bill("inv_2") == [-210, 210]
    world.post()
    assert world.sink.minutes() == 60


def test_a_corrected_expense_on_an_invoice_is_credited(world: World, books: Books) -> None:
    world.pull(expense(1, "10"), kind="expense")
    books.bill("inv_1")
    world.pull(expense(1, "12", version=2), kind="expense")
    assert books.bill("inv_2") == [-10, 12]


def test_a_refused_line_that_was_invoiced_is_credited_when_corrected(world: World, books: Books) -> None:
    world.pull(entry(1, 60))
    books.bill("inv_1")
    world.sink.script = ["refuse:psa:time:1:0"]
    world.post()
    world.pull(entry(1, 90, version=2))
    assert world.open_exceptions() == []
    assert books.bill("inv_2") == [-210, 315]
    world.post()
    assert world.sink.minutes() == 90


def test_a_milestone_is_billed_once_and_can_be_taken_back_before(world: World, books: Books) -> None:
    milestone = Milestone(
        id="mil_1",
        project_id="prj_1",
        name="Design signed",
        due_on=date(2026, 2, 1),
        amount=Money(amount=Decimal(5000), currency="USD"),
    )
    line = milestone_charge(PSA, a_project(), milestone, date(2026, 2, 2), "dana")
    for _ in range(2):
        with world.database.transaction() as db:
            add_charge(db, line)
    assert [(one.amount, one.text) for one in books.unbilled()] == [(5000, "Design signed")]
    with world.database.transaction() as db:
        withdraw_milestone(db, "prj_1", "mil_1")
    assert books.unbilled() == []
    with world.database.transaction() as db:
        add_charge(db, line)
    assert books.bill("inv_1") == [5000]
    with world.database.connection() as db:
        assert billed_milestones(db, "prj_1")["mil_1"].invoiced
