"""The wire: how answers end, which connections are used again, and what certificates are worth."""

import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sdk.conftest import Open
from tests.sdk.scripted import Answering, Vendor, scripted
from tieline.sdk import http as sdk_http
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.wire import MOST_HEAD


def says(vendor: Vendor, *answers: bytes) -> None:
    """Raw bytes; the connection is cut behind them."""
    vendor.replies += [partial(Answering.cut, sent=answer) for answer in answers]


def connections(vendor: Vendor) -> Callable[[], int]:
    """How many connections were opened so far."""
    ports: set[int] = set()
    replies, vendor.replies = vendor.replies, []

    def noted(reply: Callable[[Answering], None], request: Answering) -> None:
        ports.add(request.client_address[1])
        reply(request)

    vendor.replies += [partial(noted, reply) for reply in replies]
    return lambda: len(ports)


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\n\r\n{"id": 7}',
        b'HTTP/1.0 200 OK\r\n\r\n{"id": 7}',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"id": 7}',
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b'4\r\n{"id\r\n5;x=y\r\n": 7}\r\n0\r\nlate: trailer\r\n\r\n',
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b'{"id": 7}'),
    ],
    ids=["no length", "an old version", "told to go on", "chunks with a trailer", "packed"],
)
def test_an_answer_is_complete_however_it_tells_its_end(vendor: Vendor, client: Open, answer: bytes) -> None:
    says(vendor, answer)
    found = client().get("/x")
    assert (found.json(), "late" in found.headers) == ({"id": 7}, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b'{"id": 7}')[:-4],
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * (MOST_HEAD + 200_000),
    ],
    ids=["two lengths", "two answers", "another protocol", "another packing", "half unpacked", "an endless head"],
)
def test_an_answer_that_is_not_what_was_asked_for_is_unclear(vendor: Vendor, client: Open, answer: bytes) -> None:
    says(vendor, answer)
    vendor.says(200, b'{"id": 8}')
    one = client()
    with pytest.raises(Unclear, match="broke off"):
        one.request("POST", "/x", write=True)
    assert one.get("/x").json() == {"id": 8}, "nothing of it is taken for the next answer"


def test_a_connection_is_used_again_unless_the_vendor_has_closed_it_or_says_so(vendor: Vendor, client: Open) -> None:
    gone = threading.Event()

    def close_afterwards(request: Answering) -> None:
        request.reply()
        request.wfile.flush()
        request.connection.shutdown(socket.SHUT_RDWR)
        request.close_connection = True
        gone.set()

    for _ in range(2):
        vendor.says()
    vendor.replies.append(close_afterwards)
    vendor.says(200, b"{}", connection="close")
    vendor.says()
    opened, one = connections(vendor), client()
    for calls, expected in ((3, 1), (1, 2), (1, 3)):
        for _ in range(calls):
            assert one.request("POST", "/x", write=True).json() == {}
        assert gone.wait(20)
        assert opened() == expected


def test_a_refusal_that_comes_before_all_was_sent_is_read(client: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=refuse)
        thread.start()
        one = client(url=f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(Rejected, match="status 413"):
            one.request("POST", "/x", write=True, content=b"x" * 8_000_000)
        thread.join(20)


def test_calls_under_way_break_off_when_their_connections_are_closed(vendor: Vendor, client: Open) -> None:
    arrived, one = threading.Event(), client(timeout=60)

    def silent(request: Answering) -> None:
        arrived.set()
        request.rfile.read(1)

    def close() -> None:
        arrived.wait(20)
        one.close()

    vendor.replies.append(silent)
    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(Unavailable, match="broke off"):
        one.get("/x")
    closing.join(20)
    with pytest.raises(Unavailable, match="closed"):
        one.get("/x")


def test_nothing_in_an_address_or_a_header_ends_its_line(vendor: Vendor, client: Open) -> None:
    vendor.says()
    one = client(url=f"{vendor.url}/base/")
    one.get("/a b\r\nx: 1?q=é", params={"name": "Müller & Söhne"})
    assert [path for _, path, _, _ in vendor.seen] == [
        "/base/a%20b%0D%0Ax:%201?q=%C3%A9&name=M%C3%BCller+%26+S%C3%B6hne"
    ]
    with pytest.raises(ValueError, match="control characters"):
        one.get("/x", headers={"prefer": "a\r\nx: 1"})
    assert len(vendor.seen) == 1


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", "https://"])
def test_what_is_no_address_is_told_when_the_connection_is_made(client: Open, url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        client(url=url)


def test_only_a_vendor_with_a_certificate_for_its_address_is_spoken_to(
    client: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key, certificate = _certificate()
    (tmp_path / "both.pem").write_bytes(key + certificate)
    served, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    served.load_cert_chain(tmp_path / "both.pem")
    trusting.load_verify_locations(cadata=certificate.decode())
    with scripted(served) as vendor:
        vendor.says()
        with pytest.raises(Unavailable, match=r"cannot be reached.*certificate") as caught:
            client(url=vendor.url).request("POST", "/x", write=True)
        assert not isinstance(caught.value, Unclear)
        assert vendor.seen == []
        monkeypatch.setattr(sdk_http, "_tls", lambda: trusting)
        with pytest.raises(Unavailable, match=r"cannot be reached.*localhost"):
            client(url=vendor.url.replace("127.0.0.1", "localhost")).get("/x")
        one = client(url=vendor.url)
        assert [one.request("POST", "/x", write=True).status for _ in range(3)] == [200] * 3


def _certificate() -> tuple[bytes, bytes]:
    """Key and certificate of 127.0.0.1, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vendor")])
    start = datetime.now(UTC) - timedelta(days=1)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)
