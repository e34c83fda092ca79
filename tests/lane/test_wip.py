"""Unbilled work by age, and writing it up or down: two persons, a charge of its own, and no more than is unbilled."""

from datetime import date
from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from tests.lane.world import World, a_firm, entry
from tieline.app.outlooks import look_ahead
from tieline.app.views.wip import page_wip_lines
from tieline.engine.approval_policy import ApprovalPolicy, ApprovalRule
from tieline.exception_queue.actions import NotPossible
from tieline.lane.adjustment import LABEL, Adjustment, confirm, follow_lines, propose, withdraw
from tieline.lane.invoicing import mark_invoiced, unbilled_lines
from tieline.lane.own_charges import settle_charges
from tieline.lane.wip import WipRow, read_wip
from tieline.store.canonical import read_project

TODAY = date(2026, 4, 15)
EVERYBODY = ApprovalPolicy()


@pytest.fixture
def worked(world: World) -> World:
    """An hour each at 210 of February, March and April."""
    days = (date(2026, 1, 10), date(2026, 2, 3), date(2026, 3, 10), date(2026, 4, 1))
    world.pull(*(entry(number, work_date=day) for number, day in enumerate(days)))
    world.post()
    return world


def row(world: World) -> WipRow:
    with world.database.connection() as db:
        (found,) = read_wip(db, TODAY)
    return found


def proposed(world: World, amount: str | None, by: str = "dana") -> Adjustment:
    return propose(world.database, "prj_1", Decimal(amount) if amount else None, by=by, reason="agreed on the phone")


def agreed(world: World, number: int, by: str = "priya", policy: ApprovalPolicy = EVERYBODY) -> Adjustment:
    return confirm(world.database, number, by=by, today=TODAY, policy=policy)


def test_unbilled_work_stands_under_its_age(worked: World) -> None:
    found = row(worked)
    assert [found.up_to_30, found.up_to_60, found.up_to_90, found.older] == [Decimal(210)] * 4
    assert (found.total, found.lines, found.realization) == (Decimal(840), 4, Decimal("100.0"))


def test_a_write_down_is_a_charge_of_its_own_that_two_persons_agree_to(worked: World) -> None:
    one = proposed(worked, "-84")
    assert one.words == "write-down of USD 84.00"
    assert (row(worked).proposal, row(worked).total) == (one.id, Decimal(840))
    with pytest.raises(NotPossible, match="a second person"):
        agreed(worked, one.id, by="dana")
    agreed(worked, one.id)
    found = row(worked)
    assert (found.total, found.adjusted, found.realization, found.proposal) == (
        Decimal(756),
        Decimal(-84),
        Decimal("90.0"),
        None,
    )
    with worked.database.connection() as db:
        lines = unbilled_lines(db, "prj_1", TODAY)
    assert [(line.amount, line.text) for line in lines if line.kind == "adjustment"] == [
        (Decimal(-84), "Adjustment: agreed on the phone")
    ]
    told = worked.rows("select actor, detail->>'label' as label from audit_event where action = 'wip.adjusted'")
    assert told == [{"actor": "priya", "label": "Done: write-down of USD 84.00"}]


def test_what_a_contract_agrees_besides_leaves_adjustments_alone(worked: World) -> None:
    agreed(worked, proposed(worked, "60").id)
    with worked.database.transaction() as db:
        project = read_project(db, "prj_1")
        assert project is not None
        assert settle_charges(db, [project], []) == set()
    assert row(worked).realization == Decimal("107.1")


def test_a_write_off_takes_all_of_it_and_no_more_can_be_taken(worked: World) -> None:
    one = proposed(worked, None)
    assert (one.words, one.amount) == ("write-off of USD 840.00", Decimal(-840))
    agreed(worked, one.id)
    assert (row(worked).total, row(worked).realization) == (Decimal(0), Decimal("0.0"))
    with pytest.raises(NotPossible, match="nothing to write off"):
        proposed(worked, None)
    with pytest.raises(NotPossible, match=r"only USD 0\.00 is unbilled"):
        proposed(worked, "-0.01")


def test_what_was_billed_meanwhile_is_not_written_down(worked: World) -> None:
    one = proposed(worked, "-700")
    with worked.database.transaction() as db:
        lines = [line.id for line in unbilled_lines(db, "prj_1", date(2026, 3, 31))]
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body, status)"
            " values ('inv_1', 'eng_1', 'prj_1', 'erp', 1, %s, 'draft')",
            [Jsonb({"lines": [{"transaction_ids": lines}]})],
        )
        mark_invoiced(db, "inv_1", lines)
    assert (row(worked).unbilled, row(worked).drafts, row(worked).total) == (Decimal(210), Decimal(630), Decimal(840))
    worked.rows("update invoice set status = 'open' returning id")
    with pytest.raises(NotPossible, match=r"only USD 210\.00 is unbilled"):
        agreed(worked, one.id)
    withdraw(worked.database, one.id, by="dana")
    assert proposed(worked, "-210").words == "write-off of USD 210.00"


def test_the_rules_of_the_site_say_who_confirms(worked: World) -> None:
    rule = ApprovalRule(what=LABEL, above=Decimal(50), approvers=("cfo@haldenmarsh.example",))
    policy = ApprovalPolicy(rules=(rule,))
    small = proposed(worked, "-50")
    agreed(worked, small.id, policy=policy)
    large = proposed(worked, "-51")
    with pytest.raises(NotPossible, match="priya may not decide"):
        agreed(worked, large.id, policy=policy)
    agreed(worked, large.id, by="cfo@haldenmarsh.example", policy=policy)


@pytest.mark.parametrize("amount", ["0", "0.004"])
def test_nothing_is_no_adjustment(worked: World, amount: str) -> None:
    with pytest.raises(NotPossible, match="changes nothing"):
        proposed(worked, amount)


def test_one_proposal_of_a_project_at_a_time_and_each_has_a_reason(worked: World) -> None:
    proposed(worked, "10")
    with pytest.raises(NotPossible, match="waits for a second person"):
        proposed(worked, "20")
    with pytest.raises(NotPossible, match="say why"):
        propose(worked.database, "prj_1", Decimal(1), by="dana", reason=" ")


def test_work_without_a_price_is_told_and_weighs_on_the_health(world: World) -> None:
    world.rows("delete from cross_reference where connection = 'erp' and external_id = 'e-marco' returning subject")
    world.pull(entry(1, person_ref="u-marco", work_date=date(2026, 1, 10)))
    assert (row(world).unpriced, row(world).total) == (1, Decimal(0))
    with world.database.connection() as db:
        (outlook,) = look_ahead(db, a_firm(), TODAY)
    told = {signal.id: signal.words for signal in outlook.signals}
    assert told["unbilled"] == "the oldest unbilled work is 95 days old"
    assert told["exceptions"] == "exceptions hold back 0.2 % of the contract's value"


# ---- chosen lines ----


def numbers(world: World) -> list[int]:
    """The time entries, the oldest first."""
    rows = world.rows("select id from project_transaction where kind = 'time' and live and sign = 1 order by work_date")
    return [row["id"] for row in rows]


def lines_adjusted(world: World, amount: str | None, lines: list[int]) -> Adjustment:
    given = Decimal(amount) if amount else None
    one = propose(world.database, "prj_1", given, by="dana", reason="training", lines=lines)
    return agreed(world, one.id)


def follow(world: World) -> None:
    """As each run of billing does first."""
    with world.database.transaction() as db:
        project = read_project(db, "prj_1")
        assert project is not None
        follow_lines(db, project, TODAY)


def bill(world: World) -> Decimal:
    """An invoice that finance has released; its amount."""
    with world.database.transaction() as db:
        lines = unbilled_lines(db, "prj_1", TODAY)
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body, status)"
            " values (gen_random_uuid()::text, 'eng_1', 'prj_1', 'erp', 1, '{}', 'draft')"
        )
        invoice = db.execute("select max(id) as id from invoice where status = 'draft'").fetchone()
        assert invoice is not None
        mark_invoiced(db, invoice["id"], [line.id for line in lines])
        db.execute("update invoice set status = 'open' where status = 'draft'")
    return sum((line.amount for line in lines), Decimal(0))


def test_chosen_lines_are_written_off_and_the_others_stay(worked: World) -> None:
    first, second, third, _ = numbers(worked)
    one = lines_adjusted(worked, None, [second, first, second])
    assert (one.words, one.amount, one.lines) == ("write-off of USD 420.00, 2 lines", Decimal(-420), (first, second))
    found = row(worked)
    assert [*found.ages, found.adjusted, found.total] == [210, 210, 210, 210, -420, 420]
    lines_adjusted(worked, "-0.01", [third])
    with worked.database.connection() as db:
        told = {line.number: (line.adjusted, line.left) for line in page_wip_lines(db, "prj_1", TODAY).items}
    hour, cent, nothing = Decimal(210), Decimal("0.01"), Decimal(0)
    assert (told[first], told[second], told[third]) == ((-hour, nothing), (-hour, nothing), (-cent, hour - cent))
    with pytest.raises(NotPossible, match=f"nothing is left to adjust of line {second}: it was billed"):
        lines_adjusted(worked, "-1", [second, third])
    with pytest.raises(NotPossible, match=r"only USD 209\.99 is unbilled"):
        lines_adjusted(worked, "-210", [third])


def test_what_a_line_bears_is_split_to_the_cent(worked: World) -> None:
    lines_adjusted(worked, "-100", numbers(worked)[:3])
    shares = worked.rows("select amount from wip_adjusted_line order by transaction_id")
    assert [share["amount"] for share in shares] == [Decimal("-33.34"), Decimal("-33.33"), Decimal("-33.33")]


def test_an_adjustment_of_lines_follows_them_when_they_change(worked: World) -> None:
    lines_adjusted(worked, "-120", numbers(worked)[:2])
    worked.pull(entry(0, version=2, work_date=date(2026, 1, 10), approved=False))
    follow(worked)
    assert (row(worked).adjusted, row(worked).total) == (Decimal(-60), Decimal(570))
    follow(worked)
    assert bill(worked) == 570
    worked.pull(entry(1, minutes=30, version=2, work_date=date(2026, 2, 3)))
    follow(worked)
    # The hour that was billed at 150 is credited with its write-down, and half an hour is billed.
    assert bill(worked) == Decimal(-210 + 60 + 105)
    with worked.database.connection() as db:
        assert read_wip(db, TODAY) == []


def test_a_line_that_is_worth_less_bears_no_more_than_it_is_worth(worked: World) -> None:
    first = numbers(worked)[0]
    lines_adjusted(worked, "-100", [first])
    lines_adjusted(worked, None, [first])
    worked.rows(f"update project_transaction set amount = 150 where id = {first} returning id")
    follow(worked)
    assert row(worked).adjusted == -150


def test_lines_that_changed_since_the_proposal_are_not_adjusted(worked: World) -> None:
    first, second, *_ = numbers(worked)
    one = propose(worked.database, "prj_1", None, by="dana", reason="training", lines=[first, second])
    worked.pull(entry(1, minutes=30, version=2, work_date=date(2026, 2, 3)))
    with pytest.raises(NotPossible, match=f"nothing is left to adjust of line {second}"):
        agreed(worked, one.id)
    worked.pull(entry(1, version=3, work_date=date(2026, 2, 3)))
    worked.rows(f"update project_transaction set amount = 200 where id = {first} returning id")
    withdraw(worked.database, one.id, by="dana")
    assert lines_adjusted(worked, None, [first]).amount == -200


def test_lines_of_another_project_are_none_of_this_one(worked: World) -> None:
    with pytest.raises(NotPossible, match="nothing is left to adjust of line 12345"):
        propose(worked.database, "prj_1", None, by="dana", reason="training", lines=[12345])
