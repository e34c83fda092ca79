"""A firm the tests of one module share, at work from the first test on."""

from collections.abc import Iterator

import pytest

from tests.conformance.conftest import client_env
from tests.e2e.world import World, world

__all__ = ["client_env", "firm"]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("firm"), module_database) as here:
        here.begin()
        yield here
