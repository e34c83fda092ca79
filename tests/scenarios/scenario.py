"""A scenario: a contract, what happens day by day, and the invoices that must come of it, read from a table."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tieline.billing.facts import Timeline
from tieline.model.contract import BillingSchedule, Budget, ContractLine, ContractVersion, RateCardRow
from tieline.model.money import Money
from tieline.model.project import Project, ProjectSummary, WbsElement

FOLDER = Path(__file__).parent
PROJECT = "prj_1"


@dataclass(frozen=True)
class Scenario:
    """One table of a file."""

    name: str
    versions: tuple[tuple[date, ContractVersion], ...]
    events: tuple[dict[str, Any], ...]
    """By the day they arrive."""
    invoices: tuple[dict[str, Any], ...]
    core: bool
    """Played in the database too."""
    signed: tuple[date, ...] = ()
    """When each version was agreed; one with a past date counts for what was billed before, too."""
    agreed: tuple[dict[str, Any], ...] = ()
    """What each version says, as the table has it."""
    not_through: str | None = None
    """Why it cannot be told through the systems the firm of these tests has."""
    tryton: bool = False
    """Played with a real Tryton as the ERP too."""

    @property
    def timeline(self) -> Timeline:
        return Timeline(self.versions, PROJECT)

    def known_on(self, day: date) -> "Scenario":
        """As far as it was agreed on a day."""
        known = [version for version, signed in zip(self.versions, self.signed, strict=True) if signed <= day]
        return replace(self, versions=tuple(known), signed=self.signed[: len(known)])

    @property
    def contract(self) -> ContractVersion:
        return self.versions[-1][1]


def scenarios() -> list[Scenario]:
    """All of all files, in order."""
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        tables = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)["scenario"]
        found += [_scenario(f"{file.stem}: {table['name']}", table) for table in tables]
    return found


def _scenario(name: str, table: dict[str, Any]) -> Scenario:
    agreed = table["contract"]
    versions, told = [(agreed["start"], contract(1, agreed))], [agreed]
    for number, change in enumerate(table.get("changes", ()), 2):
        agreed = agreed | change
        versions.append((change["from"], contract(number, agreed)))
        told.append(agreed)
    events = [one for event in table.get("events", ()) for one in _each_day(event)]
    return Scenario(
        name=name,
        versions=tuple(versions),
        signed=(date.min, *(change.get("signed", date.min) for change in table.get("changes", ()))),
        events=tuple(sorted(events, key=lambda event: event["on"])),
        invoices=tuple(table["invoices"]),
        core=table.get("core", False),
        agreed=tuple(told),
        not_through=table.get("not_through"),
        tryton=table.get("tryton", False),
    )


def _each_day(event: dict[str, Any]) -> list[dict[str, Any]]:
    """`days = 5`: the same on five days in a row."""
    first = event.get("day", event["on"])
    name = event.get("id", f"{event['on']} {sorted(map(str, event.items()))}")
    days = range(event.get("days", 1))
    return [event | {"day": first + timedelta(days=n), "id": f"{name}.{n}"} for n in days]


def contract(version: int, agreed: dict[str, Any]) -> ContractVersion:
    """A version of the contract as a table describes it."""
    currency, start = agreed.get("currency", "EUR"), agreed["start"]
    money = Money(amount=Decimal(agreed.get("value", 100_000)), currency=currency)
    terms = agreed.get("billing", {})
    return ContractVersion(
        id="con_1",
        version=version,
        engagement_id="eng_1",
        name="Build",
        customer_id="cus_1",
        opportunity_id="opp_1",
        legal_entity="US",
        currency=currency,
        contract_type="SOW",
        billing_method=agreed.get("method", "time_and_materials"),
        payment_terms="NET30",
        tax_treatment="standard",
        tax_nexus="US-NY",
        start_date=start,
        end_date=agreed["end"],
        service_line="build",
        revenue_method="as_billed",
        value=money,
        lines=tuple(_line(number, currency, line) for number, line in enumerate(agreed.get("lines", ()))),
        rate_card=tuple(_rate(role, rate, currency, start) for role, rate in agreed.get("rates", {}).items()),
        billing_schedule=BillingSchedule(id="con_1", contract_id="con_1", method="time_and_materials"),
        billing_terms={"currency": currency, **terms},
        budget=Budget(id="con_1", hours=Decimal(agreed.get("hours", 100)), revenue=money),
        effective_from=agreed.get("from"),
    )


def _line(number: int, currency: str, line: dict[str, Any]) -> ContractLine:
    return ContractLine(
        id=f"col_{number}",
        workstream=line["workstream"],
        role=line.get("role"),
        hours=Decimal(line.get("hours", 10)),
        amount=Money(amount=Decimal(line.get("amount", 0)), currency=currency),
        delivering_entity="US",
        billing_method=line.get("method"),
    )


def _rate(role: str, rate: Any, currency: str, start: date) -> RateCardRow:
    return RateCardRow(
        id=f"rat_{role}",
        precedence=4,
        role=role,
        contract_id="con_1",
        currency=currency,
        rate=Decimal(rate),
        valid_from=start,
    )


def project_of(scenario: Scenario) -> Project:
    """The one project of the contract."""
    contract = scenario.contract
    dates = {"start_date": contract.start_date, "end_date": contract.end_date}
    shared: dict[str, Any] = {
        "id": PROJECT,
        "engagement_id": "eng_1",
        "name": "Build",
        "code": "P-1",
        "legal_entity": "US",
        "contract_version": contract.version,
        "value": contract.value,
    }
    summary = ProjectSummary(
        **shared, **dates, opportunity_id="opp_1", opportunity_ref="o", customer_ref="c", planned_hours=Decimal(100)
    )
    return Project(
        **shared,
        **dates,
        contract_id="con_1",
        customer_id="cus_1",
        customer_name="Bluepeak Energy",
        currency=contract.currency,
        billing_method=contract.billing_method,
        revenue_method="as_billed",
        budget=contract.budget,
        wbs=tuple(_tasks(contract)),
        summary=summary,
    )


def _tasks(contract: ContractVersion) -> Iterator[WbsElement]:
    """A phase for each workstream with a task for its role."""
    dates = {"start_date": contract.start_date, "end_date": contract.end_date}
    for line in contract.lines:
        phase = f"phase of {line.id}"
        yield WbsElement(id=phase, project_id=PROJECT, code=phase, name=line.workstream, **dates)
        yield WbsElement(
            id=line.id, project_id=PROJECT, parent_id=phase, code=line.id, name="work", role=line.role, **dates
        )


def until(as_of: date, contract: ContractVersion) -> date:
    """What may be billed on a day by a monthly cycle: the months that are closed, and all after the end."""
    return as_of if as_of > contract.end_date else as_of.replace(day=1) - timedelta(days=1)
