"""A preview says what would be sent, field by field, and changes nothing: neither here nor in any system."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.foresight import HIDDEN, differences
from tieline.engine.preview import Forecast, Instance, preview
from tieline.engine.run import Run
from tieline.model.record import Owned, Record
from tieline.sdk.operation import Operation, WriteSafety

K = Instance("f", "k", "eng_1")


def flow_of(operation: Operation[Any], content: dict[str, Any]) -> Callable[[Run, str, Any], None]:
    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", operation, Thing(id="thg_1", **content))

    return flow


def look_ahead(bench: Bench, *instances: Instance, most: int = 20) -> list[Forecast]:
    return preview(bench.engine, instances or (K,), most, time.monotonic() + 20)


def books(bench: Bench) -> list[Any]:
    """Everything a run may leave behind."""
    tables = (
        "effect",
        "run",
        "agenda",
        "lease",
        "audit_event",
        "exception_item",
        "approval",
        "shadow_effect",
        "record",
    )
    return [bench.rows(f"select * from {table} order by 1, 2") for table in tables]


def test_a_first_writing_is_foreseen_with_all_it_would_send(bench: Bench) -> None:
    vendor = LedgerVendor()
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A", "amount": 5})
    (forecast,) = look_ahead(bench)
    (write,) = forecast.writes
    assert (write.what, write.connection, write.target, write.external_id) == ("create", "erp", "thing", None)
    changes = [(one.field, one.old, one.new) for one in write.changes]
    assert ("name", None, "A") in changes
    assert ("amount", None, 5) in changes
    assert vendor.ledger == []


def test_a_change_is_foreseen_field_by_field_and_nothing_is_touched(bench: Bench) -> None:
    vendor, content = LedgerVendor(), {"name": "A", "amount": 5}
    bench.flows["f"] = flow_of(vendor.operation(), content)
    bench.look("f")
    content["name"] = "B"
    before = books(bench)
    (forecast,) = look_ahead(bench)
    (write,) = forecast.writes
    assert (write.what, write.external_id, write.known) == ("update", "erp-1", True)
    assert [(one.field, one.old, one.new) for one in write.changes] == [("name", "A", "B")]
    assert books(bench) == before
    assert len(vendor.ledger) == 1
    bench.look("f", reason="operator")
    assert vendor.objects["erp-1"]["name"] == "B", "the run does what was foreseen"
    assert look_ahead(bench)[0].writes == ()


def test_what_is_as_it_should_be_is_foreseen_as_unchanged(bench: Bench) -> None:
    vendor = LedgerVendor()
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    bench.look("f")
    (forecast,) = look_ahead(bench)
    assert (forecast.state, forecast.writes, forecast.unchanged) == ("done", (), 1)


def test_refused_content_would_be_sent_again(bench: Bench) -> None:
    vendor = LedgerVendor(script=["refuse"])
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    assert bench.look("f") == "blocked"
    (forecast,) = look_ahead(bench)
    assert [write.what for write in forecast.writes] == ["create"]
    assert bench.rows("select id from exception_item where closed_at is null"), "a preview solves nothing"


def test_an_unclear_writing_is_looked_up_before_anything_is_foreseen(bench: Bench) -> None:
    vendor = LedgerVendor(script=["drop_after"])
    bench.flows["f"] = flow_of(vendor.operation(creates=WriteSafety.LOOKUP), {"name": "A"})
    bench.look("f")
    (forecast,) = look_ahead(bench)
    assert [(write.what, write.external_id) for write in forecast.writes] == [("update", "erp-1")]
    lost = LedgerVendor(script=["drop_before"])
    bench.flows["g"] = flow_of(lost.operation("other", creates=WriteSafety.LOOKUP, quarantine=60), {"name": "A"})
    bench.look("g")
    (forecast,) = look_ahead(bench, Instance("g", "k", "eng_1"))
    assert (forecast.state, forecast.writes) == ("retrying", ())
    assert "may still land" in str(forecast.steps[0].detail)


def test_a_record_a_person_made_before_us_is_a_question_and_no_writing(bench: Bench) -> None:
    vendor = LedgerVendor(objects={"erp-9": {"ref": "theirs"}})
    operation = vendor.operation(candidates=lambda payload: vendor._find({"ref": "theirs"}))
    bench.flows["f"] = flow_of(operation, {"name": "A"})
    (forecast,) = look_ahead(bench)
    assert forecast.writes == ()
    assert "already has 'erp-9'" in forecast.problems[0]


def test_what_depends_on_a_record_that_is_not_there_yet_is_foreseen_too(bench: Bench) -> None:
    erp = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        customer = run.ensure("Customer", erp.operation("customer"), Thing(id="c", name="A"))
        run.ensure("Project", erp.operation("project"), Thing(id="p", name="P"), customer=customer)

    bench.flows["f"] = flow
    (forecast,) = look_ahead(bench)
    assert [write.target for write in forecast.writes] == ["customer", "project"]
    assert erp.ledger == []


def test_flows_that_would_be_woken_are_foreseen_with_what_the_first_one_stores(bench: Bench) -> None:
    erp = LedgerVendor()

    def first(run: Run, key: str, systems: Any) -> None:
        run.with_commit(lambda db: db.execute("insert into route values ('p', 'erp', 'new')"))
        run.wake("second", "p", run.author.engagement)

    def second(run: Run, key: str, systems: Any) -> None:
        (row,) = run.db.execute("select connection from route where record_id = 'p'").fetchall()
        run.ensure("Thing", erp.operation(), Thing(id="t", name=row["connection"]))
        run.wake("first", "k", run.author.engagement)

    bench.flows |= {"first": first, "second": second}
    forecasts = look_ahead(bench, Instance("first", "k", "eng_1"))
    assert [one.instance.flow for one in forecasts] == ["first", "second"]
    assert {one.field: one.new for one in forecasts[1].writes[0].changes}["name"] == "new"
    assert bench.rows("select * from route") == []
    assert len(look_ahead(bench, Instance("first", "k", "eng_1"), most=1)) == 1


def test_an_approval_that_would_be_asked_is_not_asked(bench: Bench) -> None:
    def flow(run: Run, key: str, systems: Any) -> None:
        run.approval("Terms", {"rate": "1"}, unless=False, why="unusual")

    bench.flows["f"] = flow
    (forecast,) = look_ahead(bench)
    assert (forecast.state, forecast.problems) == ("waiting", ("Terms: unusual",))
    assert bench.rows("select id from approval") == []


def test_what_would_be_withdrawn_is_foreseen_and_stays_open(bench: Bench) -> None:
    closed: list[str] = []
    operation = LedgerVendor().operation(withdraw=closed.append)

    def flow(run: Run, key: str, systems: Any) -> None:
        run.withdraw("Thing in ERP", operation, ["thg_1"])

    bench.flows |= {"f": flow_of(operation, {"name": "A"}), "g": flow}
    bench.look("f")
    (forecast,) = look_ahead(bench, Instance("g", "k", "eng_1"))
    assert [(write.what, write.external_id) for write in forecast.writes] == [("withdraw", "erp-1")]
    assert closed == []


def test_a_bug_of_ours_and_a_busy_row_are_told_and_leave_the_rest_to_be_foreseen(bench: Bench) -> None:
    def broken(run: Run, key: str, systems: Any) -> None:
        raise ZeroDivisionError

    def stuck(run: Run, key: str, systems: Any) -> None:
        run.db.execute("select from agenda where flow = 'f' for update")

    bench.flows |= {"broken": broken, "stuck": stuck, "f": flow_of(LedgerVendor().operation(), {"name": "A"})}
    bench.look("f")
    with bench.database.transaction() as other:
        other.execute("select from agenda where flow = 'f' for update")
        forecasts = look_ahead(bench, *(Instance(flow, "k", "eng_1") for flow in ("broken", "stuck", "f")))
    assert forecasts[0].problems == ("Tieline itself would fail in broken: ZeroDivisionError",)
    assert "worked on just now" in str(forecasts[1].note)
    assert forecasts[2].unchanged == 1


class Plan(Record):
    """A part of a record, with a cost."""

    cost: Annotated[Decimal | None, Owned("tieline", "C3")] = None


class Costly(Record):
    """A record with a cost."""

    name: str
    plan: Plan
    cost: Annotated[Decimal, Owned("tieline", "C3")]


def test_costs_and_what_follows_from_them_are_not_shown(bench: Bench) -> None:
    vendor, cost = LedgerVendor(), [Decimal(95)]

    def render(record: Costly, links: Any) -> dict[str, Any]:
        return {
            "ref": record.id,
            "title": record.name,
            "pay": str(record.cost),
            "margin": {"rate": str(300 - record.cost)},
            "estimate": str(record.plan.cost),
        }

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure(
            "Cost",
            operation,
            Costly(id="c", name=f"Cost {cost[0] > 95}", cost=cost[0], plan=Plan(id="p", cost=cost[0])),
        )

    operation = Operation(
        connection="erp", system="ERP", target="cost", render=render, create=vendor.operation().create,
        update=vendor.operation().update,
    )  # fmt: skip
    bench.flows["f"] = flow
    bench.look("f")
    cost[0] = Decimal(120)
    (write,) = look_ahead(bench)[0].writes
    assert [(one.field, one.old, one.new) for one in write.changes] == [
        ("title", "Cost False", "Cost True"),
        ("pay", HIDDEN, HIDDEN),
        ("margin.rate", HIDDEN, HIDDEN),
        ("estimate", HIDDEN, HIDDEN),
    ]


def test_without_memory_of_what_was_confirmed_the_vendor_is_asked_or_it_is_said(bench: Bench) -> None:
    vendor, content = LedgerVendor(), {"name": "A"}
    bench.flows["f"] = flow_of(vendor.operation(), content)
    bench.look("f")
    bench.rows("update effect set confirmed_content = null returning id")
    content["name"] = "B"
    assert look_ahead(bench)[0].writes[0].known is False
    bench.flows["f"] = flow_of(vendor.operation(read_back=lambda external_id: vendor.objects[external_id]), content)
    (write,) = look_ahead(bench)[0].writes
    assert [(one.field, one.old, one.new) for one in write.changes] == [("name", "A", "B")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"a": 1}, [("a", None, 1)]),
        ({"a": 1}, {}, [("a", 1, None)]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3, 4]}}, [("a.b 2", 2, 3), ("a.b 3", None, 4)]),
        ({"a": {}}, {"a": {}}, []),
        ({"a": Decimal("1.0")}, {"a": Decimal("1.00")}, []),
    ],
)
def test_differences_name_each_leaf(old: dict[str, Any], new: dict[str, Any], expected: list[Any]) -> None:
    assert differences(old, new) == expected
