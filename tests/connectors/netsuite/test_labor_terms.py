"""Labor terms reach the employee in NetSuite, on their day, only where the site says so, and nobody is made there."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.netsuite.ledgers import Ledgers
from tests.engine.conftest import Bench, bench
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.labor_terms import FLOW, labor_terms
from tieline.model.firm import CostRate, Firm, LegalEntity, Person
from tieline.model.labor_terms import LaborTermsRule
from tieline.model.working_time import UtilizationTarget, WorkingTime
from tieline.sdk.connected import Connected

__all__ = ["bench"]

TOM, MARCH = "tom.okafor@haldenmarsh.example", date(2026, 3, 1)
COSTS = LaborTermsRule(connection="netsuite", fields=("cost_rate",))
Look = Callable[..., str]


def firm(person: str, *rules: LaborTermsRule) -> Firm:
    """One person, who costs more from March on."""
    return Firm(
        id="firm",
        name="Firm",
        legal_entities=(LegalEntity(id="US", name="US", country="US", currency="USD"),),
        service_lines=(),
        people=(Person(id=person, name="Tom", role="Consultant", legal_entity="US", cost_rate=Decimal("95.25")),),
        cost_rates=(CostRate(id="1", person=person, cost_rate=Decimal(99), valid_from=MARCH),),
        working_time=WorkingTime(target=(UtilizationTarget(share=Decimal("0.8")),)),
        labor_terms=rules,
    )


@pytest.fixture
def look(bench: Bench, connected: Connected) -> Look:
    def looking(day: date, *rules: LaborTermsRule, person: str = TOM) -> str:
        def flow(run: Run, key: str, systems: Any) -> None:
            run.day = day
            labor_terms(run, key, Systems(run.db, {"netsuite": connected}, (), firm(person, *rules)))

        bench.flows[FLOW] = flow
        return bench.look(FLOW, person, engagement=f"{FLOW}:{person}")

    return looking


def cost_of(ledgers: Ledgers) -> Decimal | None:
    rows = [entry["body"] for entry in ledgers.ledger("employee.update")]
    return Decimal(str(rows[-1]["laborCost"])) if rows else None


def test_a_cost_rate_is_written_once_and_the_next_one_on_its_day(look: Look, bench: Bench, ledgers: Ledgers) -> None:
    assert look(date(2026, 2, 1), COSTS) == "done"
    assert look(date(2026, 2, 2), COSTS) == "done"
    assert (len(ledgers.ledger("employee.update")), cost_of(ledgers)) == (1, Decimal("95.25"))
    (agenda,) = bench.rows("select due_at from agenda where flow = %s", FLOW)
    assert agenda["due_at"].date() == MARCH
    assert look(MARCH, COSTS) == "done"
    assert (len(ledgers.ledger("employee.update")), cost_of(ledgers)) == (2, Decimal(99))
    before = ledgers.count("employee")
    assert look(MARCH, COSTS, person="nobody@haldenmarsh.example") == "blocked"
    (item,) = bench.rows("select message, owner from exception_item where closed_at is null")
    assert "no active employee with the e-mail nobody@" in item["message"]
    assert "99" not in item["message"]
    assert (item["owner"], ledgers.count("employee")) == ("resource", before)


def test_without_a_rule_nothing_is_written_and_a_rule_sends_its_fields_alone(look: Look, ledgers: Ledgers) -> None:
    assert look(MARCH) == "done"
    assert look(MARCH, LaborTermsRule(connection="netsuite", legal_entity="DE", fields=("cost_rate",))) == "done"
    assert ledgers.ledger("employee.*") == []
