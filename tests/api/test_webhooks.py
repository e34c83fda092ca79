"""Events vendors push: signed, stored before they are answered, and harmless when they repeat."""

import base64
import hashlib
import hmac
import json
import threading
import time
from typing import Any

import httpx2
import pytest

from tests.api.serving import WEBHOOK_SECRET
from tieline.store.database import Database

EVENT = {"record": "opportunity", "id": "0068d00000abc", "version": 7}


def signed(
    body: bytes, *, event_id: str = "msg_1", at: float | None = None, secret: str = WEBHOOK_SECRET
) -> dict[str, str]:
    """Headers as the standard's own description makes them."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def push(client: httpx2.Client, body: bytes | dict[str, Any], **how: Any) -> httpx2.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/hooks/salesforce", content=raw, headers=signed(raw, **how))


def count(database: Database, table: str) -> int:
    with database.connection() as db:
        row = db.execute(f"select count(*) as n from {table}".encode()).fetchone()
    assert row is not None
    return int(row["n"])


def test_an_event_is_stored_with_its_bytes_and_wakes_its_flow(client: httpx2.Client, books: Database) -> None:
    raw = b'{"record": "opportunity",  "id": "0068d00000abc", "version": 7}'
    answer = push(client, raw)
    assert (answer.status_code, answer.json()) == (202, {"received": True, "new": True})
    with books.connection() as db:
        stored = db.execute("select connection, kind, raw, body from inbox").fetchall()
        woken = db.execute("select key from agenda").fetchall()
    assert [(row["connection"], row["kind"], bytes(row["raw"])) for row in stored] == [
        ("salesforce", "opportunity", raw)
    ]
    assert woken == [{"key": "0068d00000abc"}]


def test_a_repeat_is_answered_and_ends_there(client: httpx2.Client, books: Database) -> None:
    assert push(client, EVENT).status_code == 202
    assert push(client, EVENT).status_code == 200
    assert push(client, EVENT).json() == {"received": True, "new": False}
    assert (count(books, "inbox"), count(books, "procrastinate_jobs")) == (1, 1)


def test_fifty_repeats_at_once_are_one_event(client: httpx2.Client, books: Database) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(push(client, EVENT).status_code)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] * 49 + [202]
    assert count(books, "inbox") == 1


def test_both_signatures_of_a_rotation_are_tried(client: httpx2.Client) -> None:
    raw = json.dumps(EVENT).encode()
    headers = signed(raw)
    headers["webhook-signature"] = f"v1,AAAA v2,xx v1,!! {headers['webhook-signature']}"
    assert client.post("/hooks/salesforce", content=raw, headers=headers).status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1," + "A" * 60_000},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 201},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "9" * 40},
        {"webhook-timestamp": "1e9"},
    ],
)
def test_an_event_that_is_not_signed_as_it_should_is_refused(
    client: httpx2.Client, books: Database, change: dict[str, str]
) -> None:
    raw = json.dumps(EVENT).encode()
    answer = client.post("/hooks/salesforce", content=raw, headers={**signed(raw), **change})
    assert answer.status_code == 401
    assert count(books, "inbox") == 0


@pytest.mark.parametrize("minutes", [-6, 6, -10_000])
def test_an_old_event_or_one_from_the_future_is_refused(client: httpx2.Client, minutes: int) -> None:
    assert push(client, EVENT, at=time.time() + minutes * 60).status_code == 401


def test_the_signature_is_checked_before_the_body_is_looked_at(client: httpx2.Client) -> None:
    answer = client.post("/hooks/salesforce", content=b"{broken", headers=signed(b"other"))
    assert answer.status_code == 401


@pytest.mark.parametrize("connection", ["netsuite", "nobody", "%00", "a/b"])
def test_a_connection_without_a_secret_takes_no_events(client: httpx2.Client, connection: str) -> None:
    raw = json.dumps(EVENT).encode()
    answer = client.post(f"/hooks/{connection}", content=raw, headers=signed(raw))
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"7",
        b"[]",
        b"\xff",
        b'{"record": "opportunity", "id": NaN}',
        b'{"record": "opportunity", "id": "a\\u0000b", "version": 1}',
        b'{"record": "opportunity", "id": "\\ud800", "version": 1}',
        b'{"record": "opportunity", "id": 7, "version": 1}',
        b'{"record": "opportunity", "id": "", "version": 1}',
        b'{"record": "opportunity", "id": "x", "version": "1"}',
        b'{"record": "opportunity", "id": "x", "version": -1}',
        b'{"record": "opportunity", "id": "x", "version": ' + b"9" * 4400 + b"}",
        b'{"record": "opportunity", "id": "x", "version": 1, "amount": 5}',
        b'{"record": "payment", "id": "x", "version": 1}',
        b"[" * 200_000,
        b'{"a":' * 50_000,
        json.dumps({**EVENT, "id": "x" * 201}).encode(),
    ],
)
def test_a_signed_event_that_makes_no_sense_is_a_clear_4xx(client: httpx2.Client, books: Database, body: bytes) -> None:
    answer = push(client, body)
    assert answer.status_code in (400, 422)
    assert set(answer.json()["error"]) == {"message", "hint"}
    assert len(answer.text) < 1500
    assert count(books, "inbox") == 0


def test_an_emoji_and_an_apostrophe_are_ids_like_others(client: httpx2.Client, books: Database) -> None:
    assert push(client, {**EVENT, "id": "O'Brien 🦊"}).status_code == 202
    assert count(books, "inbox") == 1


def test_more_than_a_megabyte_is_refused_before_it_is_checked(client: httpx2.Client) -> None:
    assert push(client, b"x" * 1_000_001).status_code == 413
