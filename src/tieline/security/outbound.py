"""Calls to an address somebody typed into the settings: https only, every resolved address checked, no redirects.

The name is resolved once for each call, every address of it is checked, and the connection goes to the checked one, so
that a name that changes its mind between check and use gains nothing.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 30.0
LARGEST_ANSWER = 10_000
_DENIED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "fd00:ec2::254/128",
    )
)
"""Beyond what is not global: translated and tunnelled addresses may hide an inner one."""


class Denied(Exception):
    """The address may not be called; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called."""

    address: SplitResult
    host: str
    port: int
    inner: bool
    """The site allows it although it is plain or not public."""


def target_of(url: str, allow: tuple[str, ...] = ()) -> Target:
    """What a URL means, checked without asking the network. Raises Denied."""
    try:
        address = urlsplit(url)
        port = address.port
        host = (address.hostname or "").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError) as error:
        raise Denied(f"'{url[:200]}' is no address such as https://example.com/alerts") from error
    port = port or (80 if address.scheme == "http" else 443)
    inner = f"{host}:{port}" in allow
    if not host or address.scheme not in ("http", "https"):
        raise Denied(f"'{url[:200]}' is no address such as https://example.com/alerts")
    if address.username is not None or address.password is not None:
        raise Denied("an address must not carry a user or password")
    if any(ord(char) < 33 or ord(char) == 127 for char in url):
        raise Denied("an address must not hold blanks or control characters")
    if not inner and address.scheme != "https":
        raise Denied(f"plain http is refused; use https, or add '{host}:{port}' to `allow`")
    if not inner and port != 443:
        raise Denied(f"port {port} is refused; use 443, or add '{host}:{port}' to `allow`")
    return Target(address, host, port, inner)


def checked_addresses(target: Target) -> list[str]:
    """Every IP address of the host, each of them allowed. Raises Denied, or OSError when the name is unknown."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    if not target.inner:
        for address in addresses:
            if not is_public(address):
                raise Denied(f"{target.host} leads to {address}, which is not a public address; see `allow`")
    return addresses


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet, also behind its disguises."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    inside = any(address in network for network in _DENIED if network.version == address.version)
    return address.is_global and not address.is_multicast and not address.is_reserved and not inside


class _Plain(http.client.HTTPConnection):
    """To the addresses that were checked, whatever the name resolves to meanwhile."""

    def __init__(self, target: Target, addresses: list[str]) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT)
        self._addresses = addresses

    def connect(self) -> None:
        """The first address that answers."""
        for number, address in enumerate(self._addresses, 1):
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
            except OSError:
                if number == len(self._addresses):
                    raise
            else:
                return


class _Secure(_Plain):
    """The same over TLS, with the certificate checked against the name."""

    def connect(self) -> None:
        """Connect and shake hands."""
        super().connect()
        self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body and return the status; an answer's text is read up to a small limit and thrown away.

    Raises Denied, or OSError / HTTPException when nobody answers properly.
    """
    addresses = checked_addresses(target)
    kind = _Secure if target.address.scheme == "https" else _Plain
    connection = kind(target, addresses)
    path = target.address.path or "/"
    try:
        connection.request("POST", f"{path}?{target.address.query}" if target.address.query else path, body, headers)
        answer = connection.getresponse()
        answer.read(LARGEST_ANSWER)
        return answer.status
    finally:
        connection.close()
