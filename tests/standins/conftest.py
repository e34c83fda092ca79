"""Fixtures of the stand-in tests."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.standins.trivial_vendor import NotesVendor
from tieline_standins.core.background import running


@pytest.fixture
def notes() -> Iterator[httpx2.Client]:
    """A client of a freshly started trivial stand-in."""
    with running(NotesVendor) as url, httpx2.Client(base_url=url, headers={"authorization": "secret"}) as client:
        yield client
