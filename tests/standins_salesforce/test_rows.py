"""Single records over HTTP: ids, keys, values and what a delete takes along."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standins_salesforce.conftest import Caller
from tieline_standins.salesforce.ids import make_id, normal_id, with_checksum

DEAL = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-31"}


def test_the_checksum_of_a_real_id_is_right() -> None:
    assert with_checksum("001dM00003kRs59") == "001dM00003kRs59QAC"


@given(st.integers(0, 62**10 - 1))
def test_an_id_is_found_in_every_form(number: int) -> None:
    full = make_id("006", number)
    assert normal_id(full) == normal_id(full[:15]) == normal_id(full.upper()) == normal_id(full.lower()) == full


@given(st.one_of(st.none(), st.integers(), st.text(max_size=20)))
def test_a_malformed_id_is_none_or_a_proper_one(text: Any) -> None:
    found = normal_id(text)
    assert found is None or (len(found) == 18 and found == with_checksum(found[:15]))


def test_a_record_is_read_by_short_and_long_id_and_always_answers_the_long_one(sf: Caller) -> None:
    record_id = sf.create("Account", Name="A")
    assert len(record_id) == 18
    assert sf.read("Account", record_id[:15])["Id"] == record_id
    assert sf.read("account", record_id)["attributes"]["type"] == "Account"


def test_versions_that_are_not_alive_are_not_found(sf: Caller) -> None:
    assert sf.http.get("/services/data").json()[0]["version"] == "31.0"
    assert sf.call("GET", "/services/data/v66.0/limits").status_code == 200
    for version in ("v30.0", "v99.0", "66.0", "v66.1", "vx.0"):
        assert sf.refused("GET", f"/services/data/{version}/limits") == (404, "NOT_FOUND")


def test_an_upsert_creates_then_updates_and_says_which(sf: Caller) -> None:
    path = "sobjects/Account/Ext_Id__c/E%201%2F2"
    made = sf.call("PATCH", path, {"Name": "A"})
    again = sf.call("PATCH", path, {"Name": "B"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    assert sf.read("Account", made.json()["id"])["Ext_Id__c"] == "E 1/2"
    assert sf.call("PATCH", f"/services/data/v45.0/{path}", {"Name": "C"}).status_code == 204
    assert sf.operations() == ["Account.create", "Account.update", "Account.update"]


def test_an_upsert_is_refused_when_the_body_names_the_key_or_nothing_may_be_created(sf: Caller) -> None:
    assert sf.refused("PATCH", "sobjects/Account/Ext_Id__c/E1", {"Name": "A", "Ext_Id__c": "E1"})[0] == 400
    assert sf.refused("PATCH", "sobjects/Account/Ext_Id__c/E1?updateOnly=true", {"Name": "A"})[0] == 404
    assert sf.refused("PATCH", "sobjects/Account/Name/E1", {"Name": "A"}) == (404, "NOT_FOUND")
    assert sf.operations() == []


def test_keys_ignore_case_and_deleted_records_give_their_key_free(sf: Caller) -> None:
    first = sf.create("Account", Name="A", Ext_Id__c="Key")
    assert sf.refused("POST", "sobjects/Account", {"Name": "B", "Ext_Id__c": "KEY"}) == (400, "DUPLICATE_VALUE")
    assert sf.call("GET", "sobjects/Account/Ext_Id__c/kEY").json()["Id"] == first
    sf.call("DELETE", f"sobjects/Account/{first}")
    assert sf.call("PATCH", "sobjects/Account/Ext_Id__c/key", {"Name": "C"}).status_code == 201


def test_a_number_may_be_a_key(sf: Caller) -> None:
    record_id = sf.call("PATCH", "sobjects/Account/Number_Key__c/7", {"Name": "A"}).json()["id"]
    assert sf.call("GET", "sobjects/Account/Number_Key__c/7.0").json()["Id"] == record_id


def test_a_parent_may_be_named_by_its_key(sf: Caller) -> None:
    customer = sf.create("Account", Name="A", Ext_Id__c="P1")
    deal = sf.create("Opportunity", **DEAL, Account={"Ext_Id__c": "P1"})
    assert sf.read("Opportunity", deal)["AccountId"] == customer
    unknown = {**DEAL, "Account": {"Ext_Id__c": "nobody"}}
    assert sf.refused("POST", "sobjects/Opportunity", unknown) == (400, "INVALID_FIELD")


def test_null_clears_and_what_is_missing_stays(sf: Caller) -> None:
    record_id = sf.create("Account", Name="A", Description="d", Phone="1")
    sf.call("PATCH", f"sobjects/Account/{record_id}", {"Description": None})
    row = sf.read("Account", record_id)
    assert (row["Description"], row["Phone"]) == (None, "1")
    assert sf.refused("PATCH", f"sobjects/Account/{record_id}", {"Name": None}) == (400, "REQUIRED_FIELD_MISSING")


@pytest.mark.parametrize(
    ("given_value", "stored"),
    [
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00.000+0000"),
        ("2026-11-01T10:00:00.123+02:00", "2026-11-01T08:00:00.000+0000"),
        ("2026-11-01T10:00:00.000+0000", "2026-11-01T10:00:00.000+0000"),
    ],
)
def test_date_times_are_stored_in_utc(sf: Caller, given_value: str, stored: str) -> None:
    assert sf.read("Opportunity", sf.create("Opportunity", **DEAL, Go_Live__c=given_value))["Go_Live__c"] == stored


@pytest.mark.parametrize(
    "fields",
    [
        {"Go_Live__c": "2026-11-01T10:00:00"},
        {"Go_Live__c": "soon"},
        {"CloseDate": "2026-13-01"},
        {"Amount": "a lot"},
        {"Amount": True},
        {"Amount": 1e30},
        {"Probability": 10**9},
        {"Name": ["x"]},
        {"Name": {"a": 1}},
        {"AccountId": "005000000000000AAA"},
        {"Skills__c": "A;Z"},
        {"CurrencyIsoCode": "XXX"},
        {"Id": "006000000000000AAA"},
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_and_nothing_is_written(sf: Caller, fields: Any) -> None:
    assert sf.refused("POST", "sobjects/Opportunity", {**DEAL, **fields})[0] == 400
    assert sf.operations() == []


def test_money_keeps_every_digit_and_rounds_half_up(sf: Caller) -> None:
    deal = sf.create("Opportunity", **DEAL, Amount=1234567890123.45)
    assert '"Amount":1234567890123.45,' in sf.call("GET", f"sobjects/Opportunity/{deal}").text
    sf.call("PATCH", f"sobjects/Opportunity/{deal}", content=b'{"Amount": 0.125}')
    assert '"Amount":0.13,' in sf.call("GET", f"sobjects/Opportunity/{deal}").text


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b'{"Name": NaN}', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_no_json_object_is_a_clean_refusal(sf: Caller, body: bytes) -> None:
    answer = sf.call("POST", "sobjects/Account", content=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_text_of_ten_megabytes_is_too_long_and_an_emoji_is_not(sf: Caller) -> None:
    assert sf.refused("POST", "sobjects/Account", {"Name": "x" * 10_000_000}) == (400, "STRING_TOO_LONG")
    assert sf.read("Account", sf.create("Account", Name="🏗" * 200))["Name"] == "🏗" * 200


def test_deleting_a_customer_takes_its_deals_and_their_lines_along(sf: Caller) -> None:
    customer = sf.create("Account", Name="A")
    child = sf.create("Account", Name="B", ParentId=customer)
    deal = sf.create("Opportunity", **DEAL, AccountId=customer)
    assert sf.call("DELETE", f"sobjects/Account/{customer}").status_code == 204
    assert sf.refused("GET", f"sobjects/Opportunity/{deal}")[1] == "ENTITY_IS_DELETED"
    assert sf.read("Account", child)["ParentId"] is None
    assert sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 0
    assert sf.query("SELECT COUNT() FROM Opportunity", "queryAll")["totalSize"] == 1


def test_a_merge_moves_the_children_and_names_the_master(sf: Caller) -> None:
    master, other = sf.create("Account", Name="A"), sf.create("Account", Name="A again")
    deal = sf.create("Opportunity", **DEAL, AccountId=other)
    sf.control("salesforce/merge", {"master": master, "merged": [other]})
    assert sf.read("Opportunity", deal)["AccountId"] == master
    row = sf.query(f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{other}'", "queryAll")["records"][0]
    assert (row["IsDeleted"], row["MasterRecordId"]) == (True, master)


def test_a_deleted_record_can_be_brought_back(sf: Caller) -> None:
    record_id = sf.create("Account", Name="A")
    sf.call("DELETE", f"sobjects/Account/{record_id}")
    sf.control("salesforce/undelete", {"id": record_id})
    assert sf.read("Account", record_id)["IsDeleted"] is False


def test_a_duplicate_rule_refuses_a_second_record_of_one_name_unless_told_to_save(sf: Caller) -> None:
    first = sf.create("Account", Name="Acme")
    sf.control("customize", {"settings": {"duplicate_rules": ["Account"]}})
    refused = sf.call("POST", "sobjects/Account", {"Name": "ACME"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    found = refused.json()[0]["duplicateResult"]["matchResults"][0]["matchRecords"]
    assert [match["record"]["Id"] for match in found] == [first]
    insist = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true; runAsCurrentUser=true"}
    assert sf.call("POST", "sobjects/Account", {"Name": "ACME"}, headers=insist).status_code == 201


def test_modification_stamps_never_run_backwards(sf: Caller) -> None:
    sf.later(3600)
    first = sf.read("Account", sf.create("Account", Name="A"))["SystemModstamp"]
    sf.later(0)
    assert sf.read("Account", sf.create("Account", Name="B"))["SystemModstamp"] >= first


def test_what_has_not_changed_since_is_not_sent_again(sf: Caller) -> None:
    record_id = sf.create("Account", Name="A")
    modified = sf.call("GET", f"sobjects/Account/{record_id}").headers["last-modified"]
    again = sf.call("GET", f"sobjects/Account/{record_id}", headers={"if-modified-since": modified})
    assert (again.status_code, again.content) == (304, b"")
    described = sf.call("GET", "sobjects/Account/describe").headers["last-modified"]
    same = sf.call("GET", "sobjects/Account/describe", headers={"if-modified-since": described})
    assert same.status_code == 304


def test_only_some_fields_are_read_when_asked(sf: Caller) -> None:
    record_id = sf.create("Account", Name="A")
    answer = sf.call("GET", f"sobjects/Account/{record_id}?fields=name,Phone").json()
    assert list(answer) == ["attributes", "Name", "Phone"]
    assert sf.refused("GET", f"sobjects/Account/{record_id}?fields=Bogus") == (400, "INVALID_FIELD")


def test_a_method_a_resource_does_not_know_is_refused(sf: Caller) -> None:
    assert sf.refused("PUT", "sobjects/Account", {}) == (405, "METHOD_NOT_ALLOWED")
    assert sf.refused("POST", "query", {}) == (405, "METHOD_NOT_ALLOWED")
    assert sf.refused("DELETE", f"sobjects/User/{'0' * 15}")[0] == 400
    assert sf.refused("POST", "sobjects/OpportunityStage", {"MasterLabel": "x"})[0] == 400


def test_custom_objects_hold_records_and_point_to_their_parent(sf: Caller) -> None:
    project = {
        "name": "Project__c",
        "label": "Project",
        "fields": [
            {"name": "Key__c", "length": 40, "externalId": True, "unique": True, "required": True},
            {
                "name": "Deal__c",
                "type": "reference",
                "referenceTo": "Opportunity",
                "relationshipName": "Deal__r",
                "childRelationshipName": "Projects__r",
                "onDelete": "cascade",
            },
        ],
    }
    sf.control("customize", {"objects": [project]})
    sf.control("customize", {"objects": [project]})  # twice is the same
    deal = sf.create("Opportunity", **DEAL)
    sf.create("Project__c", Name="P", Key__c="K", Deal__c=deal)
    assert sf.refused("POST", "sobjects/Project__c", {"Name": "P"}) == (400, "REQUIRED_FIELD_MISSING")
    row = sf.query("SELECT Deal__r.Name, Deal__r.StageName FROM Project__c")["records"][0]
    assert row["Deal__r"]["Name"] == "D"
    nested = sf.query("SELECT (SELECT Key__c FROM Projects__r) FROM Opportunity")["records"][0]
    assert nested["Projects__r"]["records"][0]["Key__c"] == "K"
    sf.call("DELETE", f"sobjects/Opportunity/{deal}")
    assert sf.query("SELECT COUNT() FROM Project__c")["totalSize"] == 0


@pytest.mark.parametrize(
    "change",
    [
        [],
        {"unknown": 1},
        {"settings": {"nope": 1}},
        {"settings": {"session_seconds": "x"}},
        {"fields": [{"object": "Nope", "name": "A__c"}]},
        {"fields": [{"object": "Account", "name": "NoSuffix"}]},
        {"fields": [{"object": "Account", "name": "A__c", "type": "matrix"}]},
        {"fields": [{"object": "Account", "name": "A__c", "type": "reference"}]},
        {"fields": [{"object": "Account", "name": "A__c", "lenght": 3}]},
        {"fields": [{"object": "Account", "name": "Ext_Id__c", "length": 41}]},
        {"connectedApps": [{"consumerKey": "x", "certificate": "not a certificate"}]},
        {"users": [{"username": "nobody@example.com", "password": "x"}]},
    ],
)
def test_a_customization_that_makes_no_sense_is_a_clear_400(sf: Caller, change: Any) -> None:
    answer = sf.http.post("/__standin__/customize", json=change)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["Name", "AccountId", "Account", "Amount", "CloseDate", "Go_Live__c", "IsWon", "attributes", "Id", "Skills__c"]
)


def test_whatever_is_sent_is_saved_or_refused_but_never_a_bug(sf: Caller) -> None:
    @given(st.dictionaries(FIELDS, JSON, max_size=5))
    def check(body: Any) -> None:
        answer = sf.call("POST", "sobjects/Opportunity", {**DEAL, **body})
        assert answer.status_code in (201, 400)
        assert answer.status_code == 201 or answer.json()[0]["errorCode"]

    check()
