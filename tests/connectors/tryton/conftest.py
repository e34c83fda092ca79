"""One real Tryton server per test process, its finance department, and Tieline's connection to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.tryton.books import Books
from tests.connectors.tryton.proxy import FaultyProxy, faulty_proxy
from tests.connectors.tryton.records import Story
from tests.connectors.tryton.running import Server, tryton_server
from tests.connectors.tryton.scripted import Scripted, scripted_vendor
from tieline.sdk.connected import Connected
from tieline.sdk.roles import Erp

FIRST_BUILD_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that needs the server may have to install and build it."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.tryton)
            item.add_marker(pytest.mark.timeout(FIRST_BUILD_SECONDS))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with tryton_server("DE") as server:
        yield server


@pytest.fixture(scope="session")
def department(server: Server) -> Books:
    return Books(server)


@pytest.fixture
def books(department: Books) -> Books:
    """The finance department, signed in: tests of other folders may have taken longer than a session lives."""
    department.sign_in()
    return department


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
