"""The contract of every operation of every connector: one record, three errors in plain words, nothing others own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.contract.cases import ALL, CASES, KEPT_IN_TIELINE, ONE_EACH, Case, facts_of
from tests.connectors.contract.subject import Sample, Subject, operation_of
from tieline.model.record import Record
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.lines import ErpLine
from tieline.sdk.operation import Links, Operation, WriteSafety, Written

each_operation = pytest.mark.parametrize("case", CASES, ids=str)
KEY = "site/contract/target/x#1"
LINE = ErpLine(
    reference="kantata:time:1:0",
    project="1",
    task=None,
    person="1",
    item=None,
    work_date=date(2026, 3, 4),
    minutes=Decimal(60),
    legal_entity="US",
    cost_rate=None,
    note=None,
)


@pytest.fixture
def connector(case: Case) -> str:
    return case.connector


def ensure(operation: Operation[Any], record: Record, links: Links) -> str:
    """Write as the engine does when it knows nothing of the record."""
    payload = operation.render(record, links)
    found = operation.find(payload) if operation.find and operation.creates is WriteSafety.LOOKUP else ()
    if found:
        return (
            found[0].external_id if operation.update is None else _id(operation.update(found[0].external_id, payload))
        )
    return _id(operation.create(payload, KEY))


def _id(answer: object) -> str:
    assert isinstance(answer, Written)
    return answer.external_id


def test_the_suite_knows_every_operation() -> None:
    assert len(ALL) == 35
    assert {case.operation for case in KEPT_IN_TIELINE} == {
        "ensure_billing_schedule",
        "ensure_cost_forecast",
        "ensure_labor_terms",
    }


@each_operation
def test_ensuring_twice_leaves_one_record(
    case: Case, subject: Subject, operation: Operation[Any], sample: Sample
) -> None:
    before = subject.count(sample.kind)
    first = ensure(operation, sample.record, sample.links)
    assert ensure(operation, sample.record, sample.links) == first
    assert subject.count(sample.kind) == before + sample.adds
    assert sample.shown(subject.look(sample.kind, first)) == sample.values[0]
    if sample.newer is None:
        assert operation.update is None
        return
    assert ensure(operation, sample.newer, sample.links) == first
    assert subject.count(sample.kind) == before + sample.adds
    assert sample.shown(subject.look(sample.kind, first)) == sample.values[1]


@each_operation
def test_a_refusal_is_rejected_in_plain_words(
    case: Case, subject: Subject, operation: Operation[Any], sample: Sample
) -> None:
    record, links = sample.refused
    before = subject.count(sample.kind)
    with pytest.raises(Rejected, match=sample.reason) as refused:
        operation.create(operation.render(record, links), KEY)
    assert refused.value.system == operation.connection
    assert refused.value.owner in ("finance", "delivery", "sales", "resource", "integration")
    message = refused.value.message
    assert message[0].isupper()
    assert " " in message
    assert not set("{}[]<>") & set(message), "vendor markup reached a person"
    assert subject.count(sample.kind) == before


@each_operation
def test_a_busy_vendor_did_nothing_and_a_broken_one_leaves_it_unclear(
    case: Case, subject: Subject, operation: Operation[Any], sample: Sample
) -> None:
    payload, before = operation.render(sample.record, sample.links), subject.count(sample.kind)
    subject.disturb(sample.create, "busy")
    with pytest.raises(Unavailable) as busy:
        operation.create(payload, KEY)
    assert not isinstance(busy.value, Unclear)
    for effect in ("broken", "lost_request"):
        subject.disturb(sample.create, effect)
        with pytest.raises(Unclear):
            operation.create(payload, KEY)
    assert subject.count(sample.kind) == before
    ensure(operation, sample.record, sample.links)
    assert subject.count(sample.kind) == before + sample.adds


@each_operation
def test_a_field_the_vendor_owns_is_never_sent(
    case: Case, subject: Subject, operation: Operation[Any], sample: Sample
) -> None:
    path, value = sample.owned
    if not path:
        assert operation.update is None, "only what is made once and never changed may have no field to hand over"
        return
    begin = len(subject.sent())
    external_id = ensure(operation, sample.record, sample.links)
    assert any(value in body for body in subject.sent()[begin:]), "the field is sent as long as it is ours"
    connection = subject.connect(owners={path: subject.role})
    handed_over = operation_of(connection, case.operation)
    payload = handed_over.render(sample.newer, sample.links)
    begin = len(subject.sent())
    assert handed_over.update is not None
    handed_over.update(external_id, payload)
    sent = subject.sent()[begin:]
    connection.close()
    assert sent, "the update wrote nothing"
    assert not any(value in body for body in sent)


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.connector)
def test_another_account_than_the_pinned_one_stops_all_writes(
    case: Case, subject: Subject, connected: Connected
) -> None:
    writes = []
    for one in CASES:
        if one.connector == case.connector:
            sample, operation = subject.sample(connected, one.operation), operation_of(connected, one.operation)
            external_id = ensure(operation, sample.record, sample.links)
            writes.append((one, external_id, operation.render(sample.newer or sample.record, sample.links)))
    before = subject.sent()
    elsewhere = subject.connect(account=subject.another_account)
    for one, external_id, payload in writes:
        stopped = operation_of(elsewhere, one.operation)
        with pytest.raises(Unauthorized):
            stopped.create(payload, KEY)
        if stopped.update is not None:
            with pytest.raises(Unauthorized):
                stopped.update(external_id, payload)
    if elsewhere.erp is not None:
        with pytest.raises(Unauthorized):
            elsewhere.erp.time.post([LINE], KEY)
    elsewhere.close()
    assert subject.sent() == before


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.connector)
def test_an_expired_token_is_renewed_once_for_eight_threads(
    case: Case, subject: Subject, connected: Connected, operation: Operation[Any], sample: Sample
) -> None:
    rule = facts_of(case.connector).quality["token_renewed_once"]
    if rule != "done":
        assert rule.startswith("exempt: ")
        assert len(rule) > 30, "an exemption says why"
        return
    connected.account()  # signs in, where nothing else did
    begin, before = subject.sign_ins(), subject.count(sample.kind)
    subject.disturb(sample.create, "expired")
    ensure(operation, sample.record, sample.links)
    payload = operation.render(sample.record, sample.links)
    find = operation.find
    assert find is not None
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(find, [payload] * 8))
    assert all(len(each) == 1 for each in found)
    assert subject.sign_ins() == begin + 1
    assert subject.count(sample.kind) == before + sample.adds


@pytest.mark.parametrize("case", KEPT_IN_TIELINE, ids=str)
def test_what_the_vendor_cannot_hold_is_declared_with_its_reason(case: Case, connected: Connected) -> None:
    operation = operation_of(connected, case.operation)
    facts = facts_of(case.connector).operation[operation.target]
    assert operation.support == facts.support == "unsupported"
    assert facts.note
