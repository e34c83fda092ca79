"""Fixtures of the NetSuite stand-in's tests."""

from collections.abc import Iterator

import pytest

from tests.standins_netsuite.account import Caller, Key, new_ec_key
from tieline_standins.core.background import running
from tieline_standins.netsuite import NetSuite


@pytest.fixture(scope="session")
def key() -> Key:
    return new_ec_key()


@pytest.fixture
def netsuite(key: Key) -> Iterator[Caller]:
    """A signed-in caller of a fresh stand-in; the stand-in must not have failed by itself."""
    with running(NetSuite) as base:
        caller = Caller(base, key)
        yield caller
        bugs = caller.http.get("/__standin__/health").json()["bugs"]
        caller.http.close()
        assert bugs == []


@pytest.fixture
def customer(netsuite: Caller) -> str:
    """A customer of the US entity with terms of 30 days."""
    terms = {"externalId": "Net 30"}
    return netsuite.create(
        "customer", {"companyName": "Nordwind", "subsidiary": {"externalId": "US"}, "terms": terms, "externalId": "C-1"}
    )


@pytest.fixture
def project(netsuite: Caller, customer: str) -> str:
    return netsuite.create("job", {"companyName": "Nordwind build", "parent": {"id": customer}, "externalId": "P-1"})
