"""Broken, hostile and rare answers of the server become one of the three errors, never a traceback."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.connectors.tryton.scripted import Scripted, error, result
from tieline.sdk.errors import Rejected, Throttled, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import MAX_ANSWER


def read(script: Scripted) -> Any:
    return script.client.rows("party.party", [], ["name"])


def write(script: Scripted) -> Any:
    return script.client.create("party.party", [{"name": "x"}])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>maintenance</html>",
        b"[]",
        b'{"id": 0}',
        b'"result"',
        b'{"id": 0, "result": "\\u0000"}',
        b"[" * 100_000,
        result("ten"),
        result([{"name": "no id"}]),
        result([{"id": "1"}]),
        result([["id", 1]]),
        result({"id": 1}),
        result([{"id": 1, "name": {"__class__": "date", "year": 0}}]),
    ],
)
def test_an_answer_in_another_form_is_unavailable_for_a_read_and_unclear_for_a_write(
    script: Scripted, body: bytes
) -> None:
    script.answer = (200, body)
    with pytest.raises(Unavailable):
        read(script)
    with pytest.raises(Unclear):
        write(script)


def test_an_answer_of_fewer_ids_than_records_is_unclear(script: Scripted) -> None:
    script.answer = (200, result([]))
    with pytest.raises(Unclear):
        write(script)


def test_an_answer_without_end_is_cut_off(script: Scripted) -> None:
    script.zipped = True
    script.answer = (200, b'{"result": "' + b"x" * MAX_ANSWER)
    with pytest.raises(Unavailable, match="larger than"):
        read(script)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (("UserError", ['The value for field "Party" in "Invoice" is required.', "", None]), "missing_field", "Party"),
        (("UserError", ['The period "2026-03" is closed.', "", None]), "closed_period", "2026-03"),
        (("UserError", ["Something else.", "And why.", None]), "business_rule", "Something else. And why."),
        (("UserError", "no list"), "business_rule", "no list"),
        (("UserError", []), "business_rule", "gave no reason"),
        (("UserWarning", ["name", "The date is in the past.", ""]), "approval", "a person to confirm: The date"),
        (("'shoe_size'", "Traceback (most recent call last)"), "schema_drift", "'shoe_size'"),
        ((), "schema_drift", "Tryton failed inside"),
    ],
)
def test_a_refusal_says_why_in_plain_words(script: Scripted, fault: tuple[Any, ...], kind: str, words: str) -> None:
    script.answer = (200, error(*fault))
    with pytest.raises(Rejected, match=words) as refused:
        write(script)
    assert refused.value.kind == kind
    assert "Traceback" not in refused.value.message


def test_a_record_changed_by_somebody_else_is_looked_at_again(script: Scripted) -> None:
    script.answer = (200, error("ConcurrencyException", "Records have been modified"))
    with pytest.raises(Unavailable, match="changed by somebody else") as raised:
        write(script)
    assert not isinstance(raised.value, Unclear)


def test_a_failing_database_leaves_a_write_unclear(script: Scripted) -> None:
    script.answer = (200, error("server closed the connection unexpectedly", "Traceback"))
    with pytest.raises(Unclear):
        write(script)
    with pytest.raises(Unavailable):
        read(script)


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (403, Rejected),
        (404, Unauthorized),
        (400, Rejected),
        (413, Rejected),
        (429, Throttled),
        (500, Unclear),
        (504, Unclear),
    ],
)
def test_a_status_outside_2xx_has_its_meaning(script: Scripted, status: int, raised: type[Exception]) -> None:
    script.answer = (status, b"<html>")
    with pytest.raises(raised) as caught:
        write(script)
    assert type(caught.value) is raised


def test_wrong_credentials_pause_the_connection(script: Scripted) -> None:
    script.sign_in = (401, b"")
    with pytest.raises(Unauthorized, match="user or password"):
        read(script)
    script.sign_in = (200, error("LoginException", ["code", "Code of the second factor", "char"]))
    with pytest.raises(Unauthorized, match="second factor"):
        read(script)
    script.sign_in = (200, result({"uid": 1}))
    with pytest.raises(Unavailable, match="form we do not know"):
        read(script)


def test_a_session_that_is_refused_again_pauses_the_connection(script: Scripted) -> None:
    script.answer = (401, b"")
    with pytest.raises(Unauthorized):
        read(script)
    assert script.sign_ins == 2


def test_an_expired_session_is_renewed_once_for_all_threads(script: Scripted) -> None:
    client = script.client
    client.context()
    script.first_session_ends_for = threading.Barrier(8)
    script.answer = (200, result([{"id": 1, "name": "x"}]))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: client.rows("party.party", [], ["name"]), range(8)))
    assert answers == [[{"id": 1, "name": "x"}]] * 8
    assert script.sign_ins == 2
