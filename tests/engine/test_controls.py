"""Modes off, shadow and live; pausing and resuming a connection, a flow or a legal entity."""

from dataclasses import replace
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.controls import Controls, Mode, ModeRule, pause, resume
from tieline.engine.flow import FlowEngine
from tieline.engine.run import EndState, Run
from tieline.engine.wake import wake_due
from tieline.sdk.errors import Unauthorized


def controlled(bench: Bench, *rules: ModeRule, default: Mode = "live") -> FlowEngine:
    """The bench's engine with rules, and with nothing remembered of earlier pauses."""
    bench.engine = replace(bench.engine, controls=Controls(rules, default))
    return bench.engine


def look(bench: Bench, *rules: ModeRule, default: Mode = "live") -> EndState:
    controlled(bench, *rules, default=default)
    return bench.look("f")


def steps(bench: Bench) -> list[str]:
    (run,) = bench.rows("select steps from run order by id desc limit 1")
    return [step["what"] for step in run["steps"]]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), "live"),
        ((ModeRule("shadow"),), "shadow"),
        ((ModeRule("shadow", flow="billing"),), "live"),
        ((ModeRule("shadow", connection="erp*"),), "shadow"),
        ((ModeRule("shadow", legal_entity="DE"),), "live"),
        ((ModeRule("shadow", legal_entity="US"),), "shadow"),
        ((ModeRule("shadow"), ModeRule("off", connection="erp_us")), "off"),
        ((ModeRule("off", connection="erp_us"), ModeRule("shadow")), "shadow"),
        ((ModeRule("off", flow="f", connection="erp_us", legal_entity="US"),), "off"),
        ((ModeRule("off", flow="f", connection="crm", legal_entity="US"),), "live"),
    ],
)
def test_the_last_rule_that_fits_decides(rules: tuple[ModeRule, ...], expected: Mode) -> None:
    assert Controls(rules).mode("f", "erp_us", "US") == expected


def test_a_rule_of_an_entity_says_nothing_about_records_without_one() -> None:
    assert Controls((ModeRule("shadow", legal_entity="US"),)).mode("f", "erp", None) == "live"
    assert Controls((ModeRule("shadow", legal_entity="*"),)).mode("f", "erp", None) == "shadow"


def test_off_sends_and_records_nothing_and_blocks_nothing(bench: Bench) -> None:
    erp, psa = LedgerVendor("erp"), LedgerVendor("psa")

    def flow(run: Run, key: str, systems: Any) -> None:
        booked = run.ensure("Thing in ERP", erp.operation(), Thing(id="t", name="A"))
        assert not booked.known
        run.ensure("Thing in PSA", psa.operation(), Thing(id="t", name="A"), booked=booked)
        run.note("went through", "yes")

    bench.flows["f"] = flow
    assert look(bench, ModeRule("off", connection="erp")) == "done"
    assert (erp.ledger, psa.creates()) == ([], 1)
    assert "booked" not in psa.objects["psa-1"]
    assert bench.rows("select connection from effect") == [{"connection": "psa"}]


def test_shadow_records_what_would_be_sent_and_sends_nothing(bench: Bench) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        parent = run.ensure("Parent", vendor.operation("parent"), Thing(id="p", name="O'Brien 🚀"))
        run.ensure("Child", vendor.operation("child"), Thing(id="c", name="C"), parent=parent)
        run.ensure_each("Tasks", vendor.operation("task"), [Thing(id=str(n), name=str(n)) for n in range(3)])

    bench.flows["f"] = flow
    assert look(bench, ModeRule("shadow")) == "done"
    assert vendor.ledger == []
    assert bench.rows("select id from effect") == []
    recorded = bench.rows("select target, label, content from shadow_effect order by target, subject")
    assert [(row["target"], row["label"]) for row in recorded] == [
        ("child", "Child"),
        ("parent", "Parent"),
        ("task", "Tasks"),
        ("task", "Tasks"),
        ("task", "Tasks"),
    ]
    assert recorded[0]["content"]["parent"] == "0"
    assert recorded[1]["content"]["name"] == "O'Brien 🚀"


def test_shadow_keeps_the_newest_content_and_going_live_sends_it_once(bench: Bench) -> None:
    vendor, content = LedgerVendor(), {"name": "A"}

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", **content))

    bench.flows["f"] = flow
    look(bench, ModeRule("shadow"))
    content["name"] = "B"
    look(bench, ModeRule("shadow"))
    assert [row["content"]["name"] for row in bench.rows("select content from shadow_effect")] == ["B"]
    assert look(bench) == "done"
    assert [payload["name"] for _, _, payload in vendor.ledger] == ["B"]


def test_a_made_up_id_never_reaches_a_live_system_and_counts_as_nothing_sent(bench: Bench) -> None:
    erp, crm, known = LedgerVendor("erp"), LedgerVendor("crm"), []

    def flow(run: Run, key: str, systems: Any) -> None:
        booked = run.ensure("Project in ERP", erp.operation(), Thing(id="t", name="A"))
        known.append(booked.known)
        run.ensure("Project shown in CRM", crm.operation(), Thing(id="t", name="A"), erp=booked)

    bench.flows["f"] = flow
    assert look(bench, ModeRule("shadow", connection="erp")) == "done"
    assert "erp" not in crm.objects["crm-1"]
    assert look(bench) == "done"
    assert crm.objects["crm-1"]["erp"] == "erp-1"
    assert known == [False, True], "what marks lines as invoiced asks this"


def test_entities_of_one_list_may_be_in_different_modes(bench: Bench) -> None:
    vendor = LedgerVendor()
    things = [Thing(id=entity, name="x", legal_entity=entity) for entity in ("US", "DE", "UK")]

    def flow(run: Run, key: str, systems: Any) -> None:
        links = run.ensure_each("Things", vendor.operation(), things)
        assert set(links) == {"US", "DE", "UK"}

    bench.flows["f"] = flow
    look(bench, ModeRule("shadow", legal_entity="DE"), ModeRule("off", legal_entity="UK"))
    assert [payload["id"] for _, _, payload in vendor.ledger] == ["US"]
    assert [row["subject"] for row in bench.rows("select subject from shadow_effect")] == ["DE"]


@pytest.mark.parametrize(("scope", "name"), [("connection", "erp"), ("flow", "f"), ("entity", "US")])
def test_what_is_paused_waits_with_its_reason_and_goes_on_when_it_is_resumed(
    bench: Bench, scope: str, name: str
) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A", legal_entity="US"))

    bench.flows["f"] = flow
    pause(bench.database, scope, name, "the auditors are here", "dana")
    assert look(bench) == "retrying"
    assert vendor.ledger == []
    assert bench.rows("select note from agenda") == [{"note": f"Thing in ERP: {name} is paused: the auditors are here"}]
    assert resume(bench.database, scope, name, "dana") is True
    assert resume(bench.database, scope, name, "dana") is False
    forgotten = (
        "update agenda a set due_at = clock_timestamp() from audit_event e where e.action = 'resume'"
        " and a.due_at > e.at + interval '1 second' returning a.key"
    )
    assert len(bench.rows(forgotten)) == 1, "no process that remembers the pause puts it off again"
    with bench.database.transaction() as db:
        assert wake_due(db) == 1
    assert controlled(bench).run("f", "k") == "done"
    assert vendor.creates() == 1
    audited = bench.rows(
        "select action, actor, object from audit_event where action in ('pause', 'resume') order by id"
    )
    assert [(row["action"], row["actor"]) for row in audited] == [("pause", "dana"), ("resume", "dana")]
    assert audited[0]["object"] == f"{scope}:{name}"


@pytest.mark.parametrize(("scope", "name"), [("connection", "crm"), ("flow", "g"), ("entity", "DE")])
def test_a_pause_of_something_else_stops_nothing(bench: Bench, scope: str, name: str) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A", legal_entity="US"))

    bench.flows["f"] = flow
    pause(bench.database, scope, name, "x", "dana")
    assert look(bench) == "done"


def test_a_pause_and_its_end_are_noticed_by_a_running_process(bench: Bench) -> None:
    vendor, clock = LedgerVendor(), Controls()
    bench.engine = replace(bench.engine, controls=clock)

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))

    bench.flows["f"] = flow
    bench.look("f")
    pause(bench.database, "connection", "erp", "x", "dana")
    clock._read_at -= 2.0  # two seconds pass for this process
    assert bench.look("f") == "retrying"


def test_refused_credentials_pause_the_connection_and_resuming_it_sends_at_once(bench: Bench) -> None:
    vendor, refused = LedgerVendor(), [True]

    def refuse() -> None:
        if refused[0]:
            raise Unauthorized("erp", "the certificate has expired")

    vendor.before_call = refuse

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))

    bench.flows["f"] = flow
    assert look(bench) == "blocked"
    assert bench.rows("select scope, name, paused_by from pause") == [
        {"scope": "connection", "name": "erp", "paused_by": "tieline"}
    ]
    (item,) = bench.rows("select kind, suggestion from exception_item where closed_at is null")
    assert item == {"kind": "auth", "suggestion": "Renew the secret, then run: tieline resume erp"}
    assert look(bench) == "retrying"
    refused[0] = False
    resume(bench.database, "connection", "erp", "dana")
    with bench.database.transaction() as db:
        wake_due(db)
    assert controlled(bench).run("f", "k") == "done", "nobody waits an hour for a mended secret"
    assert vendor.creates() == 1
    assert bench.rows("select id from exception_item where closed_at is null") == []


def test_a_secret_that_is_mended_while_a_run_waits_is_tried_soon(bench: Bench) -> None:
    vendor, refused = LedgerVendor(), [True]

    def refuse() -> None:
        if refused[0]:
            raise Unauthorized("erp", "the certificate has expired")

    vendor.before_call = refuse
    mended: list[bool] = []

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))
        if not refused[0] and not mended:  # it has found that it has to wait
            mended.append(resume(bench.database, "connection", "erp", "dana"))

    bench.flows["f"] = flow
    assert look(bench) == "blocked"
    refused[0] = False
    assert look(bench) == "retrying"
    assert mended == [True]
    bench.rows("update agenda set due_at = due_at - interval '10 seconds' returning key")
    with bench.database.transaction() as db:
        assert wake_due(db) == 1
    assert controlled(bench).run("f", "k") == "done"


def test_a_secret_that_is_mended_while_a_run_is_refused_needs_no_second_resume(bench: Bench) -> None:
    vendor, refused = LedgerVendor(), [True]

    def refuse() -> None:
        if refused[0]:
            pause(bench.database, "connection", "erp", "its credentials are refused", "tieline")  # by another worker
            assert resume(bench.database, "connection", "erp", "dana")
            raise Unauthorized("erp", "the certificate has expired")

    vendor.before_call = refuse

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))

    bench.flows["f"] = flow
    assert look(bench) == "blocked"
    assert bench.rows("select name from pause") == []
    refused[0] = False
    bench.rows("update agenda set due_at = due_at - interval '10 seconds' returning key")
    with bench.database.transaction() as db:
        assert wake_due(db) == 1
    assert controlled(bench).run("f", "k") == "done"


@pytest.mark.parametrize("what", ["off", "shadow", "paused"])
def test_nothing_is_withdrawn_where_nothing_may_be_sent(bench: Bench, what: str) -> None:
    vendor, dead = LedgerVendor(), [False]
    withdrawn: list[str] = []
    operation = replace(vendor.operation(), withdraw=withdrawn.append)

    def flow(run: Run, key: str, systems: Any) -> None:
        if dead[0]:
            run.withdraw("Thing in ERP", operation, ["t"])
        else:
            run.ensure("Thing in ERP", operation, Thing(id="t", name="A"))

    bench.flows["f"] = flow
    look(bench)
    dead[0] = True
    if what == "paused":
        pause(bench.database, "connection", "erp", "x", "dana")
        assert look(bench) == "retrying"
    else:
        assert look(bench, ModeRule("off" if what == "off" else "shadow")) == "done"
    assert withdrawn == []
    assert bench.effect()["state"] == "confirmed"
    bench.rows("delete from pause returning name")
    assert look(bench) == "done"
    assert withdrawn == ["erp-1"]
    assert steps(bench) == ["withdrawn"]
    assert look(bench) == "done"
    assert withdrawn == ["erp-1"], "once is enough"
