"""NetSuite's refusals in business words, and anything else it may answer."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.netsuite.refusal import AlreadySubmitted, Gone, refusal
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import HttpAnswer


def answer(status: int, code: str, detail: str, path: str | None = None, **headers: str) -> HttpAnswer:
    error: dict[str, Any] = {"detail": detail, "o:errorCode": code}
    if path is not None:
        error["o:errorPath"] = path
    body = {"type": "x", "title": "Bad Request", "status": status, "o:errorDetails": [error]}
    return HttpAnswer(status, headers, jsontext.dumps(body), "netsuite")


@pytest.mark.parametrize(
    ("code", "detail", "kind", "field", "key", "words"),
    [
        (
            "USER_ERROR",
            "Error while accessing a resource. Please enter value(s) for: Subsidiary.",
            "missing_field",
            "Subsidiary",
            None,
            "wants a value for Subsidiary",
        ),
        (
            "INVALID_CONTENT",
            "Error while accessing resource: You have entered an Invalid Field Value 9999 for the following field: "
            "item",
            "master_data",
            "item",
            "9999",
            "does not know '9999' as item",
        ),
        (
            "USER_ERROR",
            "Error while accessing a resource. Invalid item reference key 17 for subsidiary 2.",
            "master_data",
            "item",
            "17",
            "does not know '17' as item",
        ),
        (
            "USER_ERROR",
            "The transaction date you specified is not within the date range of your accounting period: it is closed.",
            "closed_period",
            None,
            None,
            "period is closed or locked",
        ),
        ("USER_ERROR", "You cannot post to a locked period.", "closed_period", None, None, "period is closed"),
        ("USER_ERROR", "This record already exists", "duplicate", None, None, "another record of that name"),
        ("INVALID_REQUEST", "malformed syntax", "schema_drift", None, None, "does not know a field"),
        ("NONEXISTENT_FIELD", "no column custbody_x", "schema_drift", None, None, "does not know a field"),
        ("USER_ERROR", "Credit limit of the customer is exceeded", "business_rule", None, None, "Credit limit"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_who_mends_it(
    code: str, detail: str, kind: str, field: str | None, key: str | None, words: str
) -> None:
    error = refusal(answer(400, code, detail))
    assert isinstance(error, Rejected)
    assert (error.kind, error.field, error.key) == (kind, field, key)
    assert words in error.message
    assert error.owner == ("integration" if kind == "schema_drift" else "finance")
    assert "Error while accessing" not in error.message


def test_the_place_of_a_bad_value_is_kept_where_the_text_names_none() -> None:
    text = "You have entered an Invalid Field Value 5 for the following field: "
    error = refusal(answer(400, "INVALID_CONTENT", text, "item.items[0].item"))
    assert isinstance(error, Rejected)
    assert error.field == "item.items[0].item"


@pytest.mark.parametrize(("status", "code"), [(429, "CONCURRENCY_LIMIT_EXCEEDED"), (400, "SSS_REQUEST_LIMIT_EXCEEDED")])
def test_too_many_calls_is_a_wait_whatever_the_status(status: int, code: str) -> None:
    error = refusal(answer(status, code, "blocked"))
    assert isinstance(error, Unavailable)
    assert not isinstance(error, Unclear)
    assert error.retry_after == timedelta(seconds=2)
    wished = refusal(answer(status, code, "blocked", **{"retry-after": "17"}))
    assert isinstance(wished, Unavailable)
    assert wished.retry_after == timedelta(seconds=17)


def test_a_restlet_that_is_busy_is_a_wait_too() -> None:
    body = b'{"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "slow down"}}'
    assert isinstance(refusal(HttpAnswer(400, {}, body, "netsuite")), Unavailable)


def test_a_bad_login_and_a_missing_right_pause_the_connection() -> None:
    assert isinstance(refusal(answer(401, "INVALID_LOGIN", "Invalid login attempt.")), Unauthorized)
    error = refusal(answer(403, "INSUFFICIENT_PERMISSION", "You need the 'Invoice' permission"))
    assert isinstance(error, Unauthorized)
    assert "'Invoice' permission" in error.message


@pytest.mark.parametrize("status", [400, 409])
def test_a_known_idempotency_key_leads_to_its_job(status: int) -> None:
    error = refusal(answer(status, "IDEMPOTENCY_ERROR", "already submitted", location="/services/rest/async/v1/job/7"))
    assert isinstance(error, AlreadySubmitted)
    assert error.location.endswith("/job/7")


def test_a_record_that_is_not_there_is_gone() -> None:
    assert isinstance(refusal(answer(404, "NONEXISTENT_ID", "Record does not exist.")), Gone)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_inside_netsuite_is_left_to_the_general_rules(status: int) -> None:
    assert refusal(answer(status, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: 1")) is None


@given(status=st.sampled_from([400, 401, 403, 404, 409, 429, 500]), body=st.binary(max_size=200))
def test_bytes_that_are_no_error_never_raise(status: int, body: bytes) -> None:
    assert refusal(HttpAnswer(status, {}, body, "netsuite")) is None or status in (400, 401, 403, 404, 409, 429)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["o:errorDetails", "detail", "o:errorCode", "o:errorPath", "error", "code", "message"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(status=st.sampled_from([400, 401, 403, 404, 409, 429, 500]), body=JSON)
def test_json_of_any_shape_is_classified_or_left_alone(status: int, body: Any) -> None:
    found = refusal(HttpAnswer(status, {}, jsontext.dumps(body), "netsuite"))
    assert found is None or isinstance(found, Rejected | Unavailable | Unauthorized)
