"""A prepared Kantata stand-in and Tieline's connection to it."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.connectors.kantata.delivery import Delivery, ensure, project
from tieline.sdk.connected import Connected
from tieline.sdk.roles import Psa


@pytest.fixture
def delivery() -> Iterator[Delivery]:
    from tieline_standins.core.background import running
    from tieline_standins.kantata.vendor import build

    with running(build) as url, httpx2.Client(base_url=url, trust_env=False) as http:
        delivery = Delivery(url, http)
        delivery.prepare()
        yield delivery
        health = delivery.control("GET", "health")
        assert health["ok"], health["bugs"]


@pytest.fixture
def connecting(delivery: Delivery) -> Iterator[Callable[..., Connected]]:
    """Makes connections with other options; closes them all."""
    made: list[Connected] = []

    def make(**options: Any) -> Connected:
        made.append(delivery.connect(**options))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def connected(connecting: Callable[..., Connected]) -> Connected:
    return connecting()


@pytest.fixture
def psa(connected: Connected) -> Psa:
    assert connected.psa is not None
    return connected.psa


@pytest.fixture
def workspace(psa: Psa) -> str:
    """A project of ours in Kantata."""
    return ensure(psa.ensure_project, project())
