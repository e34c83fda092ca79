"""What Salesforce's refusals become: plain words, the field, and who mends it."""

from datetime import timedelta

import pytest

from tieline.connectors.salesforce.refusal import refusal
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.http import HttpAnswer


def refused(status: int, body: str) -> Exception | None:
    return refusal(HttpAnswer(status, {}, body.encode(), "salesforce"))


def test_a_missing_field_is_named() -> None:
    error = refused(
        400,
        '[{"message":"Required fields are missing: [Name]","errorCode":"REQUIRED_FIELD_MISSING","fields":["Name"]}]',
    )
    assert isinstance(error, Rejected)
    assert (error.kind, error.field) == ("missing_field", "Name")
    assert error.message == "Salesforce wants a value in Name (Salesforce: Required fields are missing: [Name])"


def test_several_validation_rules_are_all_told_to_sales() -> None:
    rule = '{"message":"%s","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":[]}'
    error = refused(400, f"[{rule % 'PO number first'},{rule % 'No end date'}]")
    assert isinstance(error, Rejected)
    assert "PO number first" in error.message
    assert "No end date" in error.message
    assert (error.kind, error.owner) == ("business_rule", "sales")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID_FIELD", "schema_drift"),
        ("DUPLICATE_VALUE", "duplicate"),
        ("ENTITY_IS_DELETED", "master_data"),
        ("INVALID_CROSS_REFERENCE_KEY", "master_data"),
        ("STRING_TOO_LONG", "mapping"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "auth"),
        ("A_CODE_OF_NEXT_YEAR", "business_rule"),
    ],
)
def test_codes_become_the_kind_of_exception_a_person_can_act_on(code: str, kind: str) -> None:
    error = refused(400, f'[{{"message":"m","errorCode":"{code}"}}]')
    assert isinstance(error, Rejected)
    assert error.kind == kind


def test_an_unknown_field_is_named_although_only_the_text_names_it() -> None:
    error = refused(400, '[{"errorCode":"INVALID_FIELD","message":"No such column \'Code__c\' on sobject"}]')
    assert isinstance(error, Rejected)
    assert error.field == "Code__c"
    assert error.message.startswith("Salesforce does not know Code__c,")


def test_a_locked_row_and_a_used_up_day_are_tried_again_later() -> None:
    locked = refused(400, '[{"message":"unable to obtain exclusive access","errorCode":"UNABLE_TO_LOCK_ROW"}]')
    daily = refused(403, '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]')
    assert isinstance(locked, Unavailable)
    assert isinstance(daily, Unavailable)
    assert daily.retry_after == timedelta(minutes=15)


def test_a_closed_api_pauses_the_connection() -> None:
    error = refused(403, '[{"message":"The REST API is not enabled","errorCode":"API_DISABLED_FOR_ORG"}]')
    assert isinstance(error, Unauthorized)


def test_several_records_with_our_reference_are_a_duplicate_for_a_person() -> None:
    error = refused(300, '["/services/data/v66.0/sobjects/Tieline_Project__c/a00"]')
    assert isinstance(error, Rejected)
    assert error.kind == "duplicate"


def test_a_missing_external_id_field_is_no_missing_record() -> None:
    message = "Provided external ID field does not exist or is not accessible: Tieline_Id__c"
    error = refused(404, f'[{{"errorCode":"NOT_FOUND","message":"{message}"}}]')
    assert isinstance(error, Rejected)
    assert error.kind == "schema_drift"


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_what_has_general_rules_is_left_to_them(status: int) -> None:
    assert refused(status, '[{"message":"m","errorCode":"SERVER_UNAVAILABLE"}]') is None


@pytest.mark.parametrize("body", ["", "<html>", "{}", "[1]", "null", "[" * 5000, '[{"errorCode":{},"fields":7}]'])
def test_a_body_of_any_form_never_breaks_the_classification(body: str) -> None:
    assert isinstance(refused(400, body), Rejected | None)
