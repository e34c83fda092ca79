"""Calls to typed addresses: what is refused before anything is sent, and what a name that lies gains."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.security.listener import Listener, listening
from tieline.security.outbound import Denied, checked_addresses, is_public, post, target_of


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://example.com:8443/hook",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "//example.com",
        "example.com",
        "",
        "https://example.com:99999/",
        "https://[::1",
        "https://exa mple.com/",
        "https://example.com/\r\nX-Evil: 1",
        "https://" + "a" * 300 + ".com/",
    ],
)
def test_an_address_that_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(Denied):
        target_of(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.8", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
        "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1",
        "2001:0:1::1", "ff02::1", "not an address",
    ],
)  # fmt: skip
def test_an_inner_address_is_not_public_whatever_its_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_every_way_to_write_this_machine_is_refused_after_it_was_resolved(host: str) -> None:
    target = target_of(f"https://{host}/")
    with pytest.raises((Denied, OSError)):
        checked_addresses(target)


def test_one_inner_address_among_several_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("1.1.1.1", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: answers)
    with pytest.raises(Denied, match=r"10\.0\.0\.5"):
        checked_addresses(target_of("https://rebinding.example/"))


def test_the_call_goes_to_the_address_that_was_checked_and_is_resolved_once(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **more: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "hooks.example" and asked.count(host) == 1 else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    place = f"hooks.example:{listener.server_port}"
    assert post(target_of(f"http://{place}/a?b=c", (place,)), b"{}", {"x": "y"}) == 200
    ((path, headers, body),) = listener.came
    assert (path, headers["host"], headers["x"], body) == ("/a?b=c", place, "y", b"{}")
    assert asked.count("hooks.example") == 1


def test_a_redirect_is_an_answer_and_not_followed(listener: Listener) -> None:
    listener.status, listener.headers = 302, {"location": f"http://{listener.place}/inner"}
    assert post(target_of(f"http://{listener.place}/", (listener.place,)), b"{}", {}) == 302
    assert [path for path, _, _ in listener.came] == ["/"]


def test_what_the_site_allows_is_that_host_and_port_alone(listener: Listener) -> None:
    for allow in ((), ("127.0.0.1:1",), ("127.0.0.1",), (f"localhost:{listener.server_port}",)):
        with pytest.raises(Denied):
            target_of(f"http://{listener.place}/", allow)
    assert listener.came == []
