"""One real Tryton server per test process, with its finance department; first of all it may have to be built."""

from collections.abc import Iterator

import pytest

from tests.connectors.tryton.books import Books
from tests.connectors.tryton.running import Server, tryton_server

FIRST_BUILD_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that needs the server may have to install and build it."""
    for item in items:
        values = getattr(item, "callspec", None)
        chosen = values and values.params.get("connector", values.params.get("case", ""))
        if "server" in getattr(item, "fixturenames", ()) or "tryton" in str(chosen):
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
