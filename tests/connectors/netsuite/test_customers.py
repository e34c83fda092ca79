"""Customers in NetSuite: terms, addresses, entities, candidates made by hand, and odd names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Ledgers
from tieline.connectors.netsuite.client import NetSuite
from tieline.connectors.netsuite.customer import ADDRESS_LABEL
from tieline.model.customer import Address
from tieline.sdk.errors import Rejected
from tieline.sdk.roles import Erp


def test_a_customer_has_the_terms_currency_and_address_of_the_crm(ledgers: Ledgers, erp: Erp) -> None:
    stored = ledgers.read("customer", r.write(erp.ensure_customer, r.customer()))
    assert (stored["companyName"], stored["entityId"]) == ("Bluepeak Energy", "Bluepeak Energy US")
    assert stored["subsidiary"]["id"] == ledgers.ids["subsidiary"]["US"]
    assert stored["currency"]["refName"] == "US Dollar"
    assert stored["terms"]["refName"] == "Net 30"
    [line] = stored["addressBook"]["items"]
    assert line["defaultBilling"] is True
    assert line["addressBookAddress"]["addr1"] == "1 Grid Way"
    assert line["addressBookAddress"]["country"]["id"] == "US"


def test_one_customer_billed_by_two_entities_is_two_records(ledgers: Ledgers, erp: Erp) -> None:
    first = r.write(erp.ensure_customer, r.customer())
    second = r.write(erp.ensure_customer, r.customer(billed_by="DE", currency="EUR"))
    assert first != second
    assert ledgers.read("customer", second)["entityId"] == "Bluepeak Energy DE"


def test_a_number_finance_gave_a_customer_is_not_written_again(ledgers: Ledgers, erp: Erp) -> None:
    record_id = r.write(erp.ensure_customer, r.customer())
    ledgers.change("customer", record_id, entityId="C-1001")
    assert r.write(erp.ensure_customer, r.customer()) == record_id
    assert erp.ensure_customer.update is not None
    erp.ensure_customer.update(record_id, erp.ensure_customer.render(r.customer(), {}))
    assert ledgers.read("customer", record_id)["entityId"] == "C-1001"


def test_a_new_address_changes_our_line_and_leaves_those_of_finance(ledgers: Ledgers, erp: Erp) -> None:
    record_id = r.write(erp.ensure_customer, r.customer())
    theirs = {"label": "Warehouse", "addressBookAddress": {"addr1": "Dock 4", "country": {"id": "US"}}}
    ledgers.change("customer", record_id, addressBook={"items": [theirs]})
    moved = r.customer(billing_address=Address(street="2 Grid Way", city="Austin", country="US"))
    assert r.write(erp.ensure_customer, moved) == record_id
    lines = ledgers.read("customer", record_id)["addressBook"]["items"]
    assert sorted((line["label"], line["addressBookAddress"]["addr1"]) for line in lines) == [
        (ADDRESS_LABEL, "2 Grid Way"),
        ("Warehouse", "Dock 4"),
    ]


def test_a_customer_without_an_address_gets_no_address_line(ledgers: Ledgers, erp: Erp) -> None:
    record_id = r.write(erp.ensure_customer, r.customer(billing_address=Address()))
    assert ledgers.read("customer", record_id)["addressBook"]["items"] == []


def test_a_customer_finance_made_by_hand_is_a_candidate_and_can_be_adopted(ledgers: Ledgers, erp: Erp) -> None:
    subsidiary = {"id": ledgers.ids["subsidiary"]["US"]}
    other = {"id": ledgers.ids["subsidiary"]["DE"]}
    by_hand = ledgers.create("customer", companyName="Bluepeak Energy", subsidiary=subsidiary)
    ledgers.create("customer", companyName="Bluepeak Energy", entityId="BE", subsidiary=other)
    operation, payload = erp.ensure_customer, erp.ensure_customer.render(r.customer(), {})
    assert operation.candidates is not None
    assert [found.external_id for found in operation.candidates(payload)] == [by_hand]
    assert operation.update is not None
    operation.update(by_hand, payload)
    assert r.write(operation, r.customer()) == by_hand


def test_a_customer_of_another_name_with_the_same_tax_id_is_a_candidate(ledgers: Ledgers, erp: Erp) -> None:
    subsidiary = {"id": ledgers.ids["subsidiary"]["US"]}
    known = ledgers.create("customer", companyName="BPE Inc", subsidiary=subsidiary, vatRegNumber="US-99-1")
    assert erp.ensure_customer.candidates is not None
    found = erp.ensure_customer.candidates(erp.ensure_customer.render(r.customer(tax_id="US-99-1"), {}))
    assert [(one.external_id, one.label) for one in found] == [(known, "BPE Inc BPE Inc")]


@given(text=st.text(min_size=1).filter(lambda text: text.strip() and "\x00" not in text))
def test_a_name_never_becomes_part_of_a_query(text: str) -> None:
    sent: list[Any] = []

    class Recording:
        connection = "netsuite"

        def request(self, *args: Any, **request: Any) -> Any:
            sent.append(request["json"])
            raise Rejected("netsuite", "stop here")

    client = NetSuite(Recording())  # type: ignore[arg-type]
    with pytest.raises(Rejected):
        client.query("select id from customer where companyname = ?", (text,))
    assert sent == [{"q": "select id from customer where companyname = ?", "params": [text]}]


@pytest.mark.parametrize("name", ["O'Brien & Söhne", "'; drop table customer; --", "🚀 Rockets", "a?b\\'c", "100%_"])
def test_odd_names_are_looked_up_as_they_are(ledgers: Ledgers, erp: Erp, name: str) -> None:
    subsidiary = {"id": ledgers.ids["subsidiary"]["US"]}
    by_hand = ledgers.create("customer", companyName=name, subsidiary=subsidiary)
    assert erp.ensure_customer.candidates is not None
    found = erp.ensure_customer.candidates(erp.ensure_customer.render(r.customer(name=name), {}))
    assert [one.external_id for one in found] == [by_hand]
    assert r.write(erp.ensure_customer, r.customer(name=name)) != by_hand
