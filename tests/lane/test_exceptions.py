"""Lines that cannot go on: one exception per cause, and release when the cause is gone."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.lane.world import PSA, RATES, World, a_contract, a_project, entry, expense, rate_card
from tieline.lane.reference import remember_people
from tieline.lane.release import Released, batch_unposted, release_all_mendable, release_exception
from tieline.store.canonical import add_contract_version, put_project, refer


def causes(world: World) -> list[tuple[str, str, int]]:
    return [(one["kind"], one["field"], one["lines"]) for one in world.open_exceptions()]


def release(world: World) -> int:
    return release_all_mendable(world.database, world.pricing)


def test_lines_of_an_unknown_project_wait_together(world: World) -> None:
    world.pull(*(entry(number, project_ref="ws9") for number in range(4)), entry(9, project_ref="ws8"))
    world.pull(entry(5, project_ref="ws9"))
    assert [(one["kind"], one["key"], one["lines"]) for one in world.open_exceptions()] == [
        ("unlinked", "ws8", 1),
        ("unlinked", "ws9", 5),
    ]
    assert world.post() == 0


def test_lines_go_on_when_their_project_is_linked(world: World) -> None:
    world.pull(*(entry(number, project_ref="ws9") for number in range(4)))
    assert release(world) == 0
    with world.database.transaction() as db:
        put_project(db, a_project(2))
        db.execute("insert into route (record_id, role, connection) values ('prj_2', 'erp', 'erp')")
        refer(db, PSA, "project", "prj_2", "ws9")
        refer(db, "erp", "project", "prj_2", "e2")
    assert release(world) == 4
    assert world.open_exceptions() == []
    assert world.post() == 4
    assert {line.project for _, line in world.sink.ledger} == {"e2"}


def test_a_project_that_is_not_in_the_erp_yet_holds_its_time(world: World) -> None:
    world.rows("delete from cross_reference where connection = 'erp' and target = 'project' returning subject")
    world.pull(entry(1))
    assert causes(world) == [("master_data", "project", 1)]
    with world.database.transaction() as db:
        refer(db, "erp", "project", "prj_1", "e1")
    assert release(world) == 1


def test_a_person_nobody_knows_waits_for_an_email(world: World) -> None:
    world.pull(entry(1, person_ref="u-new"), entry(2, person_ref="u-new"))
    assert causes(world) == [("master_data", "person", 2)]
    with world.database.transaction() as db:
        remember_people(db, PSA, {"new@haldenmarsh.example": "u-new"})
    assert release(world) == 0  # known now, but without a role
    assert causes(world) == [("missing_field", "role", 2)]


def test_a_person_the_erp_does_not_employ_waits_there(world: World) -> None:
    world.rows("delete from cross_reference where connection = 'erp' and target = 'person' returning subject")
    world.pull(entry(1))
    (found,) = world.open_exceptions()
    assert (found["owner"], found["key"]) == ("resource", "tom@haldenmarsh.example")
    with world.database.transaction() as db:
        remember_people(db, "erp", {"Tom@haldenmarsh.example ": "77"})
    assert release(world) == 1
    world.post()
    assert world.sink.ledger[0][1].person == "77"


def test_a_role_without_an_item_waits_for_the_value_table(world: World) -> None:
    with world.database.transaction() as db:
        rates = rate_card({**RATES, "Sr. Architect": Decimal(295)})
        add_contract_version(db, a_contract(2, rate_card=rates))
    world.pull(entry(1, person_ref="u-grace"), entry(2, person_ref="u-grace"))
    (found,) = world.open_exceptions()
    assert (found["kind"], found["field"], found["key"], found["lines"]) == ("mapping", "item", "Sr. Architect", 2)
    world.items["Sr. Architect"] = "i-SA"
    assert release(world) == 2
    world.post()
    assert {line.item for _, line in world.sink.ledger} == {"i-SA"}


def test_a_role_without_a_rate_goes_on_after_a_change_order(world: World) -> None:
    world.pull(entry(1, role="Consultant"), entry(2, role="Painter"))
    assert causes(world) == [("master_data", "rate", 1)]
    world.items["Painter"] = "i-P"
    with world.database.transaction() as db:
        add_contract_version(db, a_contract(2, rate_card=rate_card({**RATES, "Painter": Decimal(80)})))
    assert release(world) == 1
    (row,) = world.rows("select amount, contract_version from project_transaction where source_id = '2'")
    assert row == {"amount": Decimal("80.00"), "contract_version": 2}


def test_work_outside_the_contract_waits_for_its_extension(world: World) -> None:
    world.pull(entry(1, work_date=date(2027, 1, 5)), entry(2, work_date=date(2025, 12, 31)))
    assert causes(world) == [("business_rule", "work_date", 1), ("business_rule", "work_date", 1)]
    with world.database.transaction() as db:
        add_contract_version(db, a_contract(2, end_date=date(2027, 3, 31)))
    assert release(world) == 1
    assert causes(world) == [("business_rule", "work_date", 1)]


def test_an_expense_in_a_foreign_currency_waits(world: World) -> None:
    world.pull(expense(1, "10", currency="EUR"), kind="expense")
    assert causes(world) == [("business_rule", "currency", 1)]


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1e999999", "-1e400", "1e-40"])
def test_a_number_no_ledger_holds_stops_its_line_only(world: World, quantity: str) -> None:
    world.pull(entry(1, quantity=Decimal(quantity)), entry(2))
    assert causes(world) == [("poison", "quantity", 1)]
    assert release(world) == 0
    assert world.post() == 1


def test_texts_with_nul_and_odd_versions_do_not_stop_the_feed(world: World) -> None:
    world.pull(entry("1\0", note="a\0b", version=2**80), entry(2, version=-5))
    assert world.post() == 2


@pytest.mark.parametrize("minutes", [0, -60, 1441])
def test_absurd_minutes_wait_for_their_correction(world: World, minutes: int) -> None:
    world.pull(entry(1, minutes))
    assert causes(world) == [("business_rule", "minutes", 1)]
    world.pull(entry(1, 60, version=2))
    assert world.open_exceptions() == []
    assert world.post() == 1


def test_time_on_a_closed_engagement_waits(world: World) -> None:
    world.rows("update engagement set closed_at = now() returning id")
    world.pull(entry(1))
    assert causes(world) == [("business_rule", "engagement", 1)]


def test_what_the_erp_refuses_leaves_the_batch_and_the_rest_is_posted(world: World) -> None:
    world.pull(entry(1), entry(2), entry(3))
    world.sink.script = ["refuse:psa:time:2:0"]
    assert world.post() == 2
    (found,) = world.open_exceptions()
    assert (found["kind"], found["key"], found["message"]) == (
        "closed_period",
        "2026-02",
        "February 2026 is closed for US in erp: The period is closed",
    )
    assert release(world) == 0  # only a person knows whether the period is open again
    assert release_exception(world.database, world.pricing, found["id"], by="dana") == Released(1, 0)
    assert world.post() == 1
    assert sorted(world.sink.references()) == ["psa:time:1:0", "psa:time:2:0", "psa:time:3:0"]


def test_a_batch_refused_as_a_whole_is_one_exception(world: World) -> None:
    world.pull(*(entry(number) for number in range(5)))
    world.sink.script = ["reject"]
    assert world.post() == 0
    assert causes(world) == [("business_rule", "project", 5)]


def test_a_link_that_vanished_before_sending_is_an_exception_and_the_rest_goes(world: World) -> None:
    world.pull(entry(1), entry(2, person_ref="u-marco"))
    world.rows("delete from cross_reference where external_id = 'e-marco' returning subject")
    assert world.post() == 1
    assert causes(world) == [("master_data", "person", 1)]


def test_an_exception_names_the_engagement_and_the_money_that_wait(world: World) -> None:
    world.pull(entry(1))
    world.sink.script = ["refuse:psa:time:1:0"]
    world.post()
    (row,) = world.rows("select engagement, target, amount, currency from exception_line")
    assert row == {"engagement": "eng_1", "target": "time", "amount": Decimal("210.00"), "currency": "USD"}


def test_many_lines_of_one_cause_are_released_in_pieces(world: World) -> None:
    world.pull(*(entry(number, project_ref="ws9") for number in range(2100)))
    with world.database.transaction() as db:
        refer(db, PSA, "project", "prj_1b", "ws-other")
        db.execute("delete from cross_reference where target = 'project' and connection = 'psa'")
        refer(db, PSA, "project", "prj_1", "ws9")
    assert release(world) == 2100
    assert world.post() == 2100
    assert len(world.sink.keys) == 21


def test_time_of_an_entity_that_goes_live_is_posted_then(world: World) -> None:
    world.off = [("erp", "US")]
    world.pull(entry(1), entry(2))
    assert batch_unposted(world.database, world.pricing, PSA) == 0
    world.off = []
    assert batch_unposted(world.database, world.pricing, PSA) == 2
    assert world.post() == 2


def test_releasing_while_the_cause_stays_changes_nothing(world: World) -> None:
    world.pull(entry(1, project_ref="ws9"))
    before: list[dict[str, Any]] = world.rows("select * from project_transaction")
    (found,) = world.open_exceptions()
    assert release_exception(world.database, world.pricing, found["id"]) == Released(0, 1)
    assert world.rows("select * from project_transaction") == before
    assert causes(world) == [("unlinked", "project", 1)]
