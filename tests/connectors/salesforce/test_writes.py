"""What sales sees: written once, by our reference, without touching what others own."""

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.salesforce.org import PROJECT, Connecting, Org, project
from tieline.mapping import MappingFailed
from tieline.model.invoice import InvoiceSummary, ProjectFinancials
from tieline.model.money import Money
from tieline.model.notice import CustomerLink
from tieline.model.project import ProjectSummary
from tieline.model.staffing import StaffingSummary
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.operation import Operation, Written
from tieline.sdk.roles import Crm

KEY = "site/salesforce/project#1"


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


@pytest.fixture
def shown(org: Org) -> ProjectSummary:
    buyer = org.customer()
    return project(opportunity_ref=org.won(AccountId=buyer), customer_ref=buyer)


def write(operation: Operation[Any], record: Any, **links: str) -> str:
    answer = operation.create(operation.render(record, links), KEY)
    assert isinstance(answer, Written)
    return answer.external_id


def projects(org: Org) -> list[dict[str, Any]]:
    return org.rows("SELECT Id, Name, Tieline_Id__c, Value__c, Record_Status__c, ERP_Id__c FROM Tieline_Project__c")


def test_a_project_is_shown_with_its_erp_and_psa_ids(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    identifier = write(crm.show_project, shown, erp="1207", psa="88")
    stored = org.call("GET", f"sobjects/Tieline_Project__c/{identifier}")
    assert (stored["Tieline_Id__c"], stored["Name"]) == (PROJECT, "Grid modernisation")
    assert (stored["ERP_Id__c"], stored["PSA_Id__c"]) == ("1207", "88")
    assert (stored["Value__c"], stored["CurrencyIsoCode"]) == (Decimal("125000.50"), "USD")
    assert (stored["Opportunity__c"], stored["Start_Date__c"]) == (shown.opportunity_ref, "2027-01-11")


def test_showing_a_project_twice_leaves_one(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    first, second = write(crm.show_project, shown), write(crm.show_project, shown)
    assert first == second
    assert len(projects(org)) == 1


def test_a_connection_cut_after_the_commit_is_unclear_and_the_project_is_found(
    org: Org, crm: Crm, shown: ProjectSummary
) -> None:
    payload = crm.show_project.render(shown, {})
    org.fault("*upsert*", "drop_after")
    with pytest.raises(Unclear):
        crm.show_project.create(payload, KEY)
    assert crm.show_project.find is not None
    found = crm.show_project.find(payload)
    assert [(each.label) for each in found] == ["Grid modernisation"]
    assert write(crm.show_project, shown) == found[0].external_id
    assert len(projects(org)) == 1


def test_what_was_never_written_is_not_found(crm: Crm, shown: ProjectSummary) -> None:
    assert crm.show_project.find is not None
    assert not crm.show_project.find(crm.show_project.render(shown, {}))


@pytest.mark.parametrize("identifier", ["prj_O'Brien", 'a" b', "a/b?c=d&e", "a\\'b", "🚀ß"])
def test_a_reference_of_any_letters_is_written_and_found(
    org: Org, crm: Crm, shown: ProjectSummary, identifier: str
) -> None:
    odd = shown.model_copy(update={"id": identifier})
    written = write(crm.show_project, odd)
    assert crm.show_project.find is not None
    assert [each.external_id for each in crm.show_project.find(crm.show_project.render(odd, {}))] == [written]
    assert projects(org)[0]["Tieline_Id__c"] == identifier


def test_three_targets_share_the_record_and_each_leaves_the_others_fields(
    org: Org, crm: Crm, shown: ProjectSummary
) -> None:
    operations: list[tuple[Operation[Any], Any]] = [
        (crm.show_project, shown),
        (crm.show_staffing, staffing()),
        (crm.show_financials, financials()),
    ]
    assert len({write(operation, record) for operation, record in operations}) == 1
    fields = [set(operation.render(record, {"erp": "1", "psa": "2"})) for operation, record in operations]
    assert fields[0] & fields[1] == fields[0] & fields[2] == fields[1] & fields[2] == {"Tieline_Id__c"}
    stored = org.rows(
        "SELECT Code__c, Staffing_Status__c, People__c, Billed_To_Date__c, Burn_Percent__c FROM Tieline_Project__c"
    )[0]
    assert (stored["Code__c"], stored["Staffing_Status__c"]) == ("BLU-001", "partly staffed")
    assert (stored["People__c"], stored["Billed_To_Date__c"]) == ("Priya Raman; Tom Okafor", Decimal(40000))
    assert stored["Burn_Percent__c"] == Decimal("37.5")


def staffing() -> StaffingSummary:
    return StaffingSummary(
        id=PROJECT,
        requested_hours=Decimal(640),
        confirmed_hours=Decimal(320),
        people=("Priya Raman", "Tom Okafor"),
        first_start=date(2027, 1, 11),
        status="partly staffed",
    )


def financials(**changes: Any) -> ProjectFinancials:
    values: dict[str, Any] = {
        "id": PROJECT,
        "contract_value": usd("125000.50"),
        "billed_to_date": usd("40000"),
        "paid_to_date": usd("15000"),
        "outstanding": usd("25000"),
        "unbilled": usd("6000"),
        "hours_worked": Decimal(240),
        "hours_budgeted": Decimal(640),
        "burn_percent": Decimal("37.5"),
        "cost_to_date": usd("98765.43"),
        "margin_percent": Decimal("31.4"),
        "collection_status": "current",
    }
    return ProjectFinancials(**values | changes)


def test_cost_and_margin_stay_out_of_the_crm(crm: Crm) -> None:
    payload = crm.show_financials.render(financials(), {})
    assert Decimal("98765.43") not in payload.values()
    assert Decimal("31.4") not in payload.values()


def test_staffing_of_a_project_that_is_not_there_creates_none(org: Org, crm: Crm) -> None:
    with pytest.raises(Rejected, match="Staffing of project") as refused:
        write(crm.show_staffing, staffing())
    assert refused.value.kind == "master_data"
    assert projects(org) == []


def test_amounts_of_two_currencies_on_one_record_are_refused(crm: Crm) -> None:
    mixed = financials(outstanding=Money(amount=Decimal(1), currency="EUR"))
    with pytest.raises(Rejected, match="EUR and USD"):
        crm.show_financials.render(mixed, {})


def test_an_organisation_with_one_currency_refuses_another(
    org: Org, connecting: Connecting, shown: ProjectSummary
) -> None:
    org.customize(settings={"multi_currency": False})
    crm = connecting(currency="USD").crm
    assert crm is not None
    write(crm.show_project, shown)
    with pytest.raises(Rejected, match="keeps USD only"):
        crm.show_project.render(shown.model_copy(update={"value": Money(amount=Decimal(1), currency="EUR")}), {})


def test_an_update_changes_one_record_and_null_clears(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    write(crm.show_project, shown)
    first = staffing()
    identifier = write(crm.show_staffing, first)
    assert crm.show_staffing.update is not None
    later = first.model_copy(update={"status": "staffed", "first_start": None})
    crm.show_staffing.update(identifier, crm.show_staffing.render(later, {}))
    stored = org.rows("SELECT Staffing_Status__c, First_Start__c FROM Tieline_Project__c")
    assert [(row["Staffing_Status__c"], row["First_Start__c"]) for row in stored] == [("staffed", None)]


def test_a_deleted_project_is_an_exception_and_not_made_again_by_an_update(
    org: Org, crm: Crm, shown: ProjectSummary
) -> None:
    identifier = write(crm.show_project, shown)
    org.delete("Tieline_Project__c", identifier)
    operation = crm.show_project
    assert operation.update is not None
    assert operation.read_back is not None
    with pytest.raises(Rejected) as refused:
        operation.update(identifier, operation.render(shown, {}))
    assert refused.value.kind == "master_data"
    with pytest.raises(Rejected) as gone:
        operation.read_back(identifier)
    assert gone.value.kind == "master_data"
    assert projects(org) == []


def test_reading_back_gives_what_was_written(crm: Crm, shown: ProjectSummary) -> None:
    payload = crm.show_project.render(shown, {"erp": "1207", "psa": "88"})
    identifier = write(crm.show_project, shown, erp="1207", psa="88")
    assert crm.show_project.read_back is not None
    assert crm.show_project.read_back(identifier) == payload


def test_a_withdrawn_project_stays_and_says_so_until_it_is_shown_again(
    org: Org, crm: Crm, shown: ProjectSummary
) -> None:
    identifier = write(crm.show_project, shown)
    assert crm.show_project.withdraw is not None
    crm.show_project.withdraw(identifier)
    assert projects(org)[0]["Record_Status__c"] == "Withdrawn"
    write(crm.show_project, shown)
    assert projects(org)[0]["Record_Status__c"] == "Active"


def test_an_invoice_gets_its_number_later(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    parent = write(crm.show_project, shown)
    draft = InvoiceSummary(
        id="inv_1",
        project_id=PROJECT,
        number=None,
        status="draft",
        issued_on=None,
        due_on=None,
        net=usd("40000"),
        total=usd("43300"),
        outstanding=usd("43300"),
    )
    first = write(crm.show_invoice, draft, project=parent)
    numbered = draft.model_copy(update={"number": "INV-1009", "status": "open", "issued_on": date(2027, 2, 1)})
    second = write(crm.show_invoice, numbered, project=parent)
    stored = org.rows("SELECT Name, Status__c, Total__c, Issued_On__c, Project__c FROM Tieline_Invoice__c")
    assert first == second
    assert [(row["Name"], row["Status__c"], row["Total__c"], row["Project__c"]) for row in stored] == [
        ("INV-1009", "open", Decimal(43300), parent)
    ]


def test_an_invoice_without_its_project_is_not_rendered(crm: Crm) -> None:
    record = InvoiceSummary(
        id="inv_1",
        project_id=PROJECT,
        number="1",
        status="open",
        issued_on=None,
        due_on=None,
        net=usd("1"),
        total=usd("1"),
        outstanding=usd("1"),
    )
    with pytest.raises(MappingFailed, match="project"):
        crm.show_invoice.render(record, {})


def test_erp_numbers_of_two_entities_stand_beside_each_other_and_the_account_is_untouched(org: Org, crm: Crm) -> None:
    buyer = org.customer()
    before = org.call("GET", f"sobjects/Account/{buyer}")
    for entity, number in (("US", "CUST-7"), ("DE", "70011")):
        link = CustomerLink(id=f"cus_1:{entity}", legal_entity=entity, erp_system="NetSuite", erp_number=number)
        write(crm.link_customer, link, crm_customer=buyer)
        write(crm.link_customer, link, crm_customer=buyer)
    stored = org.rows("SELECT Name, Legal_Entity__c, Account__c FROM Tieline_Customer_Link__c ORDER BY Legal_Entity__c")
    assert [(row["Name"], row["Legal_Entity__c"], row["Account__c"]) for row in stored] == [
        ("70011", "DE", buyer),
        ("CUST-7", "US", buyer),
    ]
    assert org.call("GET", f"sobjects/Account/{buyer}") == before


def test_only_our_own_objects_are_ever_written(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    written_before = len(org.ledger())
    write(crm.show_project, shown)
    write(crm.show_staffing, staffing())
    write(crm.show_financials, financials())
    paths = [entry["path"] for entry in org.ledger()[written_before:]]
    assert len(paths) == 3
    assert all("/sobjects/Tieline_" in path for path in paths)


def test_a_refused_lookup_names_the_project(crm: Crm, shown: ProjectSummary) -> None:
    astray = shown.model_copy(update={"opportunity_ref": "006dM00003kRs59QAC"})
    with pytest.raises(Rejected, match="Project 'Grid modernisation': "):
        write(crm.show_project, astray)


def test_a_field_the_administrator_has_not_created_is_schema_drift(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    org.fault("*upsert*", "status", status=400, body=[{"errorCode": "INVALID_FIELD", "message": "No such column"}])
    with pytest.raises(Rejected) as refused:
        write(crm.show_project, shown)
    assert refused.value.kind == "schema_drift"


def test_429_is_tried_again_and_a_5xx_of_a_write_is_unclear(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    org.fault("*upsert*", "status", status=429, retry_after=7)
    with pytest.raises(Unavailable) as slow:
        write(crm.show_project, shown)
    assert not isinstance(slow.value, Unclear)
    assert slow.value.retry_after is not None
    org.fault("*upsert*", "status", status=503)
    with pytest.raises(Unclear):
        write(crm.show_project, shown)
    org.fault("*", "status", status=500)
    with pytest.raises(Unavailable) as reading:
        crm.read_opportunity(shown.opportunity_ref)
    assert not isinstance(reading.value, Unclear)


def test_a_late_commit_of_the_same_content_leaves_one(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    org.fault("*upsert*", "late_commit", ms=100)
    with pytest.raises(Unclear):
        write(crm.show_project, shown)
    again = write(crm.show_project, shown)
    until = time.monotonic() + 20
    while sum("Tieline_Project__c" in entry["path"] for entry in org.ledger()) < 2:
        assert time.monotonic() < until, "the late commit never came"
        time.sleep(0.02)
    assert [row["Id"] for row in projects(org)] == [again]


def test_a_long_name_is_cut_to_what_the_name_field_holds(org: Org, crm: Crm, shown: ProjectSummary) -> None:
    write(crm.show_project, shown.model_copy(update={"name": "N" * 200}))
    assert projects(org)[0]["Name"] == "N" * 80


def test_a_record_can_be_opened_in_salesforce(org: Org, crm: Crm) -> None:
    assert crm.record_url("project", "a00X") == f"{org.url}/lightning/r/Tieline_Project__c/a00X/view"
    assert crm.record_url("opportunity", "006X") == f"{org.url}/lightning/r/Opportunity/006X/view"
    assert crm.record_url("nothing", "x") is None
