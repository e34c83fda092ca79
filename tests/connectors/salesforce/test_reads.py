"""Reading deals and customers: complete, fresh, and in the firm's words."""

from datetime import date
from decimal import Decimal

import pytest

from tests.connectors.salesforce.org import Connecting, Org
from tests.connectors.salesforce.scripted import Scripted
from tieline.connectors.salesforce.bulk_query import bulk_column
from tieline.connectors.salesforce.crm import SalesforceCrm
from tieline.model.ids import born_outside
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.roles import Crm

TERMS = {
    "Legal_Entity__c": "US",
    "Service_Line__c": "Technology",
    "Contract_Type__c": "SOW",
    "Billing_Method__c": "time_and_materials",
    "Payment_Terms__c": "NET30",
    "Tax_Treatment__c": "standard",
    "PO_Number__c": "PO-4711",
    "Start_Date__c": "2027-01-11",
    "End_Date__c": "2027-06-30",
    "Region__c": "Americas",
    "Parent_Engagement__c": "eng_0",
}


def test_a_won_deal_is_read_with_all_its_terms(org: Org, crm: Crm) -> None:
    buyer = org.customer()
    deal = org.won(AccountId=buyer, Amount=Decimal("125000.5"), CurrencyIsoCode="EUR", **TERMS)

    read = crm.read_opportunity(deal)

    assert read.id == born_outside(org.account, "opportunity", deal)
    assert read.customer_id == born_outside(org.account, "customer", buyer)
    assert (read.customer_ref, read.stage, read.is_committed, read.is_lost) == (buyer, "Closed Won", True, False)
    assert (read.amount, read.currency, read.probability) == (Decimal("125000.5"), "EUR", Decimal(1))
    assert (read.close_date, read.start_date) == (date(2026, 12, 15), date(2027, 1, 11))
    assert (read.billing_method, read.payment_terms, read.po_number) == ("time_and_materials", "NET30", "PO-4711")
    assert (read.legal_entity, read.region, read.parent_engagement) == ("US", "Americas", "eng_0")
    assert "@" in str(read.sales_owner)


def test_lines_carry_role_hours_price_and_milestone(org: Org, crm: Crm) -> None:
    deal = org.won()
    org.line(deal, price=Decimal("210.5"), Quantity=120, Workstream__c="Build", Role__c="Senior Consultant")
    org.line(
        deal, product="ADV-DISCOVERY", price=15000, Quantity=1, Due_Date__c="2027-03-31", Delivering_Entity__c="DE"
    )

    build, milestone = crm.read_opportunity(deal).lines

    assert (build.role, build.workstream, build.quantity) == ("Senior Consultant", "Build", Decimal(120))
    assert (build.product_code, build.amount) == ("IMP-BUILD", Decimal(25260))
    assert (milestone.role, milestone.due_on, milestone.delivering_entity) == (None, date(2027, 3, 31), "DE")


def test_a_deal_with_more_lines_than_two_pages_is_read_whole(org: Org, crm: Crm) -> None:
    deal = org.won()
    org.customize(settings={"query_page": 200})
    first = org.line(deal)
    entry = org.rows(f"SELECT PricebookEntryId FROM OpportunityLineItem WHERE Id = '{first}'")[0]["PricebookEntryId"]
    record = {"attributes": {"type": "OpportunityLineItem"}, "OpportunityId": deal, "PricebookEntryId": entry}
    for part in range(3):
        rows = [record | {"Quantity": part * 150 + place + 1, "UnitPrice": 10} for place in range(150)]
        org.call("POST", "composite/sobjects", {"allOrNone": True, "records": rows})

    lines = crm.read_opportunity(deal).lines

    assert len({line.id for line in lines}) == 451


def test_an_edited_line_makes_a_newer_version_of_the_deal(org: Org, crm: Crm) -> None:
    deal = org.won()
    line = org.line(deal)
    before = crm.read_opportunity(deal)
    org.later(60)
    org.change("OpportunityLineItem", line, Role__c="Consultant")
    after = crm.read_opportunity(deal)
    assert after.lines[0].role == "Consultant"
    assert after.source_version > before.source_version


def test_a_removed_line_is_gone_although_the_recycle_bin_holds_it(org: Org, crm: Crm) -> None:
    deal = org.won()
    kept, removed = org.line(deal), org.line(deal, product="MS-RUN")
    org.delete("OpportunityLineItem", removed)
    assert [line.id for line in crm.read_opportunity(deal).lines] == [
        born_outside(org.account, "opportunity_line", kept)
    ]


@pytest.mark.parametrize(("total", "accepted"), [("900", False), ("1000.01", True), ("null", True)])
def test_a_line_discount_the_price_does_not_show_is_refused(
    script: Scripted, scripted: Connected, total: str, accepted: bool
) -> None:
    stamp = '"SystemModstamp":"2026-05-01T07:25:37.000+0000"'
    line = f'{{"Id":"00kA","Quantity":10,"UnitPrice":100,"TotalPrice":{total},{stamp}}}'
    lines = f'"OpportunityLineItems":{{"done":true,"records":[{line}]}}'
    deal = (
        f'{{"Id":"006dM00003kRs59QAC","Name":"Deal","StageName":"Closed Won","CurrencyIsoCode":"USD",{stamp},{lines}}}'
    )
    script.say(f'{{"done":true,"records":[{deal}]}}'.encode())
    assert scripted.crm is not None
    if accepted:
        assert scripted.crm.read_opportunity("006dM00003kRs59QAC").lines[0].amount == 1000
        return
    with pytest.raises(Rejected, match=r"'Deal'.*discount") as refused:
        scripted.crm.read_opportunity("006dM00003kRs59QAC")
    assert refused.value.owner == "sales"


def test_a_lost_deal_is_lost_and_an_open_one_neither(org: Org, crm: Crm) -> None:
    lost, open_deal = crm.read_opportunity(org.deal(StageName="Closed Lost")), crm.read_opportunity(org.deal())
    assert (lost.is_lost, lost.is_committed) == (True, False)
    assert (open_deal.is_lost, open_deal.is_committed) == (False, False)


def test_a_deleted_deal_is_read_as_deleted(org: Org, crm: Crm) -> None:
    deal = org.won()
    org.delete("Opportunity", deal)
    assert crm.read_opportunity(deal).is_deleted


def test_a_deal_that_never_existed_is_refused(crm: Crm) -> None:
    with pytest.raises(Rejected, match="does not exist"):
        crm.read_opportunity("006dM00003kRs59QAC")


def test_a_site_may_commit_at_an_earlier_stage(org: Org, connecting: Connecting) -> None:
    early = connecting(committed_stages=["Negotiation/Review", "Closed Won"]).crm
    assert early is not None
    deal = org.deal(StageName="Negotiation/Review")
    assert early.read_opportunity(deal).is_committed
    assert deal in set(early.list_opportunity_refs())


def test_a_site_may_commit_by_a_checkbox(org: Org, connecting: Connecting) -> None:
    org.customize(fields=[{"object": "Opportunity", "name": "Signed__c", "type": "boolean", "label": "Signed"}])
    signing = connecting(committed_field="Signed__c").crm
    assert signing is not None
    signed, won = org.deal(Signed__c=True), org.won()
    assert signing.read_opportunity(signed).is_committed
    assert not signing.read_opportunity(won).is_committed
    assert set(signing.list_opportunity_refs()) == {signed}


def test_an_organisation_with_one_currency_is_read_in_it(org: Org, connecting: Connecting) -> None:
    org.customize(settings={"multi_currency": False})
    single = connecting(currency="GBP").crm
    assert single is not None
    deal = org.won(AccountId=org.customer())
    read = single.read_opportunity(deal)
    assert read.currency == "GBP"
    assert single.read_customer(str(read.customer_ref)).currency == "GBP"


def test_a_customer_is_read_with_address_and_contacts(org: Org, crm: Crm) -> None:
    parent = org.customer("Bluepeak Holding")
    buyer = org.customer(
        "O'Brien & Söhne 🚀",
        ParentId=parent,
        BillingStreet="1 Main St",
        BillingCity="Austin",
        BillingState="TX",
        BillingPostalCode="78701",
        BillingCountry="United States",
        CurrencyIsoCode="USD",
        Legal_Entity__c="US",
        Tax_Nexus__c="US-TX",
        Tax_Id__c="12-3456789",
        Payment_Terms__c="NET60",
        Invoice_Email__c="ap@bluepeak.example",
    )
    org.create("Contact", AccountId=buyer, LastName="Brien", FirstName="Ada", Email="ada@bluepeak.example", Title="CFO")

    read = crm.read_customer(buyer)

    assert (read.name, read.parent_id) == ("O'Brien & Söhne 🚀", born_outside(org.account, "customer", parent))
    assert (read.billing_address.country, read.billing_address.region) == ("US", "TX")
    assert (read.tax_nexus, read.payment_terms, read.email) == ("US-TX", "NET60", "ap@bluepeak.example")
    assert [(contact.last_name, contact.customer_id) for contact in read.contacts] == [("Brien", read.id)]


def test_an_unknown_country_names_the_customer_and_the_field(org: Org, crm: Crm) -> None:
    buyer = org.customer("Atlantis Trading", BillingCountry="Atlantis")
    with pytest.raises(Rejected, match=r"Atlantis Trading.*country") as refused:
        crm.read_customer(buyer)
    assert (refused.value.kind, refused.value.field) == ("mapping", "billing_address.country")


def test_a_merged_customer_is_read_as_its_master(org: Org, crm: Crm) -> None:
    master, twin = org.customer("Orchard Retail Group plc"), org.customer("Orchard Retail")
    merge(org, master, twin)
    read = crm.read_customer(twin)
    assert (read.id, read.name) == (born_outside(org.account, "customer", master), "Orchard Retail Group plc")


def test_a_deleted_customer_is_refused_by_name(org: Org, crm: Crm) -> None:
    buyer = org.customer("Gone Ltd")
    org.delete("Account", buyer)
    with pytest.raises(Rejected, match="'Gone Ltd' was deleted"):
        crm.read_customer(buyer)


def merge(org: Org, master: str, twin: str) -> None:
    """What a salesperson does in the merge wizard."""
    org.control("POST", "salesforce/merge", {"master": master, "merged": [twin]})


def test_the_id_set_holds_committed_deals_over_more_than_two_pages(org: Org, crm: Crm) -> None:
    won = many(org, 450, StageName="Closed Won")
    many(org, 5, StageName="Closed Lost")
    org.customize(settings={"query_page": 200})
    assert set(crm.list_opportunity_refs()) == won


def test_the_bulk_api_is_read_over_more_than_two_pages(org: Org, connected: Connected) -> None:
    won = many(org, 450, StageName="Closed Won")
    assert isinstance(connected.crm, SalesforceCrm)
    salesforce = connected.crm.opportunities.salesforce
    found = list(bulk_column(salesforce, "SELECT Id FROM Opportunity WHERE IsWon = true", rows_a_page=200))
    assert len(found) == 450
    assert set(found) == won
    assert org.requests()["jobs.query.results"] == 3


def test_a_bulk_job_that_fails_says_why(script: Scripted, scripted: Connected) -> None:
    script.say(b'{"id":"750R0000000zlh9IAA","state":"Failed","errorMessage":"InvalidBatch : no such column"}')
    assert isinstance(scripted.crm, SalesforceCrm)
    with pytest.raises(Rejected, match="no such column"):
        list(bulk_column(scripted.crm.opportunities.salesforce, "SELECT Id FROM Opportunity"))
    assert script.paths[-1].startswith("DELETE ")


def test_the_bulk_api_gives_the_same_id_set(org: Org, connecting: Connecting) -> None:
    won = many(org, 450, StageName="Closed Won")
    bulk = connecting(bulk_refs=True).crm
    assert bulk is not None
    assert set(bulk.list_opportunity_refs()) == won
    assert any("job" in name or "bulk" in name for name in org.requests())


def many(org: Org, count: int, **fields: object) -> set[str]:
    """Many opportunities, by collections of 200."""
    record = {"attributes": {"type": "Opportunity"}, "CloseDate": "2026-12-15"}
    made: set[str] = set()
    for start in range(0, count, 200):
        rows = [record | {"Name": f"Deal {place}"} | fields for place in range(start, min(start + 200, count))]
        answers = org.call("POST", "composite/sobjects", {"allOrNone": True, "records": rows})
        made |= {answer["id"] for answer in answers}
    return made
