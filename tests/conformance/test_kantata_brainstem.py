"""The Kantata stand-in, driven by brainstem-js: the client library the vendor published for this very API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.conftest import ClientEnvironment
from tieline_standins.core.background import running
from tieline_standins.kantata.vendor import build

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(660)]


@pytest.fixture(scope="module")
def understood(client_env: Callable[[str], ClientEnvironment]) -> Any:
    """What the client library made of the answers to one round of creating, reading, paging, changing and deleting."""
    environment = client_env("brainstem_js")
    with running(build) as url:
        return environment.run("drive.js", url, "kantata-admin-token")


def test_included_associations_resolve_in_the_vendors_client(understood: Any) -> None:
    assert understood["participants"] == ["Dana Whitfield"]
    assert understood["parent_of_child"] == understood["renamed"] == "Phase one"
    assert (understood["stories"], understood["sub_stories"]) == (["Phase one"], ["Task"])
    assert (understood["story_of_entry"], understood["user_of_entry"]) == ("Task", "Dana Whitfield")


def test_the_vendors_client_pages_through_all_entries_once(understood: Any) -> None:
    assert understood["dates"] == [f"2026-11-0{day}" for day in range(1, 6)]
    assert understood["server_count"] == 5
    assert understood["offset"] == ["2026-11-04", "2026-11-05"]


def test_only_finds_what_exists_and_forgives_what_does_not(understood: Any) -> None:
    assert understood["only"] == ["1", "4"]


def test_the_vendors_client_parses_timestamps_and_validation_errors(understood: Any) -> None:
    assert understood["created_at_is_a_time"] is True
    message = "Please give your project a title"
    assert understood["refused"] == {
        "status": 422,
        "errors": [{"type": "validation", "message": message, "field": "title"}],
    }


def test_a_deleted_entry_is_gone(understood: Any) -> None:
    assert understood["left"] == 4
