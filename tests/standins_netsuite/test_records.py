"""The record service: create, update, upsert, delete, read, strictness, metadata."""

from decimal import Decimal
from typing import Any

import pytest

from tests.standins_netsuite.account import RECORDS, Caller

US: dict[str, Any] = {"subsidiary": {"externalId": "US"}}


def test_a_create_answers_only_a_location(netsuite: Caller) -> None:
    answer = netsuite.send("POST", "/customer", {"companyName": "A", **US})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].startswith(f"{netsuite.base}{RECORDS}/customer/")
    (entry,) = netsuite.ledger()
    assert (entry["operation"], entry["key"]) == ("customer.create", answer.headers["location"].rsplit("/", 1)[1])


def test_put_with_an_external_id_creates_once_and_updates_then(netsuite: Caller) -> None:
    first = netsuite.send("PUT", "/customer/eid:C%2F7", {"companyName": "A", **US})
    second = netsuite.send("PUT", "/customer/eid:C%2F7", {"phone": "1"})
    assert first.headers["location"] == second.headers["location"]
    record = netsuite.read("customer", "eid:C%2F7")
    assert (record["externalId"], record["companyName"], record["phone"]) == ("C/7", "A", "1")
    assert [entry["external_key"] for entry in netsuite.ledger("customer.upsert")] == ["C/7", "C/7"]


def test_put_on_an_internal_id_is_refused(netsuite: Caller, customer: str) -> None:
    assert netsuite.send("PUT", f"/customer/{customer}", {"phone": "1"}).status_code == 400
    assert "phone" not in netsuite.read("customer", customer)


def test_a_second_post_with_the_same_external_id_is_refused(netsuite: Caller, customer: str) -> None:
    answer = netsuite.send("POST", "/customer", {"companyName": "Other", "externalId": "C-1", **US})
    assert answer.status_code == 400
    assert netsuite.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "1"}]


def test_two_customers_cannot_have_one_name(netsuite: Caller, customer: str) -> None:
    answer = netsuite.send("POST", "/customer", {"companyName": "NORDWIND", **US})
    assert netsuite.refusal(answer)[:2] == (400, "USER_ERROR")
    netsuite.send("PATCH", f"/customer/{customer}", {"entityId": "Nordwind 1"})
    netsuite.create("customer", {"companyName": "Nordwind", **US})


def test_patch_leaves_what_it_omits_and_null_clears(netsuite: Caller, customer: str) -> None:
    netsuite.send("PATCH", f"/customer/{customer}", {"phone": "1", "email": "a@b.example"})
    netsuite.send("PATCH", f"/customer/{customer}", {"phone": None})
    record = netsuite.read("customer", customer)
    assert "phone" not in record
    assert record["email"] == "a@b.example"


def test_the_last_modified_date_moves_with_every_write(netsuite: Caller, customer: str) -> None:
    before = netsuite.read("customer", customer)["lastModifiedDate"]
    netsuite.http.post("/__standin__/clock", json={"offset_seconds": 90})
    netsuite.send("PATCH", f"/customer/{customer}", {"phone": "1"})
    record = netsuite.read("customer", customer)
    assert record["lastModifiedDate"] > before
    assert record["dateCreated"] == before


def test_missing_fields_are_named_by_their_labels(netsuite: Caller) -> None:
    _, code, text = netsuite.refusal(netsuite.send("POST", "/customer", {"phone": "1"}))
    assert code == "USER_ERROR"
    assert "Company Name, Subsidiary" in text
    netsuite.customize({"settings": {"required": {"customer": ["email"]}}})
    _, _, text = netsuite.refusal(netsuite.send("POST", "/customer", {"companyName": "A"}))
    assert "Email" in text


def test_an_unknown_reference_names_its_path(netsuite: Caller) -> None:
    answer = netsuite.send("POST", "/job", {"companyName": "P", "parent": {"externalId": "nobody"}})
    error = answer.json()["o:errorDetails"][0]
    assert (error["o:errorCode"], error["o:errorPath"]) == ("INVALID_CONTENT", "parent")
    assert "nobody" in error["detail"]


def test_a_plain_value_is_no_reference(netsuite: Caller, customer: str) -> None:
    body = {"companyName": "P", "parent": customer}
    assert netsuite.refusal(netsuite.send("POST", "/job", body))[1] == "INVALID_CONTENT"
    netsuite.customize({"settings": {"plain_references": True}})
    netsuite.create("job", body)


def test_an_unknown_property_is_ignored_unless_strictness_is_asked_for(netsuite: Caller) -> None:
    body = {"companyName": "A", "colour": "red", **US}
    strict = netsuite.send("POST", "/customer", body, X_NetSuite_PropertyNameValidation="Error")
    assert netsuite.refusal(strict)[:2] == (400, "INVALID_CONTENT")
    loose = netsuite.send("POST", "/customer", body)
    assert loose.status_code == 204
    assert "colour" in loose.headers["x-netsuite-propertyvalidation"]
    silent = netsuite.send("PATCH", "/customer/eid:none", body, X_NetSuite_PropertyNameValidation="Ignore")
    assert silent.status_code == 404


def test_a_bad_value_is_dropped_when_only_a_warning_is_asked_for(netsuite: Caller) -> None:
    body = {"companyName": "A", "creditLimit": "much", **US}
    assert netsuite.refusal(netsuite.send("POST", "/customer", body))[1] == "INVALID_CONTENT"
    answer = netsuite.send("POST", "/customer", body, X_NetSuite_PropertyValueValidation="Warning")
    assert "creditLimit" in answer.headers["x-netsuite-propertyvalidation"]


def test_a_custom_field_exists_once_an_administrator_made_it(netsuite: Caller) -> None:
    body = {"companyName": "A", "custentity_engagement": "E-1", **US}
    strict = {"X_NetSuite_PropertyNameValidation": "Error"}
    assert netsuite.send("POST", "/customer", body, **strict).status_code == 400
    row = {"record": "customer", "name": "custentity_engagement", "type": "string", "label": "Engagement"}
    netsuite.customize({"fields": [row]})
    assert netsuite.send("POST", "/customer", body, **strict).status_code == 204
    assert netsuite.rows("SELECT custentity_engagement FROM customer") == [{"custentity_engagement": "E-1"}]
    schema = netsuite.http.get(f"{RECORDS}/metadata-catalog/customer").json()["properties"]["custentity_engagement"]
    assert (schema["title"], schema["x-ns-custom-field"]) == ("Engagement", True)


def test_references_enums_and_durations_read_as_documented(netsuite: Caller, project: str) -> None:
    entry = {"employee": {"id": "1"}, "hours": "7:05", "tranDate": "2026-03-02", "customer": {"externalId": "P-1"}}
    number = netsuite.create("timeBill", entry)
    shown = netsuite.read("timeBill", number)
    assert shown["hours"] == "7:05"
    assert (shown["customer"]["id"], shown["employee"]["refName"]) == (project, "Priya Raman")
    assert shown["timeType"] == {"id": "A", "refName": "Actual Time"}
    assert netsuite.read("timeBill", number, simpleEnumFormat="true")["timeType"] == "A"
    assert set(netsuite.read("timeBill", number, fields="hours")) == {"links", "id", "hours"}
    assert netsuite.read("job", project)["actualTime"] == "7:05"


def test_sublist_lines_merge_by_key_unless_they_are_replaced(netsuite: Caller, customer: str) -> None:
    lines = [{"item": {"externalId": "SVC-EM"}, "quantity": 2, "rate": 100}, {"item": {"externalId": "SVC-SC"}}]
    order = netsuite.create("salesOrder", {"entity": {"id": customer}, "item": {"items": lines}})
    netsuite.send("PATCH", f"/salesOrder/{order}", {"item": {"items": [{"line": 1, "quantity": 3}]}})
    shown = netsuite.read("salesOrder", order, expandSubResources="true")["item"]["items"]
    assert [(line["line"], line["quantity"], line["amount"]) for line in shown] == [(1, 3, 300), (2, 1, 0)]
    body = {"item": {"items": [{"item": {"externalId": "SVC-CON"}, "rate": 5}]}}
    netsuite.send("PATCH", f"/salesOrder/{order}", body)
    netsuite.send("PATCH", f"/salesOrder/{order}?replace=item", body)
    shown = netsuite.read("salesOrder", order, expandSubResources="true")["item"]["items"]
    assert [line["item"]["refName"] for line in shown] == ["SVC-CON"]


def test_an_address_is_kept_in_the_address_book(netsuite: Caller) -> None:
    address = {"addr1": "Elm Street 1", "city": "Boston", "country": {"id": "US"}}
    book = {"items": [{"defaultBilling": True, "addressBookAddress": address}]}
    number = netsuite.create("customer", {"companyName": "A", **US, "addressBook": book})
    (line,) = netsuite.read("customer", number, expandSubResources="true")["addressBook"]["items"]
    assert line["addressBookAddress"]["country"] == {"id": "US", "refName": "United States"}
    netsuite.send(
        "PATCH",
        f"/customer/{number}",
        {"addressBook": {"items": [{"id": line["id"], "addressBookAddress": {"city": "Salem"}}]}},
    )
    (line,) = netsuite.read("customer", number, expandSubResources="true")["addressBook"]["items"]
    assert (line["addressBookAddress"]["city"], line["addressBookAddress"]["addr1"]) == ("Salem", "Elm Street 1")


def test_a_delete_leaves_a_row_in_deletedrecord(netsuite: Caller, customer: str) -> None:
    answer = netsuite.send("DELETE", f"/customer/{customer}")
    assert answer.status_code == 204
    assert "location" not in answer.headers
    assert netsuite.refusal(netsuite.send("GET", f"/customer/{customer}"))[:2] == (404, "NONEXISTENT_ID")
    assert netsuite.rows("SELECT recordid, type FROM deletedrecord") == [{"recordid": customer, "type": "customer"}]


def test_a_customer_with_a_project_cannot_be_deleted(netsuite: Caller, customer: str, project: str) -> None:
    assert netsuite.refusal(netsuite.send("DELETE", f"/customer/{customer}"))[1] == "USER_ERROR"
    netsuite.send("DELETE", f"/job/{project}")
    assert netsuite.send("DELETE", f"/customer/{customer}").status_code == 204


def test_the_seeded_account_has_what_finance_set_up(netsuite: Caller) -> None:
    items = netsuite.rows("SELECT itemid FROM item ORDER BY id")
    assert [row["itemid"] for row in items] == ["SVC-EM", "SVC-SC", "SVC-CON", "SVC-DE", "SVC-FIXED", "SVC-EXP"]
    people = netsuite.rows(
        "SELECT email, BUILTIN.DF(subsidiary) AS entity FROM employee WHERE email LIKE 'lena%' ORDER BY id"
    )
    assert people == [{"email": "lena.brandt@haldenmarsh.example", "entity": "Halden Marsh GmbH"}]
    assert netsuite.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "0"}]
    assert len(netsuite.rows("SELECT id FROM accountingperiod WHERE isyear = 'F'")) == 36


def test_the_metadata_catalog_lists_every_type(netsuite: Caller) -> None:
    catalog = netsuite.http.get(f"{RECORDS}/metadata-catalog").json()["items"]
    names = {entry["name"] for entry in catalog}
    assert {"customer", "job", "projectTask", "timeBill", "salesOrder", "invoice", "customerPayment"} <= names
    some = netsuite.http.get(
        f"{RECORDS}/metadata-catalog?select=customer,job", headers={"accept": "application/schema+json"}
    )
    assert [schema["title"] for schema in some.json()["items"]] == ["Customer", "Project"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b'{"companyName": 5}', 400),
        (b'{"companyName": "A", "subsidiary": {"id": "1e3"}}', 400),
        (b'{"companyName": "A", "subsidiary": {"id": ["1"]}}', 400),
        (b'{"companyName": "A", "subsidiary": {}}', 400),
        (b'{"companyName": "A", "subsidiary": {"id": "1"}, "addressBook": {"items": [5]}}', 400),
        (b'{"companyName": "A", "subsidiary": {"id": "1"}, "addressBook": []}', 400),
        (b'{"companyName": "A", "subsidiary": {"id": "1"}, "creditLimit": 1e400}', 400),
        (b"\xff\xfe", 400),
    ],
)
def test_malformed_bodies_are_refused_and_change_nothing(netsuite: Caller, body: bytes, status: int) -> None:
    answer = netsuite.http.post(f"{RECORDS}/customer", content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/vnd.oracle.resource+json; type=error"
    assert netsuite.ledger() == []


def test_a_text_of_ten_megabytes_is_refused_in_business_words(netsuite: Caller) -> None:
    _, code, text = netsuite.refusal(
        netsuite.send("POST", "/customer", {"companyName": "x" * 10_000_000, **US}),
    )
    assert code == "USER_ERROR"
    assert "characters" in text
    assert len(text) < 200


@pytest.mark.parametrize("name", ["O'Brien & Söhne", "🚀 Rakete", "a\u0000b", '"quoted" \\ back'])
def test_unusual_names_come_back_as_they_went_in(netsuite: Caller, name: str) -> None:
    number = netsuite.create("customer", {"companyName": name, **US})
    assert netsuite.read("customer", number)["companyName"] == name
    assert netsuite.rows("SELECT id FROM customer WHERE companyname = ?", name) == [{"id": number}]


def test_amounts_keep_their_digits(netsuite: Caller, customer: str) -> None:
    netsuite.http.request(
        "PATCH", f"{RECORDS}/customer/{customer}", content=b'{"creditLimit": 12345678901234.57}'
    ).raise_for_status()
    text = netsuite.send("GET", f"/customer/{customer}").text
    assert '"creditLimit":12345678901234.57' in text
    (row,) = netsuite.rows("SELECT creditlimit FROM customer")
    assert Decimal(row["creditlimit"]) == Decimal("12345678901234.57")
