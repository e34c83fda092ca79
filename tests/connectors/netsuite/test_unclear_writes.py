"""Writes that break: what certainly did not happen, what may have happened, and how one record is left in the end."""

from typing import Any

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Ledgers
from tests.connectors.netsuite.test_records import ALL, cases, links_for
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.operation import WriteSafety
from tieline.sdk.roles import Erp


@pytest.mark.parametrize("name", ALL)
def test_a_write_over_the_concurrency_limit_did_not_happen(ledgers: Ledgers, erp: Erp, name: str) -> None:
    operation, record, _, record_type = cases(erp)[name]
    links, before = links_for(erp, name), ledgers.count(record_type)
    ledgers.fault(f"{record_type}.upsert", "status", status=429)
    with pytest.raises(Unavailable, match="too many requests at once") as caught:
        r.write(operation, record, **links)
    assert not isinstance(caught.value, Unclear)
    assert ledgers.count(record_type) == before


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("effect", [{"effect": "status", "status": 500}, {"effect": "drop_before"}])
def test_a_write_that_broke_is_unclear_and_can_be_sent_again(
    ledgers: Ledgers, erp: Erp, name: str, effect: dict[str, Any]
) -> None:
    operation, record, _, record_type = cases(erp)[name]
    links, before = links_for(erp, name), ledgers.count(record_type)
    ledgers.fault(f"{record_type}.upsert", **effect)
    with pytest.raises(Unclear):
        r.write(operation, record, **links)
    assert operation.creates == WriteSafety.UPSERT
    r.write(operation, record, **links)
    assert ledgers.count(record_type) == before + 1


@pytest.mark.parametrize("name", ALL)
def test_a_record_whose_answer_was_lost_is_found_and_sending_again_leaves_one(
    ledgers: Ledgers, erp: Erp, name: str
) -> None:
    operation, record, _, record_type = cases(erp)[name]
    links, before = links_for(erp, name), ledgers.count(record_type)
    ledgers.fault(f"{record_type}.upsert", "drop_after")
    with pytest.raises(Unclear):
        r.write(operation, record, **links)
    assert operation.find is not None
    [found] = operation.find(operation.render(record, links))
    assert r.write(operation, record, **links) == found.external_id
    assert ledgers.count(record_type) == before + 1


def test_a_late_commit_of_an_older_try_leaves_one_record(ledgers: Ledgers, erp: Erp) -> None:
    ledgers.fault("customer.upsert", "late_commit", ms=20)
    with pytest.raises(Unclear):
        r.write(erp.ensure_customer, r.customer())
    first = r.write(erp.ensure_customer, r.customer())
    assert r.write(erp.ensure_customer, r.customer()) == first
    assert ledgers.id_of("customer", r.customer().subject) == first


def test_a_broken_update_is_unclear(ledgers: Ledgers, erp: Erp) -> None:
    record_id = r.write(erp.ensure_customer, r.customer())
    ledgers.fault("customer.update", "drop_after")
    assert erp.ensure_customer.update is not None
    with pytest.raises(Unclear):
        erp.ensure_customer.update(record_id, erp.ensure_customer.render(r.customer(name="Bluepeak"), {}))
    assert ledgers.read("customer", record_id)["companyName"] == "Bluepeak"


def test_a_missing_value_names_the_record_and_the_field(ledgers: Ledgers, erp: Erp) -> None:
    ledgers.set(required={"customer": ["subsidiary", "category"]})
    with pytest.raises(Rejected) as caught:
        r.write(erp.ensure_customer, r.customer())
    assert (caught.value.kind, caught.value.field, caught.value.owner) == ("missing_field", "Category", "finance")
    assert caught.value.message.startswith("Customer 'Bluepeak Energy': NetSuite wants a value for Category")


def test_a_reference_netsuite_does_not_know_is_master_data(erp: Erp) -> None:
    with pytest.raises(Rejected) as caught:
        r.write(erp.ensure_project, r.project(), customer="424242")
    assert (caught.value.kind, caught.value.field, caught.value.key) == ("master_data", "parent", "424242")


def test_a_project_number_taken_by_another_is_a_duplicate(erp: Erp) -> None:
    links = r.booked(erp)
    with pytest.raises(Rejected) as caught:
        r.write(erp.ensure_project, r.project(id="prj_2"), customer=links["customer"])
    assert (caught.value.kind, caught.value.owner) == ("duplicate", "finance")
    assert "Project 'BLU-001'" in caught.value.message


def test_a_customer_with_transactions_keeps_its_currency(ledgers: Ledgers, erp: Erp) -> None:
    links = r.booked(erp)
    r.write(erp.ensure_contract, r.contract(), **links)
    assert erp.ensure_customer.update is not None
    payload = erp.ensure_customer.render(r.customer(currency="EUR"), {})
    with pytest.raises(Rejected, match="cannot change the currency") as caught:
        erp.ensure_customer.update(links["customer"], payload)
    assert caught.value.kind == "business_rule"


def test_a_missing_right_pauses_the_connection_and_names_the_permission(ledgers: Ledgers, erp: Erp) -> None:
    ledgers.control("POST", "customize", {"permissions": {"salesOrder": "view"}})
    links = r.booked(erp)
    with pytest.raises(Unauthorized, match="salesOrder"):
        r.write(erp.ensure_contract, r.contract(), **links)
