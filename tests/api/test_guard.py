"""Only this machine asks, only our own pages change things, and every answer is safe."""

import socket
from pathlib import Path

import httpx2
import pytest

from tests.api.serving import client_of, desk_on
from tieline import api
from tieline.app.desk import Desk
from tieline.store.database import Database

BY = {"by": "Priya Raman"}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "10.0.0.1:80", ""]
)
def test_a_name_that_is_not_this_machine_is_refused(client: httpx2.Client, host: str) -> None:
    answer = client.get("/api/engagements", headers={"Host": host})
    assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:8400", "127.0.0.1", "[::1]:9", "LOCALHOST"])
def test_the_names_of_this_machine_are_taken(client: httpx2.Client, host: str) -> None:
    assert client.get("/api/engagements", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_change_from_a_foreign_page_is_refused(client: httpx2.Client, headers: dict[str, str]) -> None:
    answer = client.post("/api/exceptions/1/retry", json=BY, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.json()["error"]["message"]
    assert client.get("/api/exceptions", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Sec-Fetch-Site": "none"}]
)
def test_a_change_from_our_own_page_or_from_a_program_is_taken(client: httpx2.Client, headers: dict[str, str]) -> None:
    assert client.post("/api/exceptions/1/retry", json=BY, headers=headers).status_code == 404


def test_a_form_of_a_foreign_page_cannot_even_look_like_json(client: httpx2.Client) -> None:
    answer = client.post("/api/exceptions/1/retry", content=b'{"by":"x"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_every_answer_carries_the_safe_headers(client: httpx2.Client) -> None:
    for answer in (
        client.get("/api/engagements"),
        client.get("/api/nothing"),
        client.put("/api/engagements", json={}),
        client.get("/api/engagements", headers={"Host": "evil.example"}),
    ):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_an_unknown_method_is_told_what_is_allowed(client: httpx2.Client) -> None:
    answer = client.put("/api/engagements", json={})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert client.request("TRACE", "/api/engagements").status_code == 405


def test_a_body_of_more_than_a_megabyte_is_refused(client: httpx2.Client) -> None:
    answer = client.post("/api/pauses", content=b"x" * 1_000_001, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["error"]["message"]


def test_a_body_that_hides_its_length_is_counted(client: httpx2.Client) -> None:
    pieces = (b"x" * 65_536 for _ in range(40))
    assert client.post("/api/pauses", content=pieces).status_code == 413


def test_two_lengths_or_a_length_and_chunks_are_refused(client: httpx2.Client) -> None:
    host, port = client.base_url.host, client.base_url.port
    head = b"POST /api/pauses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for trick in (b"Content-Length: 2\r\nContent-Length: 3\r\n", b"Content-Length: x\r\n"):
        with socket.create_connection((str(host), port or 80), timeout=10) as raw:
            raw.sendall(head + trick + b"\r\n{}")
            assert raw.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))


def test_a_database_that_is_away_is_a_503_and_not_a_trace(database: str, tmp_path: Path) -> None:
    away = Database(database, size=1)
    desk: Desk = desk_on(away, tmp_path / "site")
    away.close()
    with client_of(api.build(desk)) as client:
        answer = client.get("/api/engagements")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Traceback" not in answer.text
    assert set(answer.json()["error"]) == {"message", "hint"}
