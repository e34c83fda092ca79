"""Fixtures of the stand-in tests."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.standins.kantata_account import Account
from tests.standins.trivial_vendor import NotesVendor
from tieline_standins.core.background import running
from tieline_standins.kantata.vendor import build


@pytest.fixture
def notes() -> Iterator[httpx2.Client]:
    """A client of a freshly started trivial stand-in."""
    with running(NotesVendor) as url, httpx2.Client(base_url=url, headers={"authorization": "secret"}) as client:
        yield client


@pytest.fixture(scope="module")
def kantata_server() -> Iterator[str]:
    """One Kantata stand-in for the tests of a module; they reset it."""
    with running(build) as url:
        yield url


@pytest.fixture
def kantata(kantata_server: str) -> Iterator[Account]:
    """An administrator's view of a Kantata account as it is after a reset; no test may leave a traceback behind."""
    with Account(kantata_server) as account:
        account.control("reset")
        yield account
        assert account.control("health", method="GET")["bugs"] == []
