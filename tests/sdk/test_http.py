"""Calls over HTTP: which answer becomes which of the three errors, and what a vendor cannot do to us."""

import gzip
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.sdk.conftest import Open, Tokens
from tests.sdk.scripted import Answering, Vendor
from tieline.sdk import http as sdk_http
from tieline.sdk.errors import Failing, NotSent, Rejected, Throttled, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import MAX_ANSWER, HttpAnswer, excerpt, nothing_is_sent, send_window


@pytest.mark.parametrize(
    ("status", "write", "error"),
    [
        (400, True, Rejected),
        (404, False, Rejected),
        (409, True, Rejected),
        (302, False, Rejected),
        (304, False, Rejected),
        (403, True, Rejected),
        (429, True, Throttled),
        (429, False, Throttled),
        (500, False, Failing),
        (503, False, Failing),
        (500, True, Unclear),
        (502, True, Unclear),
        (503, True, Unclear),
        (504, True, Unclear),
        (599, True, Unclear),
    ],
)
def test_a_status_becomes_one_of_the_three_errors(
    vendor: Vendor, client: Open, status: int, write: bool, error: type[Exception]
) -> None:
    vendor.says(status, b"" if status == 304 else b'{"message": "no"}')
    with pytest.raises(error) as caught:
        client().request("POST" if write else "GET", "/x", write=write)
    assert type(caught.value) is error
    assert str(caught.value).startswith("erp: ")


def test_the_vendors_own_codes_come_before_the_status(vendor: Vendor, client: Open) -> None:
    def refusal(answer: HttpAnswer) -> Exception | None:
        return Rejected("erp", "The period is closed", kind="closed_period") if b"PERIOD" in answer.body else None

    vendor.says(500, b'{"code": "PERIOD"}')
    with pytest.raises(Rejected, match="The period is closed"):
        client(refusal=refusal).request("POST", "/x", write=True)


def test_a_refusal_tells_what_the_vendor_said_in_one_printable_line(vendor: Vendor, client: Open) -> None:
    vendor.says(400, b"line 1\r\n\x1b[31mline 2\x00 \xff" + b"x" * 5000)
    with pytest.raises(Rejected) as caught:
        client().get("/x")
    assert "line 1 [31mline 2" in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


def test_an_excerpt_is_cut_and_printable() -> None:
    assert excerpt("ä".encode() * 1000, 10) == "ä" * 10
    assert excerpt(b"\x00\x07") == ""


def test_nobody_listens_is_unavailable_even_for_a_write(client: Open) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            client(url=url).request("POST", "/x", write=True)
    assert not isinstance(caught.value, Unclear)


@pytest.mark.parametrize(("write", "error"), [(True, Unclear), (False, Unavailable)])
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x00\x01 this is no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\n\r\nno gzip!",
    ],
    ids=["no answer", "half a body", "a broken chunk", "no HTTP", "a broken encoding"],
)
def test_a_call_that_breaks_off_is_unclear_for_a_write_only(
    vendor: Vendor, client: Open, sent: bytes, write: bool, error: type[Exception]
) -> None:
    vendor.replies.append(lambda request: request.cut(sent))
    with pytest.raises(error, match="broke off") as caught:
        client().request("POST" if write else "GET", "/x", write=write)
    assert type(caught.value) is error


def test_a_vendor_that_is_silent_too_long_is_left(vendor: Vendor, client: Open) -> None:
    answered = threading.Event()

    def silent(request: Answering) -> None:
        answered.wait(20)
        request.reply()

    vendor.replies.append(silent)
    with pytest.raises(Unclear, match="broke off"):
        client(timeout=0.2).request("POST", "/x", write=True)
    answered.set()


def test_a_body_that_drips_for_ever_is_left(vendor: Vendor, client: Open) -> None:
    gone = threading.Event()

    def drip(request: Answering) -> None:
        request.send_response(200)
        request.send_header("transfer-encoding", "chunked")
        request.end_headers()
        try:
            while not gone.wait(0.05):
                request.wfile.write(b"1\r\nx\r\n")
        finally:
            gone.set()

    vendor.replies.append(drip)
    with pytest.raises(Unavailable, match="took too long"):
        client(timeout=0.4).get("/x")
    assert gone.wait(10), "our side closed the connection"


def test_an_answer_over_the_cap_is_a_failed_call_and_one_below_it_is_not(vendor: Vendor, client: Open) -> None:
    vendor.says(200, b"x" * MAX_ANSWER)
    vendor.says(200, b"x" * (MAX_ANSWER + 1))
    vendor.says(200)
    one = client()
    assert len(one.get("/x").body) == MAX_ANSWER
    with pytest.raises(Unavailable, match=f"larger than {MAX_ANSWER} bytes"):
        one.get("/x")
    assert one.get("/x").json() == {}, "the next call has a connection of its own"


def test_a_small_answer_that_unpacks_to_gigabytes_is_left_early(vendor: Vendor, client: Open) -> None:
    packed = gzip.compress(bytes(64 * 1024 * 1024), 9)
    vendor.says(200, packed, content_encoding="gzip")
    with pytest.raises(Unavailable, match="larger than"):
        client().get("/x")


def test_a_page_with_status_200_that_is_no_json_is_unclear(vendor: Vendor, client: Open) -> None:
    vendor.says(200, b"<html>Maintenance</html>")
    with pytest.raises(Unclear, match="something that is not JSON"):
        client().request("POST", "/x", write=True).json()


def test_a_write_that_waited_too_long_after_its_intent_is_not_sent(
    vendor: Vendor, client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.says()
    one = client()
    monkeypatch.setattr(sdk_http, "SEND_WINDOW", -1.0)
    with send_window(time.monotonic()):
        with pytest.raises(NotSent, match="was not sent"):
            one.request("POST", "/x", write=True)
        assert vendor.seen == []
        monkeypatch.setattr(sdk_http, "SEND_WINDOW", 60.0)
        one.get("/x")
        with pytest.raises(NotSent, match="was not sent"):
            one.request("POST", "/x", write=True)  # the answer of a read says nothing about whose turn it is
    assert [method for method, _, _, _ in vendor.seen] == ["GET"]


def test_an_intent_that_is_still_ours_is_renewed_and_sent(vendor: Vendor, client: Open) -> None:
    vendor.says()
    answers = iter([True])
    with send_window(time.monotonic(), -1.0, renew=lambda: next(answers)):
        assert client().request("POST", "/x", write=True).status == 200
        assert client().request("POST", "/x", write=True).status == 200


def test_a_write_whose_author_was_replaced_between_its_calls_is_unclear(vendor: Vendor, client: Open) -> None:
    vendor.says()
    with send_window(time.monotonic(), 60, renew=lambda: False) as window:
        client().request("POST", "/x", write=True)
        window.until = -1.0
        with pytest.raises(Unclear, match="the rest of the write"):
            client().request("POST", "/x", write=True)
    assert len(vendor.seen) == 1


def test_outside_a_send_window_a_write_has_no_time_limit(vendor: Vendor, client: Open) -> None:
    vendor.says()
    with send_window(time.monotonic()):
        pass
    assert client().request("POST", "/x", write=True).status == 200


def test_a_refused_token_is_renewed_once_and_the_call_made_again(vendor: Vendor, client: Open, tokens: Tokens) -> None:
    vendor.says(401)
    vendor.says(200, b'{"id": 7}')
    assert client().request("POST", "/x", write=True, json={"a": 1}).json() == {"id": 7}
    assert [headers["authorization"] for _, _, headers, _ in vendor.seen] == ["Bearer token-0", "Bearer token-1"]
    assert [body for _, _, _, body in vendor.seen] == [b'{"a":1}'] * 2
    assert tokens.renewals == 1


def test_a_token_that_stays_refused_is_told_and_not_tried_for_ever(vendor: Vendor, client: Open) -> None:
    vendor.says(401)
    with pytest.raises(Unauthorized, match="refused our credentials"):
        client().get("/x")
    assert len(vendor.seen) == 2


def test_credentials_that_cannot_be_renewed_are_told_at_once(vendor: Vendor, client: Open) -> None:
    vendor.says(401)
    with pytest.raises(Unauthorized):
        client(signs=Tokens(renewable=False)).get("/x")
    assert len(vendor.seen) == 1


def test_eight_threads_that_meet_an_expired_token_renew_it_once(vendor: Vendor, client: Open, tokens: Tokens) -> None:
    all_refused = threading.Barrier(8)

    def answer(request: Answering) -> None:
        if request.headers["authorization"] == "Bearer token-0":
            all_refused.wait(20)
            request.reply(401)
        else:
            request.reply()

    vendor.replies.append(answer)
    one = client()
    with ThreadPoolExecutor(8) as pool:
        assert [found.status for found in pool.map(lambda _: one.get("/x"), range(8))] == [200] * 8
    assert tokens.renewals == 1
    assert len(vendor.seen) == 16


def test_cookies_are_never_sent_back(vendor: Vendor, client: Open) -> None:
    vendor.says(200, b"{}", set_cookie="session=abc; Path=/")
    one = client()
    one.get("/x")
    one.get("/x")
    assert all("cookie" not in {name.lower() for name in headers} for _, _, headers, _ in vendor.seen)


def test_a_redirect_is_not_followed(vendor: Vendor, client: Open) -> None:
    vendor.says(307, b"", location="http://169.254.169.254/latest/meta-data")
    with pytest.raises(Rejected, match="status 307"):
        client().get("/x")
    assert len(vendor.seen) == 1


def test_a_proxy_of_the_environment_is_not_used(vendor: Vendor, client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    vendor.says()
    assert client().get("/x").status == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", 7), ("0", 1), ("999999", 3600), ("Wed, 21 Oct 2015 07:28:00 GMT", 1), ("soon", None), (None, None)],
)
def test_a_429_carries_the_vendors_own_wish(
    vendor: Vendor, client: Open, header: str | None, expected: int | None
) -> None:
    vendor.says(429, b"", **({"retry_after": header} if header else {}))
    with pytest.raises(Unavailable) as caught:
        client().get("/x")
    assert caught.value.retry_after == (timedelta(seconds=expected) if expected else None)


def test_in_a_preview_reads_go_on_and_no_write_leaves_the_house(vendor: Vendor, client: Open) -> None:
    vendor.says(200, b"{}")
    vendor.says(200, b"{}")
    http = client()
    with nothing_is_sent(), send_window(time.monotonic()):
        assert http.get("/x").status == 200
        with pytest.raises(NotSent, match="preview"):
            http.request("POST", "/x", write=True)
    assert http.request("POST", "/x", write=True).status == 200
