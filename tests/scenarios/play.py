"""All scenarios played at once through one firm and its finance department: what the invoices of its ERP say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from tests.e2e.world import World
from tests.scenarios.firm import BEFORE_ALL, Delivered, Drain, Played, change, find_projects, noon, sell, set_kantata
from tests.scenarios.scenario import Scenario
from tieline.demo.people import NetSuiteFinance
from tieline.demo.tryton_finance import TrytonFinance
from tieline.engine.approvals import decide_approval
from tieline.lane.invoicing import unbilled_lines

AGREES = "finance@haldenmarsh.example"


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice as the ERP holds it. `place`: the project, or the customer, it is of."""

    number: str
    place: str
    total: Decimal
    lines: list[tuple[str, Decimal]]
    stands: bool
    """Not withdrawn."""

    @property
    def told(self) -> dict[str, Any]:
        """As the tables say it."""
        lines = sorted((text.split(" (")[0].removesuffix(", tom.okafor@haldenmarsh.example"), amount)
                       for text, amount in self.lines)  # fmt: skip
        return {"total": self.total, "lines": lines}


class Finance(Protocol):
    """What the finance department does in its ERP."""

    def listed(self) -> list[str]: ...
    def read(self, number: str) -> Billed: ...
    def place(self, one: Played) -> str: ...
    def release(self, number: str, day: date) -> None: ...


@dataclass
class InNetSuite:
    """Finance in the stand-in of NetSuite."""

    finance: NetSuiteFinance

    def listed(self) -> list[str]:
        rows = self.finance._browser.json("GET", "/services/rest/record/v1/invoice?limit=1000")["items"]
        return [str(row["id"]) for row in rows]

    def read(self, number: str) -> Billed:
        row = self.finance.invoice(number)
        lines = row["item"]["items"]
        found = [(line["description"], Decimal(str(line["amount"]))) for line in lines]
        stands = row["approvalStatus"]["id"] != "3"
        return Billed(number, str(lines[0]["job"]["id"]), Decimal(str(row["subtotal"])), found, stands)

    def place(self, one: Played) -> str:
        return str(one.row["erp"])

    def release(self, number: str, day: date) -> None:
        self.finance.release(number)


@dataclass
class InTryton:
    """Finance in a real Tryton."""

    finance: TrytonFinance

    def listed(self) -> list[str]:
        return [
            str(one) for one in self.finance._model("account.invoice", "search", [["type", "=", "out"]], 0, 500, None)
        ]

    def read(self, number: str) -> Billed:
        names = ["untaxed_amount", "party", "lines", "state"]
        (row,) = self.finance._model("account.invoice", "read", [int(number)], names)
        lines = self.finance._model("account.invoice.line", "read", row["lines"], ["description", "amount"])
        found = [(str(line["description"]), Decimal(line["amount"])) for line in lines]
        return Billed(number, str(row["party"]), Decimal(row["untaxed_amount"]), found, row["state"] != "cancelled")

    def place(self, one: Played) -> str:
        (work,) = self.finance._model("project.work", "read", [int(one.row["erp"])], ["party"])
        return str(work["party"])

    def release(self, number: str, day: date) -> None:
        self.finance.release(number, day)


class Play:
    """Scenarios, played once for all tests."""

    def __init__(self, here: World, scenarios: Sequence[Scenario], finance: Finance, folder: Path) -> None:
        self.here, self.finance = here, finance
        self.played = [Played(one, number) for number, one in enumerate(scenarios, 1)]
        self.billed: dict[tuple[str, date], list[Billed]] = {}
        self.rest: dict[str, Decimal] = {}
        self._seen: set[str] = set()
        set_kantata(here, noon(BEFORE_ALL))
        delivered = Delivered(here, folder)
        sell(here, self.played)
        self.drain = Drain(here)
        self.drain.on(BEFORE_ALL, but="billing")
        find_projects(here, self.played)
        waiting = sorted(self._events(), key=lambda row: (row[0], row[1].number))
        for day in sorted({invoice["on"] for one in scenarios for invoice in one.invoices}):
            while waiting and waiting[0][0] <= day:
                _, one, event = waiting.pop(0)
                if isinstance(event, int):
                    change(here, one, event)
                else:
                    delivered.take(one, event)
            self._bill(day)
        assert waiting == [], "nobody says what is billed for these"

    def _events(self) -> Iterator[tuple[date, Played, dict[str, Any] | int]]:
        """What happens, and the change orders that are signed, by their number."""
        for one in self.played:
            yield from ((event["on"], one, event) for event in one.scenario.events)
            signed = enumerate(one.scenario.signed)
            yield from ((day, one, number) for number, day in signed if day > date.min)

    def _bill(self, day: date) -> None:
        due = [one for one in self.played if any(invoice["on"] == day for invoice in one.scenario.invoices)]
        engagements = [one.row["engagement_id"] for one in due]
        self.drain.on(day, engagements)
        while self._agree():
            self.drain.on(day, engagements)
        places = {self.finance.place(one): one.scenario for one in due}
        for one in due:
            self.billed[one.scenario.name, day] = []
        for number in self.finance.listed():
            if number not in self._seen:
                billed = self.finance.read(number)
                if billed.stands and billed.place in places:
                    self._look_at(billed, places[billed.place], day)
        with self.here.tieline.database.connection() as db:
            for one in due:
                left = unbilled_lines(db, one.row["id"], day)
                self.rest[one.scenario.name] = sum((line.amount for line in left), Decimal(0))

    def _look_at(self, billed: Billed, scenario: Scenario, day: date) -> None:
        """Finance looks at a draft, and releases it unless the table says that it takes its time."""
        self.billed[scenario.name, day].append(billed)
        if not any(invoice["on"] == day and invoice.get("drafted") for invoice in scenario.invoices):
            self._seen.add(billed.number)
            self.finance.release(billed.number, day)

    def _agree(self) -> int:
        """Whoever is asked says yes; returns how often."""
        asked = [row.approval_id for row in self.here.exceptions() if row.approval_id is not None]
        for approval in asked:
            assert decide_approval(self.here.tieline.database, approval, approve=True, by=AGREES)
        return len(asked)
