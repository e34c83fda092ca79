"""What waits is written off by two persons; it stays in the books, counts in every balance, and is never posted."""

import pytest

from tests.lane.world import World, entry
from tieline.app.views.exceptions import read_exception
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.write_off import confirm, propose, read_proposal, same_person, withdraw
from tieline.lane.release import release_all_mendable, release_asked, release_exception
from tieline.lane.totals import money_differences, quantity_balances

PRIYA, DANA = "Priya Raman", "Dana Whitfield"
WHY = "agreed with the customer"


def refused(world: World, lines: int = 3) -> int:
    """Priced lines the ERP refused, because of one cause."""
    world.pull(*(entry(number) for number in range(lines)))
    world.sink.script = ["reject"]
    assert world.post() == 0
    (found,) = world.open_exceptions()
    assert found["lines"] == lines
    return int(found["id"])


def test_two_persons_write_off_what_waits_and_nothing_of_it_is_ever_posted(world: World) -> None:
    exception = refused(world)
    proposal = propose(world.database, exception, PRIYA, WHY)
    assert (len(proposal.line_ids), [(currency, str(money)) for currency, money in proposal.money]) == (
        3,
        [("USD", "630.00")],
    )
    assert [state for _, _, state in world.states()] == ["in_exception"] * 3
    assert confirm(world.database, exception, DANA) == 3
    assert [state for _, _, state in world.states()] == ["written_off"] * 3
    world.due_now()
    release_exception(world.database, world.pricing, exception)
    release_all_mendable(world.database, world.pricing)
    assert world.post() == 0
    assert world.sink.ledger == []
    (row,) = world.rows("select closed_by, closing_note from exception_item")
    assert row == {"closed_by": DANA, "closing_note": f"written off: {WHY}"}


def test_written_off_work_counts_in_every_balance(world: World) -> None:
    exception = refused(world)
    propose(world.database, exception, PRIYA, WHY)
    confirm(world.database, exception, DANA)
    with world.database.connection() as db:
        assert [balance.lost for balance in quantity_balances(db)] == [0]
        assert money_differences(db) == []
    (row,) = world.rows("select sum(amount) as amount from project_transaction where state = 'written_off'")
    assert str(row["amount"]) == "630.00"


def test_every_written_off_line_leads_to_both_persons_and_the_reason(world: World) -> None:
    exception = refused(world, 1)
    propose(world.database, exception, PRIYA, WHY)
    confirm(world.database, exception, DANA)
    rows = world.rows(
        "select w.proposed_by, w.decided_by, w.reason from written_off_line l join write_off w on w.id = l.write_off_id"
    )
    assert rows == [{"proposed_by": PRIYA, "decided_by": DANA, "reason": WHY}]
    (told,) = world.rows("select engagement, actor, detail from audit_event where action = 'lines.written_off'")
    assert (told["engagement"], told["actor"]) == ("eng_1", DANA)
    assert told["detail"]["reason"] == f"proposed by {PRIYA}: {WHY}"


@pytest.mark.parametrize("second", [PRIYA, " priya  RAMAN ", "\uff30riya Raman", "priya.raman@haldenmarsh.example"])
def test_the_person_who_proposed_it_cannot_confirm_it(world: World, second: str) -> None:
    exception = refused(world)
    propose(world.database, exception, PRIYA, WHY)
    people = {PRIYA: "priya.raman@haldenmarsh.example"}
    with pytest.raises(NotPossible, match="a second person must confirm"):
        confirm(world.database, exception, second, people=people)
    assert [state for _, _, state in world.states()] == ["in_exception"] * 3


def test_names_are_compared_as_people_and_not_as_letters() -> None:
    people = {"Priya Raman": "p@x.example", "Dana Whitfield": "d@x.example"}
    assert same_person("P@X.example", "PRIYA RAMAN", people)
    assert not same_person("Dana Whitfield", "p@x.example", people)


def test_lines_that_join_after_the_proposal_go_on_waiting(world: World) -> None:
    world.pull(entry(1, project_ref="ws9"))
    (found,) = world.open_exceptions()
    propose(world.database, found["id"], PRIYA, WHY)
    world.pull(entry(2, project_ref="ws9"))
    assert confirm(world.database, found["id"], DANA) == 1
    assert world.states() == [("1", 0, "written_off"), ("2", 0, "in_exception")]
    assert [one["lines"] for one in world.open_exceptions()] == [1]


def test_a_line_that_was_corrected_since_the_proposal_is_not_written_off(world: World) -> None:
    world.pull(entry(1, project_ref="ws9"), entry(2, project_ref="ws9"))
    (found,) = world.open_exceptions()
    propose(world.database, found["id"], PRIYA, WHY)
    world.pull(entry(1, version=2))
    assert confirm(world.database, found["id"], DANA) == 1
    assert world.states() == [("1", 0, "void"), ("1", 2, "waiting"), ("2", 0, "written_off")]


def test_a_written_off_entry_that_is_corrected_at_its_source_is_a_new_demand(world: World) -> None:
    exception = refused(world, 1)
    propose(world.database, exception, PRIYA, WHY)
    confirm(world.database, exception, DANA)
    world.pull(entry(0, 30, version=2))
    assert world.post() == 1
    assert world.states() == [("0", 0, "void"), ("0", 2, "posted")]
    with world.database.connection() as db:
        assert [balance.lost for balance in quantity_balances(db)] == [0]


def test_what_is_on_an_invoice_is_not_written_off(world: World) -> None:
    exception = refused(world, 1)
    world.rows(
        "insert into invoice_line (transaction_id, invoice_id) select id, 'inv_1' from project_transaction"
        " returning transaction_id"
    )
    with pytest.raises(NotPossible, match="an invoice holds it"):
        propose(world.database, exception, PRIYA, WHY)


def test_a_proposal_needs_a_reason_and_is_made_once_and_withdrawn(world: World) -> None:
    exception = refused(world)
    with pytest.raises(NotPossible, match="say why"):
        propose(world.database, exception, PRIYA, "  ")
    with pytest.raises(NotPossible, match="propose it first"):
        confirm(world.database, exception, DANA)
    propose(world.database, exception, PRIYA, WHY)
    with pytest.raises(NotPossible, match="Priya Raman has proposed"):
        propose(world.database, exception, DANA, WHY)
    with world.database.connection() as db:
        shown = read_exception(db, exception)
        assert shown is not None
        assert shown.write_off_by == PRIYA
    withdraw(world.database, exception, PRIYA)
    with world.database.connection() as db:
        assert read_proposal(db, exception) is None
    with pytest.raises(NotPossible, match="nobody has proposed"):
        withdraw(world.database, exception, PRIYA)
    assert [state for _, _, state in world.states()] == ["in_exception"] * 3


def test_a_retry_between_proposal_and_confirmation_wins(world: World) -> None:
    exception = refused(world, 1)
    propose(world.database, exception, PRIYA, WHY)
    world.rows("update exception_item set retry_by = 'x' returning id")
    assert release_asked(world.database, world.pricing) == 1
    with pytest.raises(LookupError):
        confirm(world.database, exception, DANA)
    assert world.post() == 1
