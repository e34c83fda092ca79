"""What Salesforce works out by itself around deals, prices, quotes, contracts and orders."""

from typing import Any

import pytest

from tests.standins_salesforce.conftest import Caller

DEAL = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-31"}


def entry(sf: Caller, code: str = "IMP-BUILD", currency: str = "USD") -> dict[str, Any]:
    soql = (
        f"SELECT Id, Pricebook2Id FROM PricebookEntry WHERE ProductCode = '{code}' AND CurrencyIsoCode = '{currency}'"
    )
    found: dict[str, Any] = sf.query(soql)["records"][0]
    return found


def deal_with_book(sf: Caller, **more: Any) -> str:
    return sf.create("Opportunity", **DEAL, Pricebook2Id=entry(sf)["Pricebook2Id"], **more)


def test_the_stage_decides_whether_a_deal_is_closed_and_won(sf: Caller) -> None:
    deal = sf.create("Opportunity", **DEAL)
    stages = sf.query("SELECT ApiName, IsClosed, IsWon, DefaultProbability FROM OpportunityStage")["records"]
    assert len(stages) == 10
    for stage in stages:
        sf.call("PATCH", f"sobjects/Opportunity/{deal}", {"StageName": stage["ApiName"]})
        row = sf.read("Opportunity", deal)
        assert (row["IsClosed"], row["IsWon"]) == (stage["IsClosed"], stage["IsWon"])
        assert row["Probability"] == stage["DefaultProbability"]


def test_lines_price_themselves_and_the_deal_sums_them_up(sf: Caller) -> None:
    deal = deal_with_book(sf, Amount=5)
    line = {"OpportunityId": deal, "PricebookEntryId": entry(sf)["Id"]}
    first = sf.create("OpportunityLineItem", **line, Quantity=2.5, UnitPrice=100.10)
    sf.create("OpportunityLineItem", **line, Quantity=3, TotalPrice=10)
    assert sf.read("Opportunity", deal)["Amount"] == 260.25
    row = sf.read("OpportunityLineItem", first)
    assert (row["TotalPrice"], row["ProductCode"], row["Name"]) == (250.25, "IMP-BUILD", "D Implementation")
    sf.call("PATCH", f"sobjects/OpportunityLineItem/{first}", {"Quantity": 1})
    assert sf.read("Opportunity", deal)["Amount"] == 110.1


def test_an_amount_given_for_a_deal_with_lines_does_not_count(sf: Caller) -> None:
    deal = deal_with_book(sf)
    sf.create("OpportunityLineItem", OpportunityId=deal, PricebookEntryId=entry(sf)["Id"], Quantity=1, UnitPrice=7)
    sf.call("PATCH", f"sobjects/Opportunity/{deal}", {"Amount": 1, "NextStep": "n"})
    row = sf.read("Opportunity", deal)
    assert (row["Amount"], row["NextStep"]) == (7, "n")
    sf.control("customize", {"settings": {"amount_with_products": "refuse"}})
    assert sf.refused("PATCH", f"sobjects/Opportunity/{deal}", {"Amount": 1})[0] == 400


def test_a_line_must_fit_the_price_book_and_currency_of_its_deal(sf: Caller) -> None:
    without_book = sf.create("Opportunity", **DEAL)
    deal = deal_with_book(sf)
    euro = entry(sf, currency="EUR")["Id"]
    line = {"Quantity": 1, "UnitPrice": 1}
    for fields in (
        {"OpportunityId": without_book, "PricebookEntryId": entry(sf)["Id"]},
        {"OpportunityId": deal, "PricebookEntryId": euro},
        {"OpportunityId": deal},
    ):
        refused = sf.refused("POST", "sobjects/OpportunityLineItem", {**line, **fields})
        assert refused == (400, "FIELD_INTEGRITY_EXCEPTION")
    sf.call("PATCH", f"sobjects/PricebookEntry/{entry(sf)['Id']}", {"IsActive": False})
    inactive = {**line, "OpportunityId": deal, "PricebookEntryId": entry(sf)["Id"]}
    assert sf.refused("POST", "sobjects/OpportunityLineItem", inactive)[0] == 400


def test_a_price_book_entry_needs_a_standard_price_first(sf: Caller) -> None:
    product = sf.create("Product2", Name="New", ProductCode="NEW", IsActive=True)
    book = sf.create("Pricebook2", Name="Partners", IsActive=True)
    standard = sf.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["records"][0]["Id"]
    price = {"Product2Id": product, "UnitPrice": 10, "IsActive": True}
    refused = sf.refused("POST", "sobjects/PricebookEntry", {**price, "Pricebook2Id": book})
    assert refused == (400, "STANDARD_PRICE_NOT_DEFINED")
    sf.create("PricebookEntry", **price, Pricebook2Id=standard)
    sf.create("PricebookEntry", **price, Pricebook2Id=book)
    assert sf.refused("POST", "sobjects/PricebookEntry", {**price, "Pricebook2Id": book})[1] == "DUPLICATE_VALUE"


def test_quotes_and_orders_sum_their_lines(sf: Caller) -> None:
    deal = deal_with_book(sf)
    book, price = entry(sf)["Pricebook2Id"], entry(sf)["Id"]
    quote = sf.create("Quote", Name="Q", OpportunityId=deal, Pricebook2Id=book)
    sf.create("QuoteLineItem", QuoteId=quote, PricebookEntryId=price, Quantity=2, UnitPrice=100, Discount=10)
    assert sf.read("Quote", quote)["GrandTotal"] == 180
    order = sf.create("Order", Status="Draft", EffectiveDate="2026-12-01", Pricebook2Id=book)
    sf.create("OrderItem", OrderId=order, PricebookEntryId=price, Quantity=2, UnitPrice=100)
    assert sf.read("Order", order)["TotalAmount"] == 200
    assert sf.read("Order", order)["OrderNumber"] != sf.read("Quote", quote)["QuoteNumber"]


def test_a_contract_starts_as_a_draft_and_is_activated_by_an_update(sf: Caller) -> None:
    customer = sf.create("Account", Name="A")
    draft = {"AccountId": customer, "StartDate": "2026-01-01", "ContractTerm": 12}
    assert sf.refused("POST", "sobjects/Contract", {**draft, "Status": "Activated"})[0] == 400
    contract = sf.create("Contract", **draft)
    assert sf.read("Contract", contract)["EndDate"] == "2026-12-31"
    sf.call("PATCH", f"sobjects/Contract/{contract}", {"Status": "Activated"})
    row = sf.read("Contract", contract)
    assert (row["StatusCode"], row["ActivatedById"][:3]) == ("Activated", "005")
    assert sf.refused("PATCH", f"sobjects/Contract/{contract}", {"Status": "Draft"})[0] == 400
    assert sf.refused("POST", "sobjects/Contract", {**draft, "ContractTerm": 10**6})[0] == 400


def test_an_org_without_multiple_currencies_has_no_currency_field(sf: Caller) -> None:
    assert sf.read("Opportunity", sf.create("Opportunity", **DEAL))["CurrencyIsoCode"] == "USD"
    sf.control("customize", {"settings": {"multi_currency": False}})
    deal = sf.create("Opportunity", **DEAL, Pricebook2Id=sf.query("SELECT Id FROM Pricebook2")["records"][0]["Id"])
    assert "CurrencyIsoCode" not in sf.read("Opportunity", deal)
    assert sf.refused("GET", "query?q=SELECT+CurrencyIsoCode+FROM+Opportunity") == (400, "INVALID_FIELD")
    price = sf.query("SELECT Id FROM PricebookEntry LIMIT 1")["records"][0]["Id"]
    sf.create("OpportunityLineItem", OpportunityId=deal, PricebookEntryId=price, Quantity=1, UnitPrice=1)


def test_a_new_version_of_a_file_replaces_the_latest(sf: Caller) -> None:
    customer = sf.create("Account", Name="A")
    first = sf.create("ContentVersion", PathOnClient="a.txt", VersionData="YQ==", FirstPublishLocationId=customer)
    document = sf.read("ContentVersion", first)["ContentDocumentId"]
    second = sf.create("ContentVersion", PathOnClient="b.txt", VersionData="YmI=", ContentDocumentId=document)
    assert [sf.read("ContentVersion", each)["IsLatest"] for each in (first, second)] == [False, True]
    assert sf.read("ContentVersion", second)["VersionNumber"] == "2"
    assert sf.read("ContentDocument", document)["LatestPublishedVersionId"] == second
    assert sf.call("GET", f"sobjects/ContentVersion/{second}/VersionData").content == b"bb"
    links = sf.query(f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{document}'")
    assert [row["LinkedEntityId"] for row in links["records"]] == [customer]


@pytest.mark.parametrize("data", ["not base64!", "a", 5])
def test_a_file_that_is_not_base64_is_refused(sf: Caller, data: Any) -> None:
    assert sf.refused("POST", "sobjects/ContentVersion", {"PathOnClient": "a", "VersionData": data})[0] == 400


def test_the_seeded_org_knows_the_firm_and_no_deal(sf: Caller) -> None:
    assert sf.names("SELECT Name FROM Account ORDER BY Name") == ["Bluepeak Energy", "Orchard Retail Group"]
    assert sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 0
    assert "Sam Ortiz" in sf.names("SELECT Name FROM User")
    codes = sf.query("SELECT ProductCode FROM Product2 ORDER BY ProductCode")["records"]
    assert [row["ProductCode"] for row in codes] == ["ADV-DISCOVERY", "IMP-BUILD", "IMP-DATA", "MS-RUN"]
