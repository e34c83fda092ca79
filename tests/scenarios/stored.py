"""The books of a scenario in the database: lines through the lane, charges stored, invoices marked."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tests.lane.world import PSA, World
from tests.scenarios.books import source_line
from tests.scenarios.scenario import Scenario, project_of, until
from tieline.billing.facts import timeline_of
from tieline.billing.invoice_proposal import propose_invoice
from tieline.flows.derived_billing import wanted_charges, work_of
from tieline.lane.billing_facts import keep_readings
from tieline.lane.invoicing import mark_invoiced, unbilled_lines
from tieline.lane.own_charges import OwnCharge, add_charge, settle_charges
from tieline.lane.totals import money_differences, quantity_balances
from tieline.model.invoice import Invoice
from tieline.store.canonical import add_contract_version, contract_versions, open_engagement, put_project, refer


@dataclass
class StoredBooks:
    """One project's."""

    scenario: Scenario
    world: World
    versions: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        with self.world.database.transaction() as db:
            open_engagement(db, "eng_1", "opp_1", "Build", "cus_1", "Bluepeak Energy")
            for _, version in self.scenario.versions:
                add_contract_version(db, version)
            put_project(db, project_of(self.scenario))
            refer(db, PSA, "project", "prj_1", "ws1")
            refer(db, PSA, "person", "tom@haldenmarsh.example", "u-tom")

    def take(self, event: dict[str, Any]) -> None:
        """What arrives."""
        if "meter" in event:
            reading = {(event["meter"], event["day"], ""): Decimal(event["quantity"])}
            with self.world.database.transaction() as db:
                keep_readings(db, "con_1", reading, "a test")
        elif "milestone" in event:
            with self.world.database.transaction() as db:
                add_charge(db, self._milestone(event))
        else:
            self.versions[event["id"]] += 1
            line = source_line(event["id"], event, self.scenario.contract.currency, self.versions[event["id"]])
            self.world.pull(line, kind="time" if line.kind == "time" else "expense")

    def bill(self, as_of: date) -> Invoice | None:
        """The invoice of a day; what is on it is marked."""
        contract, project = self.scenario.contract, project_of(self.scenario)
        last, invoice_id = until(as_of, contract), f"inv_{as_of}"
        with self.world.database.transaction() as db:
            versions = contract_versions(db, contract.id)
            timeline = timeline_of(versions, [project])
            wanted = wanted_charges(db, timeline, work_of(db, versions, [project]), last, as_of)
            settle_charges(db, [project], wanted)
            lines = unbilled_lines(db, project.id, last)
            invoice = propose_invoice(
                contract, project, lines, invoice_id=invoice_id, period_start=last, period_end=last
            )
            db.execute(
                "insert into invoice (id, engagement_id, project_id, connection, schema_version, body)"
                " values (%s, 'eng_1', 'prj_1', 'erp', 1, %s)",
                [invoice_id, Jsonb({})],
            )
            mark_invoiced(db, invoice_id, [line.id for line in lines])
            assert settle_charges(db, [project], wanted) == set()
            assert money_differences(db) == []
            assert [one.stream for one in quantity_balances(db) if one.lost] == []
        return invoice

    def _milestone(self, event: dict[str, Any]) -> OwnCharge:
        return OwnCharge(
            connection=PSA,
            kind="milestone",
            source=event["id"],
            version=1,
            project=project_of(self.scenario),
            day=event["day"],
            amount=Decimal(event["amount"]),
            text=event["milestone"],
            rule="a milestone",
        )
