"""The Salesforce stand-in, driven by jsforce: records, query paging, Bulk 2.0 and change events with replay."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.conformance.conftest import ClientEnvironment

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(660)]

APP = "3MVG9haldenmarsh.tieline"
OPPORTUNITIES, EVERYTHING = "/data/OpportunityChangeEvent", "/data/ChangeEvents"
Scenario = Callable[..., Any]


@pytest.fixture
def scenario(client_env: Callable[[str], ClientEnvironment], salesforce: httpx2.Client) -> Scenario:
    """Runs one scenario against the stand-in and gives back its facts."""
    environment = client_env("jsforce")
    address = str(salesforce.base_url).rstrip("/")
    return lambda name, *more: environment.run("scenarios.cjs", name, address, *[str(each) for each in more])


def headers_of(facts: Any) -> list[Any]:
    return [event["payload"]["ChangeEventHeader"] for event in facts["events"]]


def replay_ids(facts: Any) -> list[int]:
    return [event["event"]["replayId"] for event in facts["events"]]


def test_every_way_to_log_in_opens_a_session(scenario: Scenario, salesforce: httpx2.Client) -> None:
    facts = scenario("log_in")
    assert facts["identity"]["username"] == "integration@haldenmarsh.example"
    assert facts["instance"] == str(salesforce.base_url).rstrip("/")
    assert facts["organizations"] == [facts["soap"]["organizationId"]] == [facts["identity"]["organization_id"]]
    assert facts["password"] == 1
    assert "Invalid username, password, security token" in facts["bad"]["message"]


def test_a_refresh_token_renews_the_session_once(scenario: Scenario, salesforce: httpx2.Client) -> None:
    approval = {"username": "integration@haldenmarsh.example", "consumerKey": APP}
    granted = salesforce.post("/__standin__/salesforce/authorize", json=approval).json()
    facts = scenario("refresh", granted["refresh_token"])
    assert facts["refreshed"] == 1
    assert facts["total"] > 0
    assert facts["wrong"] is not None


def test_records_are_saved_one_by_one_and_many_at_once(scenario: Scenario) -> None:
    facts = scenario("create_read_update_delete")
    assert facts["one"]["success"] is True
    assert [row["success"] for row in facts["many"]] == [True, False, False]
    assert [row["errors"][0]["statusCode"] for row in facts["many"][1:]] == [
        "DUPLICATE_VALUE",
        "REQUIRED_FIELD_MISSING",
    ]
    assert facts["updatedMany"][0]["success"] is True
    assert facts["updatedMany"][1]["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert facts["upserted"] == {"id": facts["one"]["id"], "success": True, "errors": [], "created": False}
    assert [row["created"] for row in facts["upsertedMany"]] == [False, True]
    assert (facts["read"]["Name"], facts["read"]["Description"]) == ("A4", "changed")
    assert [row["Name"] for row in facts["readMany"]] == ["A4", "B"]
    assert [row["success"] for row in facts["destroyedMany"]] == [True, False]
    assert facts["gone"] is not None
    assert facts["duplicate"]["code"] == "DUPLICATE_VALUE"
    assert [row["success"] for row in facts["all_or_none"]] == [False, False]
    assert facts["kept"] == 0
    assert facts["bad_query"]["code"] == "INVALID_FIELD"
    assert facts["described"]["externalId"] is True
    assert facts["upsertedMany"][1]["id"] in facts["updated_window"]["ids"]


def test_paging_by_batches_reads_every_record_exactly_once(scenario: Scenario) -> None:
    facts = scenario("query_paging")
    assert facts["made"] == facts["total"] == facts["distinct"] == facts["fetched"] == 950
    assert facts["sizes"] == [200, 200, 200, 200, 150]
    assert facts["built"] == ["P10", "P1"]


def test_bulk_load_and_query_speak_csv_as_the_client_expects(scenario: Scenario) -> None:
    facts = scenario("bulk")
    assert [row["Ext_Id__c"] for row in facts["loaded"]["successfulResults"]] == ["E1"]
    assert [row["Ext_Id__c"] for row in facts["loaded"]["failedResults"]] == ["E2"]
    assert facts["loaded"]["unprocessedRecords"] == []
    assert facts["queried"] == [{"Id": facts["loaded"]["successfulResults"][0]["sf__Id"], "Name": "A"}]


def test_a_composite_part_may_read_what_an_earlier_one_made(scenario: Scenario) -> None:
    made, read = scenario("composite")
    assert (made["httpStatusCode"], read["httpStatusCode"]) == (201, 200)
    assert read["body"]["Id"] == made["body"]["id"]


def test_a_new_subscriber_hears_only_what_happens_from_now_on(scenario: Scenario) -> None:
    scenario("stream", OPPORTUNITIES, -1, 4, 2)
    facts = scenario("stream", OPPORTUNITIES, -1, 2, 1, "tieline")
    assert [header["changeType"] for header in headers_of(facts)] == ["CREATE", "UPDATE"]
    assert len({header["recordIds"][0] for header in headers_of(facts)}) == 1
    assert {header["changeOrigin"] for header in headers_of(facts)} == {"com/salesforce/api/rest/66.0;client=tieline"}
    update = facts["events"][1]["payload"]
    assert update["StageName"] == "Closed Won"
    assert {"StageName", "IsWon", "LastModifiedDate"} <= set(update["ChangeEventHeader"]["changedFields"])
    assert not {"Id", "Name", "IsDeleted", "SystemModstamp"} & set(update)
    assert facts["schema"]["name"] == "OpportunityChangeEvent"


def test_replay_gives_what_was_missed_and_nothing_twice(scenario: Scenario) -> None:
    live = scenario("stream", OPPORTUNITIES, -1, 6, 3)
    everything = scenario("stream", OPPORTUNITIES, -2, 6)
    assert everything["events"] == live["events"]
    assert replay_ids(live) == sorted(set(replay_ids(live)))
    missed = scenario("stream", OPPORTUNITIES, replay_ids(live)[3], 2)
    assert missed["events"] == live["events"][4:]


def test_the_channel_of_all_changes_carries_every_object(scenario: Scenario, salesforce: httpx2.Client) -> None:
    scenario("composite")
    scenario("stream", EVERYTHING, -1, 2, 1)
    facts = scenario("stream", EVERYTHING, -2, 3)
    assert [header["entityName"] for header in headers_of(facts)] == ["Account", "Opportunity", "Opportunity"]
    salesforce.post("/__standin__/clock", json={"offset_seconds": 72 * 3600 + 60})
    later = scenario("stream", EVERYTHING, -1, 2, 1)
    assert scenario("stream", EVERYTHING, -2, 2)["events"] == later["events"]


def test_a_subscriber_without_a_session_is_told_not_to_come_back(scenario: Scenario) -> None:
    denied = scenario("stream_without_login")
    assert (denied["successful"], denied["error"]) == (False, "403::Handshake denied")
    assert denied["ext"]["sfdc"]["failureReason"] == "401::Authentication invalid"
