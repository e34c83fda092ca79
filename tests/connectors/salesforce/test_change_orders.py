"""Change orders in Salesforce: read with their lines, found by the sweep, and none where none are kept."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.connectors.salesforce.org import Connecting, Org
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.roles import Crm


def propose(org: Org, deal: str, **fields: object) -> str:
    """A change order of a deal with a line of its own."""
    base = {"Name": "CO-1", "Opportunity__c": deal, "Kind__c": "scope", "Status__c": "proposed"}
    order = org.create("Tieline_Change_Order__c", **base | fields)
    org.create("Tieline_Change_Order_Line__c", Name="1", Change_Order__c=order, Action__c="add", Role__c="Architect",
               Workstream__c="Design", Hours__c=40.5, Rate__c=250, Delivering_Entity__c="UK")  # fmt: skip
    return order


def test_an_order_is_read_with_who_when_what_and_its_lines(org: Org, crm: Crm) -> None:
    deal = org.won()
    propose(
        org,
        deal,
        Status__c="approved",
        Effective_From__c="2027-02-01",
        Reason__c="More design",
        Approved_By__c="cora@bluepeak.example",
        Approved_At__c="2027-01-20T09:00:00.000+0000",
        Document_URL__c="https://sign.example/co-1",
        End_Date__c="2027-12-31",
        Payment_Terms__c="NET60",
        PO_Number__c="PO-9",
        CurrencyIsoCode="USD",
    )
    (found,) = crm.read_change_orders(deal)
    assert (found.number, found.kind, found.status, found.reason) == ("CO-1", "scope", "approved", "More design")
    assert (found.effective_from, found.end_date) == (date(2027, 2, 1), date(2027, 12, 31))
    assert found.approved_at == datetime(2027, 1, 20, 9, tzinfo=UTC)
    assert (found.approved_by, found.document_url) == ("cora@bluepeak.example", "https://sign.example/co-1")
    assert (found.payment_terms, found.po_number, found.currency) == ("NET60", "PO-9", "USD")
    assert found.proposed_by is not None
    (line,) = found.lines
    assert (line.action, line.role, line.workstream, line.delivering_entity) == ("add", "Architect", "Design", "UK")
    assert (line.hours, line.rate, line.amount) == (Decimal("40.5"), Decimal(250), None)
    assert [order.id for order in crm.read_change_orders(deal)] == [found.id]


def test_only_the_orders_of_the_deal_are_read(org: Org, crm: Crm) -> None:
    deal, other = org.won(), org.won("Other")
    propose(org, deal)
    assert crm.read_change_orders(other) == []


def test_a_changed_order_or_line_brings_back_its_deal(org: Org, crm: Crm) -> None:
    deal = org.won()
    order = propose(org, deal)
    cursor = crm.list_changed_opportunities(None).cursor
    while (page := crm.list_changed_opportunities(cursor)).more:
        cursor = page.cursor
    org.later(3600)
    org.change("Tieline_Change_Order__c", order, Status__c="approved")
    assert deal in {one.external_id for one in crm.list_changed_opportunities(page.cursor).items}
    org.later(3600)
    (line,) = org.rows("SELECT Id FROM Tieline_Change_Order_Line__c")
    org.change("Tieline_Change_Order_Line__c", line["Id"], Hours__c=50)
    assert deal in {one.external_id for one in crm.list_changed_opportunities(page.cursor).items}


def test_an_organisation_that_keeps_none_is_asked_nothing(org: Org, connecting: Connecting) -> None:
    deal = org.won()
    propose(org, deal)
    connected = connecting(change_orders=False)
    assert connected.crm is not None
    before = org.requests().get("query", 0)
    assert connected.crm.read_change_orders(deal) == ()
    assert org.requests().get("query", 0) == before
    assert "change_order" not in connected.mappings


def test_an_order_that_cannot_be_translated_is_refused_with_its_name(org: Org, connected: Connected) -> None:
    deal = org.won()
    propose(org, deal, Kind__c=None)
    assert connected.crm is not None
    with pytest.raises(Rejected, match="Change order 'CO-1'"):
        connected.crm.read_change_orders(deal)
