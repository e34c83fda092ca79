"""Error answers of Kantata in plain words."""

import pytest

from tieline.connectors.kantata.refusal import Gone, refusal
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected, Unauthorized
from tieline.sdk.http import HttpAnswer


def answer(status: int, *errors: object, body: bytes | None = None) -> HttpAnswer:
    """An answer outside 2xx."""
    return HttpAnswer(status, {}, jsontext.dumps({"errors": errors}) if body is None else body, "kantata")


def complaint(message: str, field: str | None = None, kind: str = "validation") -> dict[str, str]:
    """One element of `errors`."""
    return {"type": kind, "message": message} | ({"field": field} if field else {})


@pytest.mark.parametrize(
    ("message", "field", "kind", "owner", "words"),
    [
        ("Title can't be blank", "title", "missing_field", "delivery", "Kantata wants title"),
        ("Please give your project a title", "title", "missing_field", "delivery", "Kantata wants title"),
        ("Name has already been taken", "name", "duplicate", "delivery", "another record of that name"),
        ("Role is invalid", "role_id", "master_data", "integration", "Kantata has no such role"),
        ("Date performed is in a locked period", "date", "closed_period", "finance", "the period is locked"),
        ("It has been invoiced", None, "business_rule", "finance", "it was invoiced"),
        ("The moon is full", None, "business_rule", "delivery", "a rule of Kantata refused it"),
    ],
)
def test_a_validation_is_classified_by_its_words(
    message: str, field: str | None, kind: str, owner: str, words: str
) -> None:
    error = refusal(answer(422, complaint(message, field)))
    assert isinstance(error, Rejected)
    assert (error.kind, error.owner, error.field) == (kind, owner, field)
    assert words in error.message
    assert f"(Kantata: {message})" in error.message


def test_all_complaints_are_in_the_message() -> None:
    error = refusal(answer(422, complaint("Title can't be blank", "title"), complaint("Price is odd", "price")))
    assert isinstance(error, Rejected)
    assert error.message.endswith("(Kantata: Title can't be blank; Price is odd)")


def test_statuses_mean_what_the_vendor_says() -> None:
    assert isinstance(refusal(answer(401, complaint("Invalid OAuth 2 Request", kind="oauth"))), Unauthorized)
    assert isinstance(refusal(answer(404, complaint("Not found", kind="system"))), Gone)
    system = refusal(answer(400, complaint("order is unknown", kind="system")))
    assert isinstance(system, Rejected)
    assert (system.kind, system.owner) == ("schema_drift", "integration")
    assert refusal(answer(429, complaint("Too many requests", kind="system"))) is None
    assert refusal(answer(503, complaint("Service is unavailable", kind="system"))) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"errors": 5}', b'{"errors": [1, null]}', b'{"errors": [{"message": [1]}]}', b"\xff"],
)
def test_odd_bodies_are_no_traceback(body: bytes) -> None:
    for status in (400, 401, 403, 404, 418, 422):
        error = refusal(answer(status, body=body))
        assert error is None or isinstance(error, Rejected | Unauthorized)
