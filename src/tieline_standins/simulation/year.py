"""The simulated time: day by day everybody acts, and where somebody needs what another system brings, they wait."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tieline_standins.simulation.delivery import Delivery
from tieline_standins.simulation.finance import DISPUTE, Finance, payers_of
from tieline_standins.simulation.pipeline import Deal, draw_deals
from tieline_standins.simulation.roster import RATES, Team, draw_teams, write_roster
from tieline_standins.simulation.sales import SATISFACTION, Sales
from tieline_standins.simulation.travel import Travel
from tieline_standins.simulation.truth import write_truth
from tieline_standins.simulation.wire import Kantata, NetSuite, Salesforce

PATIENCE = 180.0
"""Seconds to wait for projects, or for the drafts of a month; then people go on without."""
CLOSING_DAY = 6
"""From this day of a month on finance closes the one before."""
QUIET = 1.5
"""Seconds without a change after which finance takes the drafts for complete."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the firm is, and which weeks are simulated."""

    consultants: int
    weeks: int
    until: date
    seed: int

    @property
    def first(self) -> date:
        """The Monday it begins with."""
        monday = self.until - timedelta(days=self.until.weekday())
        return monday - timedelta(weeks=self.weeks - 1)

    def days(self) -> Iterator[date]:
        """All working days."""
        for number in range((self.until - self.first).days + 1):
            day = self.first + timedelta(days=number)
            if day.weekday() < 5:
                yield day


@dataclass(slots=True)
class Told:
    """How far it is; what a screen shows."""

    day: date
    deals: int = 0
    won: int = 0
    projects: int = 0
    entries: int = 0
    invoices: int = 0
    paid: int = 0
    waiting_for: str = ""
    waited: float = 0.0
    """Seconds spent waiting for others so far."""


@dataclass
class Year:
    """The firm at work. `tell` is called whenever there is something new to show."""

    size: Size
    urls: Mapping[str, str]
    tell: Callable[[Told], None]
    teams: list[Team] = field(init=False)
    deals: list[Deal] = field(init=False)
    told: Told = field(init=False)

    def __post_init__(self) -> None:
        self.teams = draw_teams(self.size.consultants, self.size.seed)
        self.deals = draw_deals(self.teams, self.size.first, self.size.until, self.size.seed)
        self.told = Told(self.size.first)
        self._salesforce = Salesforce(self.urls["salesforce"])
        self._kantata = Kantata(self.urls["kantata"])
        self._netsuite = NetSuite(self.urls["netsuite"])
        last = self.size.until
        self._finance = Finance(
            self._netsuite, payers_of(self.deals), self.size.seed, stopped_from=last - timedelta(days=100)
        )
        self._closed: set[tuple[int, int]] = set()

    def recruit(self, folder: Path) -> None:
        """Before anybody connects the systems: people, the firm's own fields, and the PSA's clock set back."""
        self._set_clock(self.size.first)
        people = [
            {
                "name": one.name,
                "email": one.email,
                "role": one.role,
                "entity": one.entity,
                "bill_rate": str(RATES[one.role]["USD"]),
                "cost_rate": str(one.cost_rate),
            }
            for team in self.teams
            for one in team
        ]
        self._kantata.control("kantata/hire", people)
        self._netsuite.control("customize", {"fields": [{"record": "invoice", "name": DISPUTE, "type": "string"}]})
        number = {"type": "double", "precision": 3, "scale": 0}
        said = {"object": "Account", "name": SATISFACTION, "label": "Satisfaction", **number}
        self._salesforce.control("customize", {"fields": [said]})
        self._finance.employ(self.teams)
        write_roster(folder, self.teams, self.size.first)

    def play(self, truth: Path) -> Told:
        """All days; then the PSA's clock shows real time again, the last approved time reaches the ERP, and the truth
        is written. Raises RefusedError."""
        sales = Sales(self._salesforce)
        users = {row["email_address"]: str(row["id"]) for row in self._kantata.list("users", "order=created_at")}
        delivery = Delivery(self._kantata, users, self.size.seed)
        travel = Travel(self._kantata, users, self.size.seed)
        for day in self.size.days():
            self._set_clock(day)
            sales.act(day, self.deals)
            self._start_projects(delivery, day)
            there = [deal for deal in self.deals if deal.number in delivery.places]
            delivery.act(day, there)
            travel.act(day, [(deal, delivery.places[deal.number].workspace) for deal in there])
            self._close(delivery, day)
            self._finance.act(day)
            self._tell(day, sales, delivery)
        self._kantata.control("clock", {"offset_seconds": 0})
        self._wait_for_books(delivery)
        write_truth(truth, self.teams, self.deals, sales, delivery, travel, self._finance)
        return self.told

    def close(self) -> None:
        """End all connections."""
        for client in (self._salesforce, self._kantata, self._netsuite):
            client.close()

    def _set_clock(self, day: date) -> None:
        self._kantata.control("clock", {"at": f"{day.isoformat()}T09:00:00Z"})

    def _start_projects(self, delivery: Delivery, day: date) -> None:
        """Work cannot begin before the PSA has the project."""
        due = [
            deal for deal in self.deals if deal.becomes_work and deal.starts_on <= day and (deal.won_on or day) < day
        ]
        self._wait("projects", lambda: not delivery.find_projects(due))

    def _close(self, delivery: Delivery, day: date) -> None:
        """Finance closes the month before, once the ERP has all approved time and the drafts do not grow any more."""
        month = (day.year, day.month)
        if day.day < CLOSING_DAY or month in self._closed or day - self.size.first < timedelta(days=CLOSING_DAY):
            return
        self._closed.add(month)
        self._wait_for_books(delivery)
        self._finance.close_month(day, day.replace(day=1) - timedelta(days=1))

    def _wait_for_books(self, delivery: Delivery) -> None:
        expected = delivery.minutes_approved()
        self._wait("time in the ERP", lambda: abs(self._finance.hours_booked() * 60 - expected) < 1)
        seen, since = self._finance.drafts(), time.monotonic()

        def quiet() -> bool:
            nonlocal seen, since
            found = self._finance.drafts()
            if found != seen:
                seen, since = found, time.monotonic()
            return time.monotonic() - since > QUIET

        self._wait("drafts", quiet)

    def _wait(self, what: str, there: Callable[[], bool]) -> None:
        """Until it is there, or patience ends."""
        begun = time.monotonic()
        while not there() and time.monotonic() - begun < PATIENCE:
            if not self.told.waiting_for:
                self.told.waiting_for = what
                self.tell(self.told)
            time.sleep(0.3)
        if self.told.waiting_for:
            self.told.waiting_for = ""
            self.told.waited += time.monotonic() - begun

    def _tell(self, day: date, sales: Sales, delivery: Delivery) -> None:
        told = self.told
        told.day = day
        told.deals = len(sales.opportunities)
        told.won = sum(deal.won_on is not None and deal.won_on <= day for deal in self.deals)
        told.projects = len(delivery.places)
        told.entries = sum(len(sheet.entries) for sheet in delivery.sheets)
        told.invoices = len(self._finance.issued)
        told.paid = sum(invoice.paid_on is not None for invoice in self._finance.issued)
        self.tell(told)
