"""A prepared Salesforce stand-in and Tieline's connection to it; and a vendor that answers by script."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.connectors.salesforce.org import CLIENT_ID, CLIENT_SECRET, Connecting, Org
from tests.connectors.salesforce.scripted import ORG, Scripted, scripted_vendor
from tieline.connectors.salesforce import connect
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.http import OpenGate
from tieline.sdk.roles import Crm


@pytest.fixture
def org() -> Iterator[Org]:
    from tieline_standins.core.background import running
    from tieline_standins.salesforce import build

    with running(build) as url, httpx2.Client(base_url=url, trust_env=False) as http:
        org = Org(url, http)
        org.prepare()
        yield org
        health = org.control("GET", "health")
        assert health["ok"], health["bugs"]


@pytest.fixture
def connecting(org: Org) -> Iterator[Connecting]:
    """Makes connections with other options; closes them all."""
    made: list[Connected] = []

    def make(**options: Any) -> Connected:
        made.append(org.connect(**options))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def connected(connecting: Connecting) -> Connected:
    return connecting()


@pytest.fixture
def crm(connected: Connected) -> Crm:
    assert connected.crm is not None
    return connected.crm


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted_vendor() as script:
        yield script


@pytest.fixture
def scripted(script: Scripted) -> Iterator[Connected]:
    """A connection to the scripted vendor."""
    secrets = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    settings = ConnectionSettings(
        name="salesforce", connector="salesforce", account=ORG, url=script.url, secret=secrets.__getitem__
    )
    connection = connect(settings, OpenGate())
    yield connection
    connection.close()
