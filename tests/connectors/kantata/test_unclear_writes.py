"""Writes that broke off, limits and failures of the vendor, and references with any text."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.kantata.delivery import Delivery, ensure, project
from tieline.connectors.kantata.psa import KantataPsa
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.operation import Operation, WriteSafety
from tieline.sdk.roles import Psa


def test_a_write_that_was_committed_but_not_answered_is_found(psa: Psa, delivery: Delivery) -> None:
    operation = psa.ensure_project
    payload = operation.render(project(), {})
    delivery.fault("workspaces.create", "drop_after")
    with pytest.raises(Unclear):
        operation.create(payload, "key")
    assert operation.find is not None
    (found,) = operation.find(payload)
    assert ensure(operation, project()) == found.external_id
    assert len(delivery.list("workspaces")) == 1


def test_a_customer_group_that_broke_off_is_not_doubled(psa: Psa, delivery: Delivery) -> None:
    delivery.fault("workspace_groups.create", "drop_after")
    with pytest.raises(Unclear):
        ensure(psa.ensure_project, project())
    ensure(psa.ensure_project, project())
    assert len(delivery.list("workspace_groups")) == 1


def test_two_records_with_one_reference_are_both_found(psa: Psa) -> None:
    operation = psa.ensure_project
    payload = operation.render(project(), {})
    made = [operation.create(payload, "key").external_id for _ in range(2)]  # type: ignore[union-attr]
    assert operation.find is not None
    assert {found.external_id for found in operation.find(payload)} == set(made)


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_failing_write_is_unclear_and_a_failing_read_is_not(psa: Psa, delivery: Delivery, status: int) -> None:
    delivery.fault("workspaces.create", "status", status=status)
    with pytest.raises(Unclear):
        ensure(psa.ensure_project, project())
    delivery.fault("users.list", "status", status=status)
    with pytest.raises(Unavailable) as failed:
        psa.list_people()
    assert not isinstance(failed.value, Unclear)


def test_too_many_calls_are_tried_again_later(psa: Psa, delivery: Delivery) -> None:
    delivery.customize(settings={"rate_limits": {"workspaces.create": [1, 60]}})
    ensure(psa.ensure_project, project())
    with pytest.raises(Unavailable) as refused:
        ensure(psa.ensure_project, project(id="prj_2"))
    assert not isinstance(refused.value, Unclear)
    assert refused.value.retry_after is None


def test_the_quarantine_is_longer_than_a_request_lives(psa: Psa) -> None:
    operations: list[Operation[Any]] = [psa.ensure_project, psa.ensure_wbs_element, psa.ensure_milestone]
    operations += [psa.ensure_resource_request, psa.notify]
    assert all(operation.creates is WriteSafety.LOOKUP for operation in operations)
    assert all(operation.quarantine.total_seconds() > 180 for operation in operations)


def test_what_the_role_owns_is_never_sent(psa: Psa, delivery: Delivery) -> None:
    ensure(psa.ensure_project, project())
    sent = set().union(*(entry["body"].keys() for entry in delivery.committed("workspaces.*")))
    assert not sent & {"percentage_complete", "status", "status_key", "participant_ids", "lock_date", "stage"}


def test_a_missing_right_is_refused_without_pausing_the_connection(psa: Psa, delivery: Delivery) -> None:
    delivery.fault("workspaces.create", "status", status=403)
    with pytest.raises(Rejected) as refused:
        ensure(psa.ensure_project, project())
    assert (refused.value.kind, refused.value.owner) == ("auth", "integration")


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


def test_any_text_is_found_as_a_reference_and_finds_nothing_else(psa: KantataPsa, delivery: Delivery) -> None:
    references = psa.account.references
    delivery.create("workspace_groups", name="Other", external_reference=references.of("customer", "O'Brien, Inc. & 1"))

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(TEXT)
    def found(subject: str) -> None:
        reference = references.of("customer", subject)
        assert references.find("WorkspaceGroup", reference, "Group") == []
        made = delivery.create("workspace_groups", name="Group", external_reference=reference)
        (item,) = references.find("WorkspaceGroup", reference, "Group")
        assert item.external_id == made
        delivery.call("DELETE", f"workspace_groups/{made}")

    found()
