"""A firm whose worker a test may put to rest, and short ways to compare its systems."""

from collections.abc import Iterator

import pytest

from tests.e2e.world import World, world
from tests.reconciliation.books import Books
from tests.reconciliation.comparing import Comparing


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("firm"), module_database) as here:
        yield here


@pytest.fixture
def comparing(firm: World) -> Comparing:
    return Comparing(firm)


@pytest.fixture(scope="module")
def books(firm: World) -> Books:
    """Deals with projects, posted time, a draft and a released invoice; Tieline is at rest."""
    return Books.kept(firm)
