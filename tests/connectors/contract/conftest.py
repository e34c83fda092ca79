"""One subject for each connector, fresh for each test; the stand-ins and the real Tryton run once per test process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.contract.cases import CONNECTORS, Case
from tests.connectors.contract.kantata_subject import kantata
from tests.connectors.contract.netsuite_subject import netsuite
from tests.connectors.contract.salesforce_subject import salesforce
from tests.connectors.contract.subject import Sample, Subject, operation_of
from tests.connectors.contract.tryton_subject import TrytonSubject, line_to
from tests.connectors.tryton.proxy import FaultyProxy
from tests.connectors.tryton.running import Server
from tests.engine.conftest import bench
from tieline.sdk.connected import Connected
from tieline.sdk.operation import Operation

__all__ = ["bench"]


@pytest.fixture(scope="session")
def salesforce_url() -> Iterator[str]:
    from tieline_standins.core.background import running
    from tieline_standins.salesforce import build

    with running(build) as url:
        yield url


@pytest.fixture(scope="session")
def kantata_url() -> Iterator[str]:
    from tieline_standins.core.background import running
    from tieline_standins.kantata.vendor import build

    with running(build) as url:
        yield url


@pytest.fixture(scope="session")
def netsuite_url() -> Iterator[str]:
    from tieline_standins.core.background import running
    from tieline_standins.netsuite import NetSuite

    with running(NetSuite) as url:
        yield url


@pytest.fixture(scope="session")
def line(server: Server) -> Iterator[FaultyProxy]:
    with line_to(server) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def usual(server: Server, line: FaultyProxy) -> Iterator[Connected]:
    connection = server.connect(url=line.url)
    yield connection
    connection.close()


@pytest.fixture(params=CONNECTORS)
def connector(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def subject(connector: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """A vendor as it is before Tieline first met it."""
    ask = request.getfixturevalue
    match connector:
        case "salesforce":
            with salesforce(ask("salesforce_url")) as found:
                yield found
                found.healthy()
        case "kantata":
            with kantata(ask("kantata_url")) as psa:
                yield psa
                psa.healthy()
        case "netsuite":
            with netsuite(ask("netsuite_url"), tmp_path) as books:
                yield books
                books.healthy()
        case "tryton":
            proxy: FaultyProxy = ask("line")
            yield TrytonSubject(ask("server"), ask("books"), proxy, ask("usual"))
            assert proxy.faults == {}, "a fault of this test never happened"


@pytest.fixture
def connected(subject: Subject) -> Iterator[Connected]:
    connection = subject.connect()
    yield connection
    connection.close()


@pytest.fixture
def operation(case: Case, connected: Connected) -> Operation[Any]:
    return operation_of(connected, case.operation)


@pytest.fixture
def sample(case: Case, subject: Subject, connected: Connected) -> Sample:
    return subject.sample(connected, case.operation)
