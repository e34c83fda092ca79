"""A small firm for tests of the lane: one contract and project, its people, and a source and a sink in memory."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any

from tieline.lane.post import post_ready
from tieline.lane.pricing import Pricing
from tieline.lane.pull import Feed, LineKind, pull_feed
from tieline.lane.reference import remember_people
from tieline.lane.worker import WORKER_LOCK, Worker
from tieline.model.contract import BillingSchedule, Budget, ContractVersion, RateCardRow
from tieline.model.firm import Firm, LegalEntity, Person
from tieline.model.money import Money
from tieline.model.project import Project, ProjectSummary
from tieline.sdk.errors import NotSent, Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.feed import LinePage, SourceLine
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, WriteSafety
from tieline.store.canonical import add_contract_version, open_engagement, put_project, refer
from tieline.store.database import Database

PSA, ERP = "psa", "erp"
RATES = {"Senior Consultant": Decimal(210), "Consultant": Decimal(165)}
_HELD = (
    "select objid from pg_locks where locktype = 'advisory' and classid = %s and objid = %s"
    " and database = (select oid from pg_database where datname = current_database())"
)
PEOPLE = {"tom": "Senior Consultant", "marco": "Consultant", "grace": "Sr. Architect"}


def email(name: str) -> str:
    """`tom` -> his e-mail."""
    return f"{name}@haldenmarsh.example"


def a_firm() -> Firm:
    """One entity, three people with a cost of 95 an hour."""
    entities = (LegalEntity(id="US", name="US", country="US", currency="USD"),)
    people = tuple(
        Person(id=email(name), name=name, role=role, legal_entity="US", cost_rate=Decimal(95))
        for name, role in PEOPLE.items()
    )
    return Firm(id="hm", name="Halden Marsh", legal_entities=entities, service_lines=(), people=people)


def a_contract(version: int = 1, **changes: Any) -> ContractVersion:
    """Time and materials in USD through 2026; two roles have a rate."""
    money = Money(amount=Decimal(100000), currency="USD")
    values: dict[str, Any] = {
        "id": "con_1",
        "version": version,
        "engagement_id": "eng_1",
        "name": "Build",
        "customer_id": "cus_1",
        "opportunity_id": "opp_1",
        "legal_entity": "US",
        "currency": "USD",
        "contract_type": "SOW",
        "billing_method": "time_and_materials",
        "payment_terms": "NET30",
        "tax_treatment": "standard",
        "tax_nexus": "US-NY",
        "start_date": date(2026, 1, 1),
        "end_date": date(2026, 12, 31),
        "service_line": "build",
        "revenue_method": "as_billed",
        "value": money,
        "lines": (),
        "rate_card": rate_card(RATES),
        "billing_schedule": BillingSchedule(id="con_1", contract_id="con_1", method="time_and_materials"),
        "budget": Budget(id="con_1", hours=Decimal(100), revenue=money),
        **changes,
    }
    return ContractVersion.model_validate(values)


def rate_card(rates: Mapping[str, Decimal]) -> tuple[RateCardRow, ...]:
    """A rate per role from the first of the year."""
    return tuple(
        RateCardRow(
            id=f"rat_{role}",
            precedence=4,
            role=role,
            contract_id="con_1",
            currency="USD",
            rate=rate,
            valid_from=date(2026, 1, 1),
        )
        for role, rate in rates.items()
    )


def a_project(number: int = 1) -> Project:
    """Project `prj_1`, code `P-1`."""
    money = Money(amount=Decimal(100000), currency="USD")
    dates = {"start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31)}
    return Project.model_validate(
        {
            "id": f"prj_{number}",
            "engagement_id": "eng_1",
            "contract_id": "con_1",
            "contract_version": 1,
            "name": "Build",
            "code": f"P-{number}",
            "customer_id": "cus_1",
            "customer_name": "Bluepeak Energy",
            "legal_entity": "US",
            "currency": "USD",
            "billing_method": "time_and_materials",
            "revenue_method": "as_billed",
            "value": money,
            "budget": Budget(id="prj_1", hours=Decimal(100), revenue=money),
            "summary": ProjectSummary(
                id=f"prj_{number}",
                engagement_id="eng_1",
                opportunity_id="opp_1",
                opportunity_ref="o",
                customer_ref="c",
                name="Build",
                code=f"P-{number}",
                legal_entity="US",
                contract_version=1,
                value=money,
                start_date=dates["start_date"],
                end_date=dates["end_date"],
                planned_hours=Decimal(100),
            ),
            **dates,
        }
    )


def entry(source_id: int | str, minutes: int = 60, version: int = 1, **values: Any) -> SourceLine:
    """An approved time entry of Tom on project 1."""
    given: dict[str, Any] = {
        "kind": "time",
        "source_id": str(source_id),
        "source_version": version,
        "approved": True,
        "project_ref": "ws1",
        "task_ref": None,
        "person_ref": "u-tom",
        "role": None,
        "work_date": date(2026, 2, 3),
        "quantity": Decimal(minutes),
        "unit": "min",
        "billable": True,
        **values,
    }
    return SourceLine(**given)


def expense(source_id: int | str, amount: str, version: int = 1, **values: Any) -> SourceLine:
    """An approved expense of Tom on project 1."""
    money = {"kind": "expense", "unit": "each", "currency": "USD", "attributes": {"category": "Travel"}}
    return entry(source_id, 1, version, **{**money, "amount": Decimal(amount), **values})


@dataclass
class Source:
    """A feed whose pages a test lays out; each page is read once, in order."""

    kind: LineKind = "time"
    laid: list[Sequence[SourceLine]] = field(default_factory=list)

    def lay(self, *lines: SourceLine) -> None:
        self.laid.append(lines)

    def pages(self, cursor: str | None) -> LinePage:
        place = int(cursor or 0)
        if place >= len(self.laid):
            return LinePage([], b"{}", str(place), False)
        return LinePage(self.laid[place], b'{"page": 1}', str(place + 1), place + 1 < len(self.laid))

    @property
    def feed(self) -> Feed:
        return Feed(PSA, "Kantata", self.kind, self.pages)


@dataclass
class Sink:
    """An ERP with an append-only ledger. `script`: how the next calls to `post` end; empty means well.

    `refuse:REF` refuses a line, `leave_out:REF` stores it without naming it, `forget:REF` neither stores nor names it,
    `drop_before` and `drop_after` break the connection before or after the commit, `busy` is a 429, `accept` answers
    with a job, `die` ends the process after the commit, `die_before` before it, `bug` is a mistake of ours.
    `lands_later` breaks the connection and `die_late` ends the process; the write happens at `land`.
    """

    connection: str = ERP
    system: str = "TestERP"
    batch_size: int = 100
    at_once: int = 1
    safety: WriteSafety = WriteSafety.UPSERT
    quarantine: timedelta = timedelta(0)
    ledger: list[tuple[str, ErpLine]] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    jobs: dict[str, Settled] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    in_call: Callable[[], None] | None = None
    late: list[ErpLine] = field(default_factory=list)
    looked_up: list[Sequence[str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        with self.lock:
            self.keys.append(key)
            end, _, what = (self.script.pop(0) if self.script else "ok").partition(":")
        if self.in_call is not None:
            self.in_call()
        if end in ("lands_later", "die_late"):
            self.late += lines
        self._fail_before(end)
        refused = {what: Rejected(ERP, "The period is closed", kind="closed_period", key="2026-02")}
        stored = [line for line in lines if line.reference != what or end == "leave_out"]
        settled = Settled(
            {line.reference: self._store(line) for line in stored if line.reference != what},
            refused if end == "refuse" else {},
        )
        for line in stored:
            if line.reference == what:
                self._store(line)
        if end == "accept":
            self.jobs[key] = settled
            return Accepted(key, timedelta(0))
        if end == "drop_after":
            raise Unclear(ERP, "no answer")
        if end == "die":
            raise KeyboardInterrupt
        if end == "reorder":
            return Settled(dict(reversed(list(settled.ids.items()))), {})
        return settled

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled | Accepted:
        return self.jobs[handle]

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        self.looked_up.append(references)
        known = {line.reference: erp_id for erp_id, line in self.ledger}
        return {reference: known[reference] for reference in references if reference in known}

    def land(self) -> None:
        """What was under way arrives."""
        for line in self.late:
            self._store(line)

    def minutes(self) -> Decimal:
        return sum((line.minutes for _, line in self.ledger), Decimal(0))

    def references(self) -> list[str]:
        return [line.reference for _, line in self.ledger]

    def _store(self, line: ErpLine) -> str:
        with self.lock:
            if self.safety == WriteSafety.UPSERT:
                for erp_id, known in self.ledger:
                    if known.reference == line.reference:
                        return erp_id
            self.ledger.append((f"{len(self.ledger) + 1}", line))
            return self.ledger[-1][0]

    def _fail_before(self, end: str) -> None:
        match end:
            case "drop_before" | "lands_later":
                raise Unclear(ERP, "no answer")
            case "busy":
                raise Unavailable(ERP, "too many calls", timedelta(0))
            case "late":
                raise NotSent(ERP, "the send window is over")
            case "unauthorized":
                raise Unauthorized(ERP, "the token was revoked")
            case "reject":
                raise Rejected(ERP, "The project is locked", kind="business_rule", field="project")
            case "die_before" | "die_late":
                raise KeyboardInterrupt
            case "bug":
                raise ZeroDivisionError


@dataclass
class World:
    """A database with the project in it, and short ways to move lines."""

    database: Database
    source: Source = field(default_factory=Source)
    expenses: Source = field(default_factory=lambda: Source("expense"))
    sink: Sink = field(default_factory=Sink)
    items: dict[str, str] = field(default_factory=lambda: {role: f"i-{role}" for role in (*RATES, "expense")})
    off: list[tuple[str, str]] = field(default_factory=list)
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.database, lease=timedelta(0))

    @property
    def pricing(self) -> Pricing:
        return Pricing(a_firm(), items={ERP: self.items}, batch_sizes={ERP: self.sink.batch_size}, off=self.off)

    def furnish(self) -> None:
        with self.database.transaction() as db:
            open_engagement(db, "eng_1", "opp_1", "Build", "cus_1", "Bluepeak Energy")
            add_contract_version(db, a_contract())
            put_project(db, a_project())
            db.execute("insert into route (record_id, role, connection) values ('prj_1', 'erp', 'erp')")
            refer(db, PSA, "project", "prj_1", "ws1")
            refer(db, ERP, "project", "prj_1", "e1")
            remember_people(db, PSA, {email(name): f"u-{name}" for name in PEOPLE})
            remember_people(db, ERP, {email(name): f"e-{name}" for name in PEOPLE})

    def pull(self, *lines: SourceLine, kind: LineKind = "time") -> int:
        source = self.source if kind == "time" else self.expenses
        if lines:
            source.lay(*lines)
        return pull_feed(self.database, source.feed, self.pricing)

    def post(self, worker: Worker | None = None) -> int:
        return post_ready(self.database, {ERP: self.sink}, worker or self.worker, self.pricing)

    def new_worker(self) -> Worker:
        """As after the death of the process: the old session and with it its lock are gone."""
        old = self.worker
        old.close()
        deadline = time.monotonic() + 60
        while self.rows(_HELD, WORKER_LOCK, old._id):  # the server takes a moment to notice that a session has ended
            assert time.monotonic() < deadline, "the lock of a session that has ended is held for ever"
            time.sleep(0.005)
        self.worker = Worker(self.database, lease=timedelta(0))
        return self.worker

    def due_now(self) -> None:
        """As if every wait were over."""
        self.rows(
            "update posting_batch set due_at = '-infinity', quarantine_until = least(quarantine_until, now())"
            " where state <> 'done' returning id"
        )

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.database.connection() as db:
            return db.execute(query.encode(), parameters).fetchall()

    def states(self) -> list[tuple[str, int, str]]:
        """(source id, seq, status) of all lines."""
        rows = self.rows("select source_id, seq, status from line_status order by source_id, seq")
        return [(row["source_id"], row["seq"], row["status"]) for row in rows]

    def open_exceptions(self) -> list[dict[str, Any]]:
        return self.rows(
            "select i.id, i.kind, i.field, i.key, i.owner, i.message, (select count(*) from exception_line l"
            " where l.exception_id = i.id) as lines from exception_item i where closed_at is null order by cause"
        )
