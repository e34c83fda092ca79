"""Unclear writes of every operation through the real engine: never two records, and never an older state in the end."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.connectors.contract.cases import ONE_EACH, UNCLEAR, Case
from tests.connectors.contract.subject import Effect, Sample, Subject, operation_of
from tests.engine.conftest import Bench
from tieline.engine.link import Link
from tieline.engine.run import Run
from tieline.model.record import Record
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation, WriteSafety

each_operation = pytest.mark.parametrize("case", UNCLEAR)
UNIQUE = {("salesforce", "create_opportunity")}
"""Looked up before they are created, and kept unique by the vendor besides."""
LATE = 100
"""Milliseconds after which a cut write is committed all the same."""
QUARANTINE = timedelta(milliseconds=400)
"""Longer than that; the shipped ones are minutes, since vendors work on a request for minutes."""


@pytest.fixture
def connector(case: Case) -> str:
    return case.connector


class Wanting:
    """A flow that wants one record in the vendor; `record` may change between its runs."""

    def __init__(self, bench: Bench, operation: Operation[Any], sample: Sample) -> None:
        self.record: Record = sample.record
        self._bench, self._operation = bench, operation
        self._links = {name: Link(name, "known", external_id) for name, external_id in sample.links.items()}
        bench.flows["contract"] = self._flow

    def look(self, reason: str = "event") -> str:
        """One run; how it ended."""
        return self._bench.look("contract", reason=reason)

    def effect(self) -> dict[str, Any]:
        """What the engine knows of the write."""
        return self._bench.effect(self._operation.target)

    def after_quarantine(self) -> None:
        """Wait until nothing sent before may land any more, by the database's clock."""
        over = "select coalesce(quarantine_until, '-infinity') < clock_timestamp() as over from effect"
        until(lambda: bool(self._bench.rows(over)[0]["over"]))

    def _flow(self, run: Run, key: str, systems: Any) -> None:
        run.ensure("Record", self._operation, self.record, **self._links)


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that happens in the vendor or the database."""
    give_up = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def wanting(bench: Bench, case: Case, connected: Connected, sample: Sample) -> Wanting:
    operation = replace(operation_of(connected, case.operation), quarantine=QUARANTINE)
    return Wanting(bench, operation, sample)


@each_operation
def test_a_write_whose_answer_was_lost_leaves_one_record(
    case: Case, subject: Subject, sample: Sample, wanting: Wanting
) -> None:
    before = subject.count(sample.kind)
    subject.disturb(sample.create, "lost_answer")
    assert wanting.look() == "retrying"
    assert wanting.effect()["state"] == "in_doubt"
    assert subject.count(sample.kind) == before + sample.adds
    assert wanting.look("timer") == "done"
    assert subject.count(sample.kind) == before + sample.adds
    shown = subject.look(sample.kind, wanting.effect()["external_id"])
    assert sample.shown(shown) == sample.values[0]


@each_operation
def test_a_write_that_lands_late_leaves_one_record(
    case: Case, subject: Subject, sample: Sample, wanting: Wanting
) -> None:
    before, sent = subject.count(sample.kind), len(subject.sent())
    subject.disturb(sample.create, "late", LATE)
    assert wanting.look() == "retrying"
    wanting.look("timer")
    until(lambda: len(subject.sent()) > sent and subject.count(sample.kind) == before + sample.adds)
    wanting.after_quarantine()
    assert wanting.look("timer") == "done"
    assert subject.count(sample.kind) == before + sample.adds


@each_operation
def test_an_older_change_that_lands_late_does_not_win(
    case: Case, subject: Subject, connected: Connected, sample: Sample, wanting: Wanting
) -> None:
    if sample.newer is None:
        assert operation_of(connected, case.operation).update is None
        return
    assert wanting.look() == "done"
    external_id = wanting.effect()["external_id"]
    wanting.record = sample.newer
    subject.disturb(sample.update, "late", LATE)
    assert wanting.look() == "retrying"
    wanting.record = sample.record
    assert wanting.look() == "retrying", "held back while the other write may still land"
    until(lambda: sample.shown(subject.look(sample.kind, external_id)) == sample.values[1])
    wanting.after_quarantine()
    assert wanting.look("timer") == "done"
    assert sample.shown(subject.look(sample.kind, external_id)) == sample.values[0]


@each_operation
def test_two_records_with_our_reference_are_an_exception_where_they_can_exist(
    case: Case, subject: Subject, connected: Connected, sample: Sample, wanting: Wanting, bench: Bench
) -> None:
    operation = operation_of(connected, case.operation)
    payload, before = operation.render(sample.record, sample.links), subject.count(sample.kind)
    operation.create(payload, "site/contract/target/x#1")
    if (case.connector, case.operation) in UNIQUE:
        with pytest.raises(Rejected, match="counts as the same"):
            operation.create(payload, "site/contract/target/x#2")
    else:
        operation.create(payload, "site/contract/target/x#2")
    if operation.creates is not WriteSafety.LOOKUP or (case.connector, case.operation) in UNIQUE:
        assert subject.count(sample.kind) == before + sample.adds, "the vendor itself keeps our reference unique"
        return
    assert subject.count(sample.kind) == before + 2
    sent = subject.sent()
    assert wanting.look() == "blocked"
    (item,) = bench.rows("select kind, message from exception_item where closed_at is null")
    assert item["kind"] == "duplicate"
    assert "more than one record with our reference" in item["message"]
    assert subject.sent() == sent


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.connector)
@pytest.mark.parametrize(
    ("effect", "wish", "seconds"),
    [("busy", "600", 600), ("busy", "in half an hour", 1800), ("broken", "1000000000", 3600)],
)
def test_what_the_vendor_wishes_in_retry_after_reaches_the_back_off(
    case: Case,
    subject: Subject,
    sample: Sample,
    wanting: Wanting,
    bench: Bench,
    effect: Effect,
    wish: str,
    seconds: int,
) -> None:
    if wish == "in half an hour":
        wish = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
    asked = datetime.now(UTC)
    subject.disturb(sample.create, effect, wish=wish)
    assert wanting.look() == "retrying"
    waits = wanting.effect()["retry_at"] - asked
    assert timedelta(seconds=seconds - 2) <= waits <= timedelta(seconds=seconds) + (datetime.now(UTC) - asked)
