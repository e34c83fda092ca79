"""A person corrects one field of what waits: shown as a difference, taken once, and void when the source changes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.lane.world import RATES, World, a_contract, entry, rate_card
from tieline.engine.problem import Problem
from tieline.engine.run import Run
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.edit import Diff, edit, editable_fields, preview
from tieline.lane.release import release_asked
from tieline.model.opportunity import Opportunity
from tieline.store.canonical import add_contract_version

BY, WHY = "Dana Whitfield", "the role was mistyped"


def waiting(world: World, *roles: str) -> int:
    """Entries whose roles have no rate; roles of one name wait together."""
    world.pull(*(entry(number, role=role) for number, role in enumerate(roles)))
    (found,) = world.open_exceptions()
    return int(found["id"])


def seen(world: World, exception: int, value: str, field: str = "role") -> Diff:
    with world.database.connection() as db:
        return preview(db, exception, "time", field, value)


def take(world: World, exception: int, value: str, field: str = "role") -> int:
    changed = edit(world.database, exception, seen(world, exception, value, field), BY, WHY)
    release_asked(world.database, world.pricing)
    return changed


def overrides(world: World) -> list[tuple[Any, Any, bool]]:
    rows = world.rows("select old, new, voided_at is null as counts from field_override order by id")
    return [(row["old"], row["new"], row["counts"]) for row in rows]


def test_a_difference_shows_what_would_change_and_changes_nothing(world: World) -> None:
    exception = waiting(world, "Painter", "Painter")
    diff = seen(world, exception, "Consultant")
    assert [(group.now, group.source, group.records) for group in diff.groups] == [("Painter", "Painter", 2)]
    assert (diff.new, diff.records) == ("Consultant", 2)
    assert overrides(world) == []
    assert [state for _, _, state in world.states()] == ["in_exception"] * 2


def test_an_edit_releases_all_that_waits_with_the_new_value(world: World) -> None:
    exception = waiting(world, "Painter", "Painter")
    assert take(world, exception, "Consultant") == 2
    assert world.open_exceptions() == []
    assert world.post() == 2
    rows = world.rows("select role, amount from project_transaction")
    assert rows == [{"role": "Consultant", "amount": Decimal("165.00")}] * 2
    (kept,) = world.rows("select distinct person, reason, exception_id, field, old, new from field_override")
    assert kept == {
        "person": BY, "reason": WHY, "exception_id": exception, "field": "role", "old": "Painter", "new": "Consultant",
    }  # fmt: skip
    (told,) = world.rows("select actor, detail->>'text' as text from audit_event where action = 'exception.edited'")
    assert told == {"actor": BY, "text": f"role of 2 records is now “Consultant”: {WHY}"}


def test_the_correction_counts_as_long_as_the_source_holds_the_old_value(world: World) -> None:
    take(world, waiting(world, "Painter"), "Consultant")
    world.pull(entry(0, 90, version=2, role="Painter"))
    assert world.open_exceptions() == []
    (row,) = world.rows("select role, quantity from project_transaction where live")
    assert row == {"role": "Consultant", "quantity": Decimal(90)}
    assert overrides(world) == [("Painter", "Consultant", True)]


def test_when_the_source_changes_the_source_is_right_again(world: World) -> None:
    take(world, waiting(world, "Painter"), "Consultant")
    world.pull(entry(0, version=2, role="Senior Consultant"))
    (row,) = world.rows("select role, amount from project_transaction where live")
    assert row == {"role": "Senior Consultant", "amount": Decimal("210.00")}
    assert overrides(world) == [("Painter", "Consultant", False)]
    world.pull(entry(0, 90, version=3, role="Painter"))
    assert [one["field"] for one in world.open_exceptions()] == ["rate"]


def test_a_source_that_takes_the_correction_over_changes_nothing_booked(world: World) -> None:
    take(world, waiting(world, "Painter"), "Consultant")
    world.post()
    world.pull(entry(0, version=2, role="Consultant"))
    assert world.states() == [("0", 0, "posted")]
    assert overrides(world) == [("Painter", "Consultant", False)]


def test_an_edit_of_an_edit_keeps_what_the_source_holds(world: World) -> None:
    exception = waiting(world, "Painter")
    take(world, exception, "Plumber")
    (found,) = world.open_exceptions()
    diff = seen(world, found["id"], "Consultant")
    assert [(group.now, group.source) for group in diff.groups] == [("Plumber", "Painter")]
    take(world, found["id"], "Consultant")
    assert overrides(world) == [("Painter", "Plumber", False), ("Painter", "Consultant", True)]
    assert world.post() == 1


def test_going_back_to_the_source_is_no_correction_any_more(world: World) -> None:
    take(world, waiting(world, "Painter"), "Plumber")
    (found,) = world.open_exceptions()
    take(world, found["id"], "Painter")
    assert overrides(world) == [("Painter", "Plumber", False)]


def test_what_waits_must_be_what_was_shown(world: World) -> None:
    exception = waiting(world, "Painter")
    diff = seen(world, exception, "Consultant")
    world.pull(entry(7, role="Painter"))
    with pytest.raises(NotPossible, match="has changed since it was shown"):
        edit(world.database, exception, diff, BY, WHY)
    assert overrides(world) == []


def test_work_on_a_day_outside_the_contract_is_moved_by_a_person_only(world: World) -> None:
    world.pull(entry(1, work_date=date(2027, 1, 5)))
    (found,) = world.open_exceptions()
    take(world, found["id"], "2026-12-31", "work_date")
    assert world.open_exceptions() == []
    assert world.post() == 1


def test_a_priced_line_the_erp_refused_is_priced_anew(world: World) -> None:
    world.pull(entry(1))
    world.sink.script = ["reject"]
    world.post()
    (found,) = world.open_exceptions()
    take(world, found["id"], "Consultant")
    assert world.post() == 1
    (row,) = world.rows("select role, amount from project_transaction")
    assert row == {"role": "Consultant", "amount": Decimal("165.00")}


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("quantity", "60", "cannot be corrected here"),
        ("amount", "1", "cannot be corrected here"),
        ("work_date", "31.12.2026", "no day such as"),
        ("billable", "maybe", "neither yes nor no"),
        ("project_ref", "  ", "cannot be empty"),
        ("role", "a\nb", "no line breaks"),
        ("role", "a\0b", "no line breaks"),
        ("role", "x" * 301, "at most 300"),
        ("id; drop table project_transaction", "x", "cannot be corrected here"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(world: World, field: str, value: str, wrong: str) -> None:
    exception = waiting(world, "Painter")
    with pytest.raises(NotPossible, match=wrong):
        seen(world, exception, value, field)


def test_an_edit_needs_a_reason_and_must_change_something(world: World) -> None:
    exception = waiting(world, "Painter")
    with pytest.raises(NotPossible, match="say why"):
        edit(world.database, exception, seen(world, exception, "Consultant"), BY, " ")
    with pytest.raises(NotPossible, match="holds this value already"):
        edit(world.database, exception, seen(world, exception, "Painter"), BY, WHY)


def test_what_an_exception_waits_for_says_which_fields_may_be_corrected(world: World) -> None:
    with world.database.transaction() as db:
        rates = rate_card({**RATES, "Sr. Architect": Decimal(295)})
        add_contract_version(db, a_contract(2, rate_card=rates))
    world.pull(entry(1, role="Sr. Architect"))
    (found,) = world.open_exceptions()
    with world.database.connection() as db:
        fields = {(one.record, one.field) for one in editable_fields(db, found["id"])}
        amounts = db.execute("select amount, currency from exception_line").fetchall()
    assert ("time", "role") in fields
    assert not {field for _, field in fields} & {"quantity", "amount", "rate", "currency"}
    assert amounts == [{"amount": Decimal("295.00"), "currency": "USD"}]


# ---- records of flows ----


def deal_flow(held: dict[str, Any], read: list[Opportunity]) -> Callable[[Run, str, Any], None]:
    """A flow that reads a deal and needs its terms of payment."""

    def flow(run: Run, key: str, systems: Any) -> None:
        deal = run.corrected("opportunity", Opportunity(id=key, name="Harbour", stage="won", **held))
        read.append(deal)
        if deal.payment_terms is None:
            run.require([Problem(kind="missing_field", key=key, message="the term of payment is missing")])

    return flow


def test_a_missing_term_of_a_deal_is_given_until_the_crm_says_something_else(bench: Bench) -> None:
    held: dict[str, Any] = {"po_number": "PO 1"}
    read: list[Opportunity] = []
    bench.flows["f"] = deal_flow(held, read)
    assert bench.look("f", "opp_1") == "blocked"
    (row,) = bench.rows("select id from exception_item")
    with bench.database.connection() as db:
        diff = preview(db, row["id"], "opportunity", "payment_terms", "NET30")
    assert [(group.now, group.source, group.records) for group in diff.groups] == [(None, None, 1)]
    assert edit(bench.database, row["id"], diff, BY, WHY) == 1
    assert bench.engine.run("f", "opp_1") == "done"
    assert read[-1].payment_terms == "NET30"
    assert bench.rows("select * from exception_item where closed_at is null") == []
    held["payment_terms"] = "NET60"
    assert bench.look("f", "opp_1") == "done"
    assert read[-1].payment_terms == "NET60"
    (override,) = bench.rows("select void_note from field_override where voided_at is not null")
    assert override["void_note"] == "its source has changed"
    del held["payment_terms"]
    assert bench.look("f", "opp_1") == "blocked"
