"""Tieline's connection to a real Tryton server, as it is and behind a line that breaks."""

from collections.abc import Iterator

import pytest

from tests.connectors.tryton.proxy import FaultyProxy, faulty_proxy
from tests.connectors.tryton.records import Story
from tests.connectors.tryton.running import Server
from tests.connectors.tryton.scripted import Scripted, scripted_vendor
from tieline.sdk.connected import Connected
from tieline.sdk.roles import Erp


@pytest.fixture(scope="session")
def connected(server: Server) -> Iterator[Connected]:
    connection = server.connect()
    yield connection
    connection.close()


@pytest.fixture
def erp(connected: Connected) -> Erp:
    assert connected.erp is not None
    return connected.erp


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture(scope="session")
def line(server: Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def connected_behind(server: Server, line: FaultyProxy) -> Iterator[Connected]:
    connection = server.connect(url=line.url)
    yield connection
    connection.close()


@pytest.fixture
def proxy(line: FaultyProxy) -> Iterator[FaultyProxy]:
    """A line that breaks when the test says so; whole again afterwards."""
    line.calls.clear()
    yield line
    assert line.faults == {}, "a fault of this test never happened"


@pytest.fixture
def behind(connected_behind: Connected) -> Erp:
    """The ERP behind that line."""
    assert connected_behind.erp is not None
    return connected_behind.erp


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted_vendor() as script:
        yield script
