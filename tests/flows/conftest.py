"""A bench whose engagement has an active contract."""

from collections.abc import Iterator

import pytest

from tests.engine.conftest import Bench
from tests.flows.deals import CUSTOMER, contract
from tieline.flows.plan import plan_projects
from tieline.store.canonical import add_contract_version, open_engagement, put_project, put_record
from tieline.store.database import Database


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    opened = Database(database)
    yield Bench(opened)
    opened.close()


@pytest.fixture
def active(bench: Bench) -> Bench:
    """Contract version 1 of the usual deal, with its project, on the books."""
    with bench.database.transaction() as db:
        open_engagement(db, "eng_1", "opp_1", "Bluepeak rollout", CUSTOMER.id, CUSTOMER.name)
        put_record(db, "customer", CUSTOMER, engagement_id="eng_1")
        add_contract_version(db, contract())
        for project in plan_projects(contract(), CUSTOMER.name, "006", "001"):
            put_project(db, project)
    return bench
