"""A scripted vendor and the HTTP client of a connection to it."""

import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.sdk.scripted import Vendor, scripted
from tieline.sdk.http import HttpAnswer, OpenGate, VendorHttp


class Tokens:
    """An authorizer as connectors write them: a token, renewed once however many threads were refused."""

    def __init__(self, renewable: bool = True) -> None:
        self.renewals = 0
        self._renewable = renewable
        self._lock = threading.Lock()

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        with self._lock:
            return {"authorization": f"Bearer token-{self.renewals}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        with self._lock:
            if self._renewable and refused["authorization"] == f"Bearer token-{self.renewals}":
                self.renewals += 1
        return self._renewable


Refusal = Callable[[HttpAnswer], Exception | None]
Open = Callable[..., VendorHttp]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with scripted() as running:
        yield running


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def client(vendor: Vendor, tokens: Tokens) -> Iterator[Open]:
    """Make a client of the scripted vendor, or of any other address."""
    opened: list[VendorHttp] = []

    def make(
        *, url: str = "", timeout: float = 10.0, refusal: Refusal = lambda answer: None, signs: Tokens = tokens
    ) -> VendorHttp:
        opened.append(
            VendorHttp(
                connection="erp",
                base_url=url or vendor.url,
                authorizer=signs,
                refusal=refusal,
                gate=OpenGate(),
                timeout=timeout,
            )
        )
        return opened[-1]

    yield make
    for one in opened:
        one.close()
