"""No secret reaches a log, whichever way it comes: as a value, in a text, in a traceback, or from a library."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tests.api.serving import WEBHOOK_SECRET, desk_on
from tieline.app import logs
from tieline.sdk.secrets import HIDDEN, know_secret, scrub, scrubbed
from tieline.store.database import Database

PLANTED = "s3cr3t/Planted+Value=="


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure("debug", stream)
    know_secret(PLANTED)
    yield stream
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def _raise(text: str) -> None:
    inner = text
    raise ValueError(f"cannot sign in with {inner}")


def test_a_planted_secret_is_hidden_on_every_way_into_the_log(log: io.StringIO) -> None:
    ours, library = structlog.get_logger(), logging.getLogger("procrastinate.worker")
    ours.info("event " + PLANTED, token=PLANTED, nested={"a": [PLANTED, {PLANTED: 1}], "b": (PLANTED,)})
    ours.info("bytes", body=PLANTED.encode(), error=ValueError(PLANTED), path=Path("/x") / "y", none=None, count=3)
    ours.info("address", url="https://erp.example/?key=s3cr3t%2FPlanted%2BValue%3D%3D")
    library.warning("job failed: %s", PLANTED)
    try:
        _raise(PLANTED)
    except ValueError:
        ours.exception("failed")
        library.exception("failed")
    try:
        try:
            _raise(PLANTED)
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        ours.exception("chained")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    text = repr(lines)
    assert "s3cr3t" not in text
    assert text.count(HIDDEN) == 12
    assert len(lines) == 7
    assert lines[1]["count"] == 3


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.DEF-123456", "abc.DEF-123456"),
        ("{'authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ('{"access_token": "00D5f!AQEAQ"}', "00D5f!AQEAQ"),
        ("client_secret=hunter2hunter2&x=1", "hunter2hunter2"),
        ("password: correct-horse", "correct-horse"),
        ("postgresql://tieline:opensesame@db:5432/tieline", "opensesame"),
        ("secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "C2FVsBQIhrscChlQIMV"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dGhpcyBpcyBzaWduZWQ", "dGhpcyBpcyBzaWduZWQ"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY----- after", "MIIEvQIBADAN"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADAN", "MIIEvQIBADAN"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_named_it(text: str, secret: str) -> None:
    assert secret not in scrub(text)
    assert HIDDEN in scrub(text)


def test_a_short_secret_within_another_does_not_lay_it_open() -> None:
    know_secret("whsec_")
    know_secret("b5sSYspob7oD tail")
    assert scrub("secret whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD tail, and more") == f"secret {HIDDEN}, and more"


@pytest.mark.parametrize(
    "text",
    [
        "Customer in ERP confirmed for engagement eng_0af31",
        "Kantata role 'Sr. Architect' has no service item in NetSuite",
        "the session of Tom ended; his token entry waits",
        "https://netsuite.example/record/v1/customer/1207?expand=true",
    ],
)
def test_business_words_stay_readable(text: str) -> None:
    assert scrub(text) == text


def test_the_secrets_of_a_site_are_known_as_soon_as_they_are_read(database: str, tmp_path: Path) -> None:
    opened = Database(database)
    desk = desk_on(opened, tmp_path / "site")
    assert desk.webhook_secret("salesforce") == WEBHOOK_SECRET
    assert scrub(f"event of {WEBHOOK_SECRET[6:20]}") == f"event of {WEBHOOK_SECRET[6:20]}"
    assert scrub(f"({WEBHOOK_SECRET})") == f"({HIDDEN})"
    opened.close()


ANYTHING = st.recursive(
    st.text() | st.integers() | st.none() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_is_logged_is_scrubbed_without_an_error(value: object) -> None:
    know_secret(PLANTED)
    assert PLANTED not in repr(scrubbed({"x": value, "y": [value, PLANTED]}))


def test_a_short_word_is_no_secret_and_old_secrets_are_forgotten_in_the_end() -> None:
    know_secret("abc")
    assert scrub("abc") == "abc"
    know_secret("first-of-very-many")
    for number in range(600):
        know_secret(f"token-{number:06d}")
    assert scrub("first-of-very-many token-000599") == f"first-of-very-many {HIDDEN}"
    know_secret(PLANTED)
