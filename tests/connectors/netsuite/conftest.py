"""A prepared NetSuite stand-in and Tieline's connection to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.connectors.netsuite.ledgers import Connecting, Ledgers
from tieline.sdk.connected import Connected
from tieline.sdk.roles import Erp


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[Ledgers]:
    from tieline_standins.core.background import running
    from tieline_standins.netsuite import NetSuite

    with running(NetSuite) as url, httpx2.Client(base_url=url, trust_env=False) as http:
        ledgers = Ledgers(url, http, tmp_path)
        ledgers.prepare()
        yield ledgers
        health = ledgers.control("GET", "health")
        assert health["ok"], health["bugs"]


@pytest.fixture
def connecting(ledgers: Ledgers) -> Iterator[Connecting]:
    """Makes connections with other options; closes them all."""
    made: list[Connected] = []

    def make(*args: Any, **options: Any) -> Connected:
        made.append(ledgers.connect(*args, **options))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def connected(connecting: Connecting) -> Connected:
    return connecting()


@pytest.fixture
def erp(connected: Connected) -> Erp:
    assert connected.erp is not None
    return connected.erp
