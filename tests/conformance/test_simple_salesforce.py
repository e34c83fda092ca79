"""The Salesforce stand-in, driven by simple-salesforce: REST, composite and Bulk 2.0 as a public client speaks them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conformance.conftest import ClientEnvironment

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(660)]

APP = "3MVG9haldenmarsh.tieline"
Scenario = Callable[..., Any]


@pytest.fixture
def scenario(client_env: Callable[[str], ClientEnvironment], salesforce: httpx2.Client) -> Scenario:
    """Runs one scenario against the stand-in and gives back its facts."""
    environment = client_env("simple_salesforce")
    return lambda name, *more: environment.run("scenarios.py", name, str(salesforce.base_url), *more)


@pytest.fixture
def key_file(tmp_path: Path, salesforce: httpx2.Client) -> Path:
    """A private key whose public half the connected app knows."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    app = {"consumerKey": APP, "certificate": public.decode()}
    salesforce.post("/__standin__/customize", json={"connectedApps": [app]}).raise_for_status()
    return _written(tmp_path / "registered.pem", key)


def _written(path: Path, key: rsa.RSAPrivateKey) -> Path:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    path.write_bytes(pem)
    return path


def code(refused: Any) -> str:
    """The errorCode the library hands over."""
    return str(refused["content"][0]["errorCode"])


def test_every_way_to_log_in_opens_a_session(scenario: Scenario, key_file: Path) -> None:
    assert scenario("log_in", str(key_file)) == dict.fromkeys(
        ("client_credentials", "jwt", "password", "soap"), "Halden Marsh"
    )  # fmt: skip


def test_a_login_that_is_not_right_is_refused_in_the_vendors_words(
    scenario: Scenario, key_file: Path, tmp_path: Path
) -> None:
    stranger = _written(tmp_path / "stranger.pem", rsa.generate_private_key(65537, 2048))
    refused = scenario("refused_logins", str(stranger))
    assert refused["bad_secret"]["code"] == "invalid_client"
    assert refused["unknown_client"]["code"] == "invalid_client_id"
    assert refused["foreign_signature"]["code"] == "invalid_grant"
    assert refused["bad_password"]["code"] == "INVALID_LOGIN"
    assert refused["not_a_token"]["type"] == "SalesforceExpiredSession"


def test_a_session_that_ended_is_renewed_once_by_the_library(scenario: Scenario) -> None:
    facts = scenario("expired_session")
    assert (facts["logins_before"], facts["logins_after"]) == (1, 2)
    assert facts["users"] > 0


def test_a_record_is_created_read_changed_cleared_and_deleted(scenario: Scenario, salesforce: httpx2.Client) -> None:
    facts = scenario("create_read_update_delete")
    record_id = facts["created"]["id"]
    assert facts["created"] == {"id": record_id, "success": True, "errors": []}
    assert facts["read"]["Name"] == "O'Brien & Söhne 🏗"
    assert facts["read"]["attributes"]["url"] == f"/services/data/v66.0/sobjects/Account/{record_id}"
    assert facts["by_key"] == record_id
    assert facts["updated"] == 204
    assert facts["cleared"]["Description"] == "first"
    assert facts["cleared"]["AnnualRevenue"] is None
    assert facts["upserted"] == [200, 201]
    assert facts["deleted"] == 204
    assert facts["after_delete"]["type"] == "SalesforceResourceNotFound"
    assert code(facts["update_deleted"]) == "ENTITY_IS_DELETED"
    assert facts["in_bin"] == [True]
    ledger = salesforce.get("/__standin__/ledger").json()["entries"]
    assert [entry["operation"].split(".")[1] for entry in ledger] == ["create", "update", "update", "create", "delete"]
    assert [entry["external_key"] for entry in ledger] == ["E1", "E1", "E1", "E2", "E1"]


@pytest.mark.parametrize(
    ("refused", "error_code"),
    [
        ("unknown_field", "INVALID_FIELD"),
        ("missing_name", "REQUIRED_FIELD_MISSING"),
        ("duplicate", "DUPLICATE_VALUE"),
        ("too_long", "STRING_TOO_LONG"),
        ("bad_value", "JSON_PARSER_ERROR"),
        ("bad_picklist", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("bad_reference", "INVALID_CROSS_REFERENCE_KEY"),
        ("malformed_id", "MALFORMED_ID"),
        ("unknown_id", "NOT_FOUND"),
        ("unknown_object", "NOT_FOUND"),
        ("unknown_key_field", "NOT_FOUND"),
        ("read_only", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("bad_query", "INVALID_FIELD"),
        ("bad_syntax", "MALFORMED_QUERY"),
        ("bad_object", "INVALID_TYPE"),
        ("bad_locator", "INVALID_QUERY_LOCATOR"),
    ],
)
def test_what_is_wrong_is_refused_with_its_error_code(refusals: Any, refused: str, error_code: str) -> None:
    assert code(refusals[refused]) == error_code


def test_refusals_name_the_field_the_other_record_and_the_place_in_the_query(refusals: Any) -> None:
    assert refusals["missing_name"]["content"][0]["fields"] == ["Name"]
    assert refusals["first"][:15] in refusals["duplicate"]["content"][0]["message"]
    assert "ERROR at Row:1:Column:8\nNo such column 'Bogus'" in refusals["bad_query"]["content"][0]["message"]
    assert refusals["two_matches"]["type"] == "SalesforceMoreThanOneRecord"
    assert [url.split("/")[-2] for url in refusals["two_matches"]["content"]] == ["Contact", "Contact"]


@pytest.fixture(scope="module")
def refusals(client_env: Callable[[str], ClientEnvironment]) -> Any:
    """One run of the scenario serves all tests that look at refusals."""
    from tieline_standins.core.background import running
    from tieline_standins.salesforce import build

    with running(build) as url:
        return client_env("simple_salesforce").run("scenarios.py", "refusals", url)


def test_descriptions_and_windows_of_changes_tell_what_is_there(scenario: Scenario) -> None:
    facts = scenario("describe_and_windows")
    fields = {field["name"]: field for field in facts["describe"]["fields"]}
    required = [
        name
        for name, field in fields.items()
        if not field["nillable"] and field["createable"] and not field["defaultedOnCreate"]
    ]
    assert required == ["Name"]
    assert fields["Ext_Id__c"]["externalId"] is fields["Ext_Id__c"]["unique"] is fields["Ext_Id__c"]["idLookup"] is True
    assert [value["value"] for value in fields["Tier__c"]["picklistValues"]] == ["Gold", "Silver"]
    assert {"Account", "Contact", "Opportunity", "Product2"} <= set(facts["objects"])
    assert set(facts["made"][1:]) <= set(facts["updated"]["ids"])
    assert [record["id"] for record in facts["deleted"]["deletedRecords"]] == facts["made"][:1]
    assert facts["limits"]["DailyApiRequests"]["Max"] == int(facts["usage"]["total"])


def test_queries_find_what_they_ask_for(scenario: Scenario) -> None:
    facts = scenario("queries")
    assert facts["parent"] == ["Deal 3", "Deal 2", "Deal 1", "Deal 0"]
    assert sorted(facts["since"]) == ["Deal 0", "Deal 1", "Deal 2", "Deal 3"]
    assert facts["won"] == ["Deal 3"]
    assert facts["listed"] == ["Deal 0", "Deal 2"]
    assert facts["like"] == ["O'Brien"]
    assert facts["none"] == ["Deal 0"]
    assert facts["nulls_last"] == ["Deal 3", "Deal 2", "Deal 1"]
    assert facts["count"] == {"totalSize": 2, "done": True, "records": []}
    assert [row["Name"] for row in facts["nested"]["Opportunities"]["records"]] == ["Deal 1", "Deal 3"]
    assert facts["nested"]["Opportunities"]["totalSize"] == 2
    assert facts["traversed"]["Account"]["Name"] == "O'Brien"
    assert facts["traversed"]["Account"]["Owner"]["attributes"]["type"] == "User"
    assert list(facts["url"]) == ["attributes", "Id", "Amount", "CloseDate", "CreatedDate"]
    assert facts["url"]["CreatedDate"].endswith(".000+0000")


def test_paging_reads_every_record_exactly_once(scenario: Scenario) -> None:
    facts = scenario("query_paging")
    assert (facts["first_total"], facts["first_length"], facts["first_done"]) == (4500, 2000, False)
    assert facts["next"].endswith("-2000")
    assert (facts["all_length"], facts["distinct"], facts["same_ids"]) == (4500, 4500, True)
    assert (facts["left"], facts["with_deleted"]) == (4499, 4500)


def test_composite_requests_refer_to_each_other_and_roll_back_together(scenario: Scenario) -> None:
    facts = scenario("composite")
    assert [part["httpStatusCode"] for part in facts["good"]] == [201, 201]
    assert facts["halted"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert facts["halted"][1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert (facts["kept_after_halt"], facts["kept_after_partial"]) == (0, 1)
    assert [graph["isSuccessful"] for graph in facts["graph"]] == [True, False]
    assert facts["batch"]["hasErrors"] is True
    assert [result["statusCode"] for result in facts["batch"]["results"]] == [200, 404]
    assert facts["tree"]["hasErrors"] is False


def test_bulk_ingest_saves_good_rows_and_reports_bad_ones(scenario: Scenario) -> None:
    facts = scenario("bulk_ingest")
    assert facts["inserted"][0]["numberRecordsProcessed"] == 25
    assert (facts["upserted"][0]["numberRecordsProcessed"], facts["upserted"][0]["numberRecordsFailed"]) == (4, 1)
    assert facts["successful"].startswith('"sf__Id","sf__Created",')
    assert facts["successful"].count('"true"') == 1
    assert "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --" in facts["failed"]
    assert facts["unprocessed"].count("\n") == 1
    assert facts["rows"] == {"B0": ["B0 changed", "d"], "B1": ["B1", None], "B99": ['new, "quoted"\nline', "x"]}
    assert facts["left"] == 25
    assert facts["unknown_job"]["status"] == 404


def test_bulk_query_pages_cover_the_result_once(scenario: Scenario) -> None:
    facts = scenario("bulk_query")
    rows = [line for page in facts["pages"] for line in page.splitlines()[1:]]
    assert [page.count("\n") - 1 for page in facts["pages"]] == [10, 10, 5]
    assert [row.split(",")[1] for row in rows] == [f'"Q{number:03}"' for number in range(25)]
    assert facts["one"][0].splitlines()[1:] == rows


def test_a_file_is_stored_linked_and_read_back(scenario: Scenario) -> None:
    assert scenario("files") == {
        "link": True,
        "content": "JVBERiBoZWxsbw==",
        "size": 10,
        "extension": "pdf",
        "title": "SOW",
    }


def test_a_deal_is_worked_from_products_to_contract(scenario: Scenario) -> None:
    facts = scenario("sales_process")
    assert (facts["before"]["HasOpportunityLineItem"], facts["before"]["IsClosed"]) == (False, False)
    assert (facts["rolled"]["Amount"], facts["rolled"]["HasOpportunityLineItem"]) == (360.3, True)
    assert (facts["won"]["Amount"], facts["won"]["IsWon"], facts["won"]["IsClosed"]) == (360.3, True, True)
    assert facts["after_line_delete"] == 60.0
    line = facts["lines"]["OpportunityLineItems"]["records"][0]
    assert (line["Product2"]["ProductCode"], line["UnitPrice"], line["TotalPrice"]) == ("IMP-BUILD", 20.0, 60.0)
    assert facts["contract"]["Status"] == facts["contract"]["StatusCode"] == "Activated"
    assert facts["not_draft"]["status"] == facts["both"]["status"] == 400
