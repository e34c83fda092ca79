"""Every connector folder is complete: the same files, all facts declared, mappings sound, quality rules answered."""

import re
from pathlib import Path

import pytest

from tests.connectors.contract.cases import CONNECTORS, FOLDERS, facts_of
from tests.connectors.contract.subject import Subject, operation_of, operations_of
from tieline.app.assembly import CONNECTORS as CONNECTED_BY_NAME
from tieline.mapping import ValueTables, check_mapping
from tieline.sdk.connected import Connected
from tieline.sdk.operation import WriteSafety

FILES = {"__init__.py", "connector.toml", "README.md", "settings.py", "client.py", "changes.py", "mappings"}
HEADINGS = ("What an administrator creates", "Settings", "Known limits")
RULES = (
    "ensure_twice_is_one",
    "unclear_write_is_resolved",
    "late_write_never_wins",
    "duplicates_are_exceptions",
    "refusals_in_plain_words",
    "owned_fields_never_written",
    "another_account_stops_writes",
    "token_renewed_once",
    "cursor_never_skips",
    "cursor_survives_restart",
    "deletes_are_seen",
    "bulk_reads",
    "bulk_writes",
    "update_conditions",
    "push_events",
)
FEEDS = {"crm": {"opportunities"}, "psa": {"projects", "time", "expenses"}, "erp": {"invoices", "costs"}}
ANSWER = re.compile(r"done(: .{10,})?|(todo|exempt): .{20,}")
MAPPINGS = sorted(FOLDERS.glob("*/mappings/*.toml"))

each_connector = pytest.mark.parametrize("connector", CONNECTORS)


def test_every_folder_is_a_connector_the_product_knows() -> None:
    folders = {path.parent.name for path in FOLDERS.glob("*/__init__.py")}
    assert set(CONNECTORS) == folders == set(CONNECTED_BY_NAME)


@each_connector
def test_a_folder_has_the_files_a_reader_looks_for(connector: str) -> None:
    there = {path.name for path in (FOLDERS / connector).iterdir()}
    assert there >= FILES | {f"{role}.py" for role in facts_of(connector).roles}


@each_connector
def test_the_facts_are_complete(connector: str) -> None:
    facts = facts_of(connector)
    assert facts.name == connector
    assert facts.system
    assert facts.api
    assert facts.auth
    assert facts.roles
    assert facts.permissions
    assert facts.feeds
    assert set(facts.calls.sweep) == {feed for role in facts.roles for feed in FEEDS[role]}
    assert facts.calls.engagement
    assert all(how.startswith(("push", "sweep")) for how in facts.feeds.values())
    for target, operation in facts.operation.items():
        assert operation.quarantine_seconds > 180, f"{target}: vendors work on a request for minutes"
        assert operation.note or operation.support == "supported", f"{target}: say what becomes of it"


@each_connector
def test_every_operation_has_its_facts_and_every_fact_its_operation(
    connector: str, subject: Subject, connected: Connected
) -> None:
    facts = facts_of(connector)
    operations = [operation_of(connected, name) for name in operations_of(subject.role)]
    targets = {operation.target for operation in operations} | ({"time"} if connected.erp is not None else set())
    assert targets == facts.operation.keys()
    for operation in operations:
        declared = facts.operation[operation.target]
        assert operation.support == declared.support
        if operation.support != "unsupported":
            safety = (operation.creates, operation.updates, operation.quarantine)
            assert safety == (declared.creates, declared.updates, declared.quarantine)
            assert operation.find is not None or operation.creates is not WriteSafety.LOOKUP
    if connected.erp is not None:
        declared, sink = facts.operation["time"], connected.erp.time
        assert (sink.safety, sink.quarantine) == (declared.creates, declared.quarantine)


@each_connector
def test_every_quality_rule_is_answered(connector: str) -> None:
    facts = facts_of(connector)
    assert tuple(facts.quality) == RULES
    for rule, answer in facts.quality.items():
        assert ANSWER.fullmatch(answer), f"{rule}: done, or todo or exempt with a reason"
    held = [operation for operation in facts.operation.values() if operation.support != "unsupported"]
    looked_up = any(operation.creates is WriteSafety.LOOKUP for operation in held)
    assert (facts.quality["duplicates_are_exceptions"] == "done") is looked_up


@each_connector
def test_the_readme_says_what_an_administrator_needs(connector: str) -> None:
    text = (FOLDERS / connector / "README.md").read_text("utf-8")
    assert facts_of(connector).system in text.splitlines()[0]
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert set(HEADINGS) <= set(headings)


@pytest.mark.parametrize("shipped", MAPPINGS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_every_shipped_mapping_is_sound(shipped: Path) -> None:
    values = shipped.parent.parent / "values"
    tables = ValueTables([values] if values.is_dir() else [])
    assert check_mapping(shipped, overrides=None, tables=tables) == []
