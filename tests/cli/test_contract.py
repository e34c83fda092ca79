"""`tieline contract`: the chain of a contract's versions, for people and for programs."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.flows.deals import CUSTOMER, FIRM, contract
from tests.flows.orders import delta, order
from tieline.demo.people import today
from tieline.flows.amendment import apply_change_order
from tieline.flows.plan import plan_projects
from tieline.store.billing_setup import keep_setup
from tieline.store.canonical import add_contract_version, open_engagement, put_project
from tieline.store.database import Database
from tieline.store.versions import hold_version


@pytest.fixture
def amended(books: Database) -> Database:
    """A contract with a version in force and one of a day to come."""
    first = contract()
    tomorrow = today() + timedelta(days=1)
    second = apply_change_order(first, order(delta(role="Consultant", rate="180"), reason="[Indexed]"), FIRM)
    third = apply_change_order(second, order(delta(role="Consultant", hours=5), number=2, end_date="2031-01-01"), FIRM)
    later = third.model_copy(update={"effective_from": tomorrow})
    with books.transaction() as db:
        open_engagement(db, "eng_1", "opp_1", "Bluepeak rollout", CUSTOMER.id, CUSTOMER.name)
        for version in (first, second.model_copy(update={"effective_from": first.start_date}), later):
            add_contract_version(db, version)
        for project in plan_projects(second, CUSTOMER.name, "006", "001"):
            put_project(db, project)
            hold_version(db, project.id, 2, {"erp": "netsuite"})
            told = ["Payment terms: NET30 is agreed, Sales order SO[1] has Net 60"]
            keep_setup(db, project_id=project.id, erp="netsuite", contract=second, told=told)
    return books


def test_people_read_what_each_version_changed_why_and_who_holds_which(
    tieline: Command, stored: Path, amended: Database
) -> None:
    told = tieline("contract", "bluepeak", "--site", stored).out
    assert "version 3  later  USD 2,700.00 (+900.00)" in told
    assert "version 2  in force  USD 1,800.00 (+150.00)  for work from 2026-03-01" in told
    assert "version 1  replaced  USD 1,650.00  from the start" in told
    assert "CO-1 (scope): [Indexed]; proposed by sam.ortiz@haldenmarsh.example; approved by cora@" in told
    assert "    Consultant costs USD 180.00 an hour from 2026-05-01" in told
    assert "in netsuite (erp): version 2" in told
    assert "in netsuite is set up to bill otherwise than agreed  (version 2, looked at" in told
    assert "    Payment terms: NET30 is agreed, Sales order SO[1] has Net 60" in told


def test_programs_get_the_same(tieline: Command, stored: Path, amended: Database) -> None:
    found = tieline("contract", contract().id, "--json", "--site", stored).json()
    assert [(row["version"], row["in_force"], row["later"]) for row in found["versions"]] == [
        (3, False, True),
        (2, True, False),
        (1, False, False),
    ]
    assert found["versions"][0]["difference"] == 900
    assert [(row["role"], row["version"]) for row in found["holders"]] == [("erp", 2)]


def test_an_engagement_without_contract_is_told_in_a_sentence(tieline: Command, stored: Path, books: Database) -> None:
    with books.transaction() as db:
        open_engagement(db, "eng_2", "opp_2", "Fresh", "cus_2", "Fresh")
    assert "'fresh' has no contract yet" in tieline("contract", "fresh", "--site", stored).sentence()
