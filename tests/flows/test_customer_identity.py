"""What must be clear before an ERP gets a customer: no circle in its hierarchy, and nobody we have already."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.console.twins import BRIGHT, OTHER, TWIN, firm_of, see
from tests.engine.conftest import Bench
from tieline.engine.run import Run
from tieline.exception_queue.matches import same
from tieline.flows.customer_identity import golden_customer, question_about
from tieline.model.customer import Customer
from tieline.sdk.operation import Operation, kept_in_tieline
from tieline.sdk.roles import Crm, Erp
from tieline.store import master_data
from tieline.store.database import Database

SURE = TWIN.model_copy(update={"billing_address": BRIGHT.billing_address})


@dataclass(frozen=True)
class Books:
    """An ERP that holds no customers."""

    system: str = "NetSuite"
    connection: str = "erp"

    @property
    def ensure_customer(self) -> Operation[Any]:
        return kept_in_tieline("erp", "NetSuite", "customer", "unsupported")


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    opened = Database(database)
    yield Bench(opened)
    opened.close()


def ask(bench: Bench, customer: Customer, **firm: float) -> str:
    """Look at a customer as its contract does; the state the run ends in."""

    def flow(run: Run, key: str, systems: object) -> None:
        question_about(run, "Customer in ERP", customer, cast(Erp, Books()), firm_of(**firm))

    see(bench.database, customer)
    bench.flows["contract_to_project"] = flow
    return bench.look("contract_to_project")


def messages(bench: Bench) -> list[str]:
    return [row["message"] for row in bench.rows("select message from exception_item where closed_at is null")]


def test_a_circle_in_the_hierarchy_is_told_and_goes_when_it_is_mended(bench: Bench) -> None:
    see(bench.database, OTHER.model_copy(update={"parent_id": BRIGHT.id}))
    assert ask(bench, BRIGHT.model_copy(update={"parent_id": OTHER.id})) == "blocked"
    (message,) = messages(bench)
    assert "'Brightwater Logistics Inc' → 'Helios Freight' → 'Brightwater Logistics Inc'" in message
    assert ask(bench, BRIGHT) == "done"
    assert messages(bench) == []


def test_what_is_sure_is_one_at_once_unless_the_site_wants_a_person(bench: Bench) -> None:
    see(bench.database, BRIGHT)
    assert ask(bench, SURE, auto_link=1.0) == "blocked"
    assert "may be 'Brightwater Logistics Inc'" in messages(bench)[0]
    assert ask(bench, SURE) == "done"
    assert messages(bench) == []
    with bench.database.connection() as db:
        assert master_data.family_of(db, SURE.id) == [BRIGHT.id, SURE.id]


def test_a_sure_match_with_one_of_a_family_that_is_otherwise_unlike_is_a_question(bench: Bench) -> None:
    see(bench.database, BRIGHT, OTHER)
    with bench.database.transaction() as db:
        pair, _ = master_data.note_pair(db, BRIGHT.id, OTHER.id, 0.5, [])
    same(bench.database, pair, "Ada", "taken over")
    assert ask(bench, SURE) == "blocked"
    assert "may be 'Brightwater Logistics Inc'" in messages(bench)[0]


def test_the_golden_customer_is_read_from_the_copy_where_another_crm_holds_it(bench: Bench) -> None:
    see(bench.database, BRIGHT, TWIN)
    with bench.database.transaction() as db:
        pair, _ = master_data.note_pair(db, BRIGHT.id, TWIN.id, 0.5, [])
    same(bench.database, pair, "Ada", "", survivor=BRIGHT.id, choices={"name": TWIN.id})
    found: list[Customer] = []

    def flow(run: Run, key: str, systems: object) -> None:
        found.append(golden_customer(run, cast(Crm, Books()), TWIN))

    bench.flows["contract_to_project"] = flow
    assert bench.look("contract_to_project") == "done"
    assert found == [BRIGHT.model_copy(update={"name": TWIN.name, "website": TWIN.website})]
