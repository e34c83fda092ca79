"""The plot of a rehearsed month-end: set up, hand in and approve, disturb, correct, drain, invoice, correct again."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

import psycopg

from tieline.demo.rest import under_way
from tieline.rehearsal.firm import EDITED_EVERY, Firm, timesheet, weeks
from tieline.rehearsal.fleet import Fleet
from tieline.rehearsal.judge import Judge, Verdict
from tieline.rehearsal.ledgers import Ledgers
from tieline.rehearsal.people import Office, Place, Sheet, win
from tieline.rehearsal.queue import Waiting, open_exceptions
from tieline.rehearsal.stage import Stage, connect
from tieline.rehearsal.weather import LOST_ANSWERS, OUTAGE, SLOW, STORM, Fired, Rule, Told, hits, push_events, weather

Faults = Literal["standard", "none"]
SETTLING = 3.0
"""Seconds after the last act before anything counts as settled: vendors tell time in seconds."""
ARRIVING = 20.0
"""Seconds to wait for the first lines before the disturbances begin."""
NOTHING_TOLD = Told(0, 0)
ENOUGH = 6
"""Calls a disturbance must have hit before it may end."""
STANDSTILL = 90.0
"""Seconds without work under way and without change after which waiting longer would change nothing."""


class NotSetUp(Exception):
    """The firm's projects did not come to be in time."""


@dataclass(slots=True)
class Episode:
    """One line of the report's timeline."""

    title: str
    began: datetime
    ended: datetime | None = None
    detail: str = ""
    disturbs: bool = False
    fired: list[Fired] = field(default_factory=list)


@dataclass
class Outcome:
    """All a report needs."""

    firm: Firm
    episodes: list[Episode]
    verdict: Verdict
    waiting: list[Waiting]
    ledgers: Ledgers
    settled: bool
    seconds: dict[str, float]
    """Named spans: setting up, approving, draining, the second draining, the whole."""
    take_overs: list[float]
    database_back: list[float]
    kills: int
    told: Told = NOTHING_TOLD


@dataclass
class MonthEnd:
    """Plays it. `progress` is told what happens and how much of what is approved has arrived."""

    stage: Stage
    firm: Firm
    fleet: Fleet
    faults: Faults
    seed: int
    limit: float
    """Seconds a draining may take."""
    progress: Callable[[str, int, int], None]
    """(what, minutes arrived, minutes approved)"""
    episodes: list[Episode] = field(default_factory=list)
    take_overs: list[float] = field(default_factory=list)
    database_back: list[float] = field(default_factory=list)
    told: Told = NOTHING_TOLD

    def __post_init__(self) -> None:
        self._office = Office(self.stage.standins.urls["kantata"], self.stage.users)
        self._ledgers = Ledgers(self.stage.standins)
        self._judge = Judge(self.firm, self.stage.users, self._ledgers)
        self._chance = random.Random(self.seed)  # noqa: S311 - who corrects what, nothing secret
        self._places: dict[int, Place] = {}
        self._lines: dict[int, str] = {}

    def play(self) -> Outcome:
        """All of it. Raises NotSetUp or NotDone."""
        begun = time.monotonic()
        seconds: dict[str, float] = {}
        with self._span(seconds, "setting up"):
            self._set_up()
            sheets = self._enter_time()
        with self._span(seconds, "approving"):
            if self.faults == "standard":
                self._disturbed(sheets)
            else:
                self._undisturbed(sheets)
        with self._span(seconds, "draining"):
            settled = self._drain("Everything settles")
        with self._span(seconds, "second draining"):
            self._after_invoices(sheets)
            settled = self._drain("The corrections settle") and settled
        self._release_drafts()
        seconds["the whole"] = time.monotonic() - begun
        self.fleet.measure()
        return self._outcome(seconds, settled)

    # ---- setting up ----

    def _set_up(self) -> None:
        with self._episode("Deals are won, contracts and projects set up by Tieline") as episode:
            for one in self.firm.engagements:
                self._lines[one.number] = win(self.stage.sales, one, self.firm.team(one.number), self.firm.month)
                self.progress("deals won", one.number + 1, len(self.firm.engagements))
            self._wait_for_projects()
            episode.detail = f"{len(self._places):,} projects, {len(self.firm.consultants):,} consultants"

    def _wait_for_projects(self) -> None:
        numbers = {one.name: one.number for one in self.firm.engagements}
        deadline = time.monotonic() + self.limit
        while True:
            self._ledgers.look()
            shown = [row for row in self._ledgers.sales.shown.values() if row.get("PSA_Id__c") and row.get("ERP_Id__c")]
            self.progress("projects set up", len(shown), len(numbers))
            if len(shown) == len(numbers):
                break
            if time.monotonic() > deadline:
                raise NotSetUp(f"only {len(shown)} of {len(numbers)} projects are there after {self.limit:.0f} seconds")
            time.sleep(0.3)
        for row in shown:
            workspace = int(row["PSA_Id__c"])
            self._places[numbers[row["Name"]]] = Place(workspace, self._office.task(workspace))

    def _enter_time(self) -> list[Sheet]:
        """All time of the month is typed in; nothing is handed in yet."""
        sheets = [
            Sheet(one, tuple(timesheet(one, week, self.seed)))
            for week in weeks(self.firm.month)
            for one in self.firm.consultants
        ]
        sheets = [sheet for sheet in sheets if sheet.days]
        with self._episode("Consultants enter their time in the PSA") as episode:
            self._office.enter(sheets, self._places)
            count = sum(len(sheet.entries) for sheet in sheets)
            episode.detail = f"{count:,} time entries on {len(sheets):,} timesheets"
        return sheets

    # ---- the month-end ----

    def _undisturbed(self, sheets: list[Sheet]) -> None:
        with self._episode("Timesheets are handed in and approved"):
            self._hand_in(sheets)
        with self._episode("Corrections and un-approvals") as episode:
            self._look(SETTLING)
            episode.detail = self._correct(sheets)

    def _disturbed(self, sheets: list[Sheet]) -> None:
        """The standard faults. Sheets are handed in out of order, in waves."""
        rest = list(sheets)
        self._chance.shuffle(rest)
        cut = [len(rest) * share // 100 for share in (35, 55, 75, 85)]
        first, storm, lost, told, outage = (rest[a:b] for a, b in zip([0, *cut], [*cut, len(rest)], strict=True))
        with self._episode("The first timesheets are approved, week by week out of order") as episode:
            self._hand_in(first)
            episode.detail = f"Timesheets: {len(first):,}"
        self._kill_worker()
        self._arrive(0.2)
        with self._bad("A storm of 429 answers, while the next timesheets are approved", STORM):
            self._hand_in(storm)
        with self._episode("Corrections and un-approvals of approved time; a won deal is edited") as episode:
            episode.detail = self._correct(first)
            self._edit_deals()
        with self._bad("Answers get lost and writes arrive late", LOST_ANSWERS):
            self._hand_in(lost)
            self._correct(storm)
        self._kill_database()
        with self._episode("Changes are told three times and in disorder") as episode:
            self._hand_in(told)
            self.told = push_events(self.fleet.console, self._records(), self.seed)
            episode.detail = f"{self.told.sent:,} events, {self.told.repeated:,} of them repeats Tieline knew"
            episode.disturbs = True
        self._kill_worker()
        with self._bad("The ERP is down", OUTAGE):
            self._hand_in(outage)

    def _records(self) -> list[tuple[str, str, str]]:
        """Everything a vendor may tell a change of."""
        sales = self._ledgers.sales
        return [
            *(("kantata", "project", one.workspace) for one in sales.projects()),
            *(("salesforce", "opportunity", one.opportunity) for one in sales.projects()),
            *(("netsuite", "invoice", invoice) for invoice in self._ledgers.books.invoices),
        ]

    def _arrive(self, share: float) -> None:
        """Until the first of what was approved is in the ERP: only what was booked can be reversed."""
        deadline = time.monotonic() + ARRIVING
        while time.monotonic() < deadline:
            arrived = self._look(0.2)
            approved = sum(one.minutes for one in self._ledgers.approvals.approved().values())
            if arrived >= share * approved:
                return

    def _hand_in(self, sheets: Sequence[Sheet]) -> None:
        self._office.submit(sheets, self._places)
        self._office.approve(sheets)

    def _correct(self, sheets: Sequence[Sheet]) -> str:
        """Of twenty timesheets one is changed, one taken back, and one taken back, changed and approved again."""
        some = self._chance.sample(list(sheets), max(3, len(sheets) * 3 // 20) if len(sheets) >= 3 else 0)
        third = len(some) // 3
        changed, back, again = some[:third], some[third : 2 * third], some[2 * third :]
        for sheet in changed:
            self._office.correct(sheet, 15 * self._chance.randint(8, 40))
        self._office.reject([*back, *again])
        for sheet in again:
            self._office.correct(sheet, 15 * self._chance.randint(8, 40))
        self._hand_in(again)
        return f"Timesheets changed: {len(changed):,}; taken back: {len(back):,}; approved again: {len(again):,}"

    def _edit_deals(self) -> None:
        for number in range(0, len(self.firm.engagements), EDITED_EVERY):
            self.stage.sales.change("OpportunityLineItem", self._lines[number], Quantity=200)

    def _after_invoices(self, sheets: list[Sheet]) -> None:
        """Finance releases the drafts; then some posted and invoiced time is corrected, and late time comes in."""
        self._release_drafts()
        with self._episode("Corrections of invoiced time, and late timesheets") as episode:
            team = {one: [s for s in sheets if s.consultant.project == one and s.entries] for one in self._places}
            some = self._chance.sample(sorted(team), max(1, len(team) // 20))
            late = []
            for number in some:
                # More comes late than is taken back: an invoice cannot be negative.
                sheet = self._chance.choice([s for s in team[number] if s.consultant.known_in_erp and len(s.days) > 2])
                self._office.correct(sheet, 60)
                late.append(Sheet(sheet.consultant, sheet.days[:3]))
            self._office.enter(late, self._places)
            self._hand_in(late)
            episode.detail = f"Entries changed: {len(some):,}; timesheets that came late: {len(late):,}"

    def _release_drafts(self) -> None:
        with self._episode("Finance releases the draft invoices") as episode:
            self._ledgers.look()
            finance = self.stage.finance()
            drafts = [key for key, invoice in self._ledgers.books.invoices.items() if not invoice.released]
            for number, key in enumerate(drafts, start=1):
                finance.release(key)
                self.progress("invoices released", number, len(drafts))
            episode.detail = f"Invoices: {len(drafts):,}"
            self._ledgers.look()

    # ---- disturbances ----

    @contextmanager
    def _bad(self, title: str, rules: Mapping[str, Sequence[Rule]]) -> Iterator[None]:
        """Faults while the body acts, and until they have hit something for a while."""
        with self._episode(title) as episode, weather(self.stage.standins, rules, self.seed) as fired:
            episode.disturbs, episode.fired = True, fired
            yield
            begun, lasting = time.monotonic(), self._lasting()
            while time.monotonic() < begun + 8 * lasting:
                self._look(0.2)
                if time.monotonic() > begun + lasting and hits(self.stage.standins, rules) >= ENOUGH:
                    break

    def _lasting(self) -> float:
        """Seconds of a disturbance: longer in a larger firm, so that it meets its share of the work."""
        return min(max(len(self.firm.consultants) / 100, 1.0), 20.0)

    def _kill_worker(self) -> None:
        with self._episode("A worker process is killed in the middle of a call (kill -9)") as episode:
            episode.disturbs = True
            with weather(self.stage.standins, SLOW, self.seed):
                name, seconds = self.fleet.kill_worker()
            if seconds is None:
                episode.detail = f"{name.capitalize()}: what was under way had not moved on after a minute"
            else:
                self.take_overs.append(seconds)
                episode.detail = f"{name.capitalize()}: all that was under way had moved on after {seconds:.1f} s"

    def _kill_database(self) -> None:
        with self._episode("The database is killed under load (kill -9)") as episode:
            episode.disturbs = True
            seconds = self.fleet.kill_database()
            self.database_back.append(seconds)
            episode.detail = f"It answered again after {seconds:.1f} s"

    # ---- waiting ----

    def _drain(self, title: str) -> bool:
        """Until Tieline is at rest and the books balance; False when the limit passes first, or nothing moves."""
        begun = moved = time.monotonic()
        seen = -1
        with self._episode(title) as episode:
            while time.monotonic() < begun + self.limit:
                arrived = self._look(0.5)
                busy, waiting = self._state()
                now = time.monotonic()
                if busy or arrived != seen:
                    moved, seen = now, arrived
                if not busy and now > begun + SETTLING and self._judge.is_settled(waiting):
                    episode.detail = f"After {now - begun:.0f} s"
                    return True
                if now > moved + STANDSTILL:
                    break
            episode.detail = f"Not settled after {time.monotonic() - begun:.0f} s"
        return False

    def _state(self) -> tuple[int, list[Waiting]]:
        with suppress(psycopg.OperationalError), connect(self.stage) as db:
            return under_way(db), open_exceptions(db)
        return 1, []

    def _look(self, seconds: float) -> int:
        """Wait a little, and say how far it is; returns the minutes that have arrived."""
        time.sleep(seconds)
        self._ledgers.look()
        approved = sum(one.minutes for one in self._ledgers.approvals.approved().values())
        arrived = sum(line.minutes for line in self._ledgers.books.lines.values())
        self.progress(self.episodes[-1].title if self.episodes else "", arrived, approved)
        return arrived

    # ---- the end ----

    def _outcome(self, seconds: dict[str, float], settled: bool) -> Outcome:
        _, waiting = self._state()
        finance = self.stage.finance()
        totals = {key: Decimal(str(finance.invoice(key)["subtotal"])) for key in self._ledgers.books.invoices}
        return Outcome(
            firm=self.firm,
            episodes=self.episodes,
            verdict=self._judge.verdict(waiting, totals),
            waiting=waiting,
            ledgers=self._ledgers,
            kills=self.fleet.kills,
            settled=settled,
            seconds=seconds,
            take_overs=self.take_overs,
            database_back=self.database_back,
            told=self.told,
        )

    @contextmanager
    def _episode(self, title: str) -> Iterator[Episode]:
        episode = Episode(title, datetime.now(UTC))
        self.episodes.append(episode)
        try:
            yield episode
        finally:
            episode.ended = datetime.now(UTC)

    @contextmanager
    def _span(self, seconds: dict[str, float], name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        seconds[name] = time.monotonic() - begun
