"""The books of a scenario in memory: what arrived, what was billed, and the next invoice, by pure functions alone."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.scenarios.scenario import PROJECT, Scenario, project_of, until
from tieline.billing.derived import derived_charges
from tieline.billing.facts import Reading, Work
from tieline.billing.invoice_proposal import BillableLine, propose_invoice
from tieline.billing.pricing import PersonTerms, Priced, Terms, price
from tieline.lane.pricing import Pricing
from tieline.model.firm import Firm
from tieline.model.invoice import Invoice
from tieline.sdk.feed import SourceLine

PERSON = PersonTerms("tom@haldenmarsh.example", None, [(date.min, Decimal(60))], None)


def pricing_of(scenario: Scenario) -> Pricing:
    """The prices of a firm without standard rates."""
    return Pricing(Firm(id="hm", name="Halden Marsh", legal_entities=(), service_lines=()))


@dataclass
class Books:
    """One project's."""

    scenario: Scenario
    lines: dict[str, tuple[BillableLine, Work]] = field(default_factory=dict)
    readings: dict[tuple[str, date], Reading] = field(default_factory=dict)
    billed: dict[str, BillableLine] = field(default_factory=dict)
    charged: dict[str, Decimal] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    number: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)

    def know(self, scenario: Scenario) -> None:
        """What is agreed by now; a version that reaches back prices anew what came before it."""
        if scenario.versions != self.scenario.versions:
            self.scenario, taken = scenario, self.taken
            self.lines, self.taken = {}, []
            for event in taken:
                self.take(event)

    def take(self, event: dict[str, Any]) -> None:
        """What arrives: time, an expense, a milestone or a reading; the same id again corrects it."""
        name, day = event["id"], event["day"]
        self.taken.append(event)
        if "meter" in event:
            self.readings[event["meter"], day] = Reading(event["meter"], day, Decimal(event["quantity"]))
        elif event.get("withdrawn"):
            del self.lines[name]
        elif "milestone" in event:
            amount = Decimal(event["amount"])
            self.lines[name] = self._milestone(name, event, amount)
        else:
            self.lines[name] = self._line(name, event)

    def bill(self, as_of: date) -> Invoice | None:
        """The invoice of a day; what is on it counts as billed."""
        contract, last = self.scenario.contract, until(as_of, self.scenario.contract)
        new = self._new_lines(last) + self._new_charges(last, as_of)
        project = project_of(self.scenario)
        return propose_invoice(contract, project, new, invoice_id=f"i{as_of}", period_start=last, period_end=last)

    def _new_lines(self, last: date) -> list[BillableLine]:
        found = []
        for name in self.lines.keys() | self.billed.keys():
            line = self.lines[name][0] if name in self.lines else None
            old = self.billed.get(name)
            if old is not None and (line is None or (line.amount, line.quantity) != (old.amount, old.quantity)):
                found.append(_negative(old))
                del self.billed[name]
                old = None
            if line is not None and old is None and line.work_date <= last and self._billable(name):
                found.append(line)
                self.billed[name] = line
        return found

    def _billable(self, name: str) -> bool:
        return self.lines[name][1].disposition == "billable"

    def _new_charges(self, last: date, as_of: date) -> list[BillableLine]:
        found = []
        work = [one for _, one in self.lines.values() if one.kind != "milestone"]
        charges = derived_charges(self.scenario.timeline, work, list(self.readings.values()), until=last, today=as_of)
        totals = {one.key: one for one in charges}
        for key in totals.keys() | self.charged.keys():
            one = totals.get(key)
            difference = (one.amount if one else Decimal(0)) - self.charged.get(key, Decimal(0))
            self.texts[key] = one.text if one else self.texts[key]
            if difference:
                found.append(self._charge(key, difference, self.texts[key], one.day if one else as_of))
                self.charged[key] = self.charged.get(key, Decimal(0)) + difference
        return found

    def _charge(self, key: str, amount: Decimal, text: str, day: date) -> BillableLine:
        self.number += 1
        return BillableLine(
            f"{key}{self.number}",
            "credit",
            "fixed",
            None,
            day,
            Decimal(1),
            amount,
            amount,
            self.scenario.contract.currency,
            text,
            charge=key,
        )

    def _milestone(self, name: str, event: dict[str, Any], amount: Decimal) -> tuple[BillableLine, Work]:
        day, currency = event["on"], self.scenario.contract.currency
        text = event["milestone"]
        line = BillableLine(name, "milestone", "fixed", None, day, Decimal(1), amount, amount, currency, text)
        return line, Work(source=name, kind="milestone", project_id=PROJECT, day=day, amount=amount)

    def _line(self, name: str, event: dict[str, Any]) -> tuple[BillableLine, Work]:
        source = source_line(name, event, self.scenario.contract.currency)
        priced = price(self._terms(source.work_date), source, PERSON)
        assert isinstance(priced, Priced), priced
        line = BillableLine(
            name,
            source.kind,
            priced.item_code,
            None,
            source.work_date,
            source.quantity,
            priced.rate,
            priced.amount,
            priced.currency,
            event.get("category"),
        )
        cost = source.quantity * Decimal(60) / 60 if source.kind == "time" else source.amount
        work = Work(
            source=name,
            kind=source.kind,
            project_id=PROJECT,
            workstream=event.get("workstream"),
            day=source.work_date,
            minutes=source.quantity if source.kind == "time" else Decimal(0),
            amount=priced.amount,
            cost=cost,
            disposition=priced.disposition,
        )
        return line, work

    def _terms(self, day: date) -> Terms:
        contract = self.scenario.timeline.at(day)
        return pricing_of(self.scenario).add_terms(PROJECT, "P-1", "US", contract.currency, contract)


def source_line(name: str, event: dict[str, Any], currency: str, version: int = 1) -> SourceLine:
    """An event as its source reports it."""
    hours = "hours" in event
    return SourceLine(
        kind="time" if hours else "expense",
        source_id=name,
        source_version=version,
        approved=not event.get("withdrawn", False),
        project_ref="ws1",
        task_ref=None,
        person_ref="u-tom",
        role=event.get("role", "Consultant") if hours else None,
        work_date=event["day"],
        quantity=Decimal(event["hours"]) * 60 if hours else Decimal(1),
        unit="min" if hours else "each",
        billable=event.get("billable", True),
        currency=None if hours else event.get("currency", currency),
        amount=None if hours else Decimal(event["expense"]),
        attributes=({"overtime": True} if event.get("overtime") else {})
        if hours
        else {"category": event.get("category", "Travel")},
    )


def _negative(line: BillableLine) -> BillableLine:
    return BillableLine(
        f"-{line.id}",
        line.kind,
        line.item_code,
        line.person,
        line.work_date,
        -line.quantity,
        line.rate,
        -line.amount,
        line.currency,
        line.text,
    )
