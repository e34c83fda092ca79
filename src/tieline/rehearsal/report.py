"""The report: one HTML page a CFO can read, with nothing outside it; and the same as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from tieline import __version__
from tieline.rehearsal.chart import chart, letters
from tieline.rehearsal.fleet import QUARANTINE, REQUEST_LIFE
from tieline.rehearsal.month_end import Episode, Outcome

MINUS = "\N{MINUS SIGN}"
OWNERS = {
    "sales": "Sales",
    "delivery": "Delivery",
    "finance": "Finance",
    "resource": "Resource management",
    "integration": "Integration",
}
ENTITIES = {"US": "Halden Marsh Inc.", "UK": "Halden Marsh Ltd", "DE": "Halden Marsh GmbH"}
SYSTEMS = {"salesforce": "Salesforce", "kantata": "Kantata", "netsuite": "NetSuite"}
NOT_COVERED = (
    "Your own systems: they were not touched; their limits, scripts and data may differ from the stand-ins'.",
    "Expenses, milestones, retainers, change orders, a Tryton ERP; payments and their way back to sales.",
    "The loss of a whole machine, a full disk, and the restore of a backup while the vendors moved on.",
    "Deletes of approved time, which the nightly comparison finds.",
    f"Long waits: a request at a stand-in lives up to {REQUEST_LIFE:g} s and the quarantine is {QUARANTINE:g} s; with"
    " the vendors both are up to 16 minutes.",
)


@dataclass(frozen=True, slots=True)
class About:
    """How the rehearsal was run."""

    command: str
    seed: int
    faults: str
    workers: int
    peaks: dict[str, float]
    """Largest resident size in MB, by process."""
    at: datetime


def page(outcome: Outcome, about: About) -> str:
    """The HTML."""
    return _template().render(
        outcome=outcome,
        about=about,
        verdict=sentence(outcome, about),
        chart=chart(outcome),
        letters=letters(outcome),
        figures=figures(outcome),
        balances=outcome.verdict.balances,
        entities=ENTITIES,
        owners=_by_owner(outcome),
        not_covered=NOT_COVERED,
        version=__version__,
    )


def as_json(outcome: Outcome, about: About) -> dict[str, Any]:
    """The same for programs: amounts are exact decimals, times ISO 8601."""
    return {
        "passed": outcome.verdict.passed and outcome.settled,
        "verdict": sentence(outcome, about),
        "laws": [{**asdict(law), "held": law.held} for law in outcome.verdict.laws],
        "balances": [
            {**asdict(one), "unexplained": one.unexplained, "unexplained_worth": one.unexplained_worth}
            for one in outcome.verdict.balances
        ],
        "figures": figures(outcome),
        "episodes": [asdict(one) for one in outcome.episodes],
        "exceptions": [
            {"kind": one.kind, "owner": one.owner, "message": one.message, "entries": len(one.entries)}
            for one in outcome.waiting
        ],
        "consultants": len(outcome.firm.consultants),
        "projects": len(outcome.firm.engagements),
        "month": outcome.firm.month,
        "seed": about.seed,
        "faults": about.faults,
        "peak_memory_mb": {name: round(size) for name, size in about.peaks.items()},
    }


def sentence(outcome: Outcome, about: About) -> str:
    """The verdict in words."""
    broken = [law.name for law in outcome.verdict.laws if not law.held]
    hours = Decimal(sum(one.minutes for one in outcome.verdict.balances)) / 60
    disturbances = sum(one.disturbs for one in outcome.episodes)
    through = f"through {disturbances} disturbances" if about.faults == "standard" else "without disturbances"
    if broken:
        rules = "rule was" if len(broken) == 1 else "rules were"
        return f"Failed: {len(broken)} of {len(outcome.verdict.laws)} {rules} broken. First: {broken[0].lower()}."
    if not outcome.settled:
        return "Failed: the month-end had not settled when the time was up."
    return (
        f"Passed: {hours:,.0f} approved hours of {len(outcome.firm.consultants):,} consultants went {through};"
        " no hour was lost, none was booked twice, and every invoice adds up."
    )


def figures(outcome: Outcome) -> dict[str, Any]:
    """Speed and sizes."""
    times = [at for at, _ in outcome.ledgers.books.pace]
    fired = [hit for one in outcome.episodes for hit in one.fired]
    return {
        "approved_hours": Decimal(sum(one.minutes for one in outcome.verdict.balances)) / 60,
        "approved_entries": sum(one.entries for one in outcome.verdict.balances),
        "erp_lines": len(outcome.ledgers.books.lines),
        "invoices": len(outcome.ledgers.books.invoices),
        "calls_hit": sum(one.times for one in fired if one.what != "answered late"),
        "kills": outcome.kills,
        "events": outcome.told.sent,
        "repeated_events": outcome.told.repeated,
        "lines_per_second": round(len(times) / max((max(times) - min(times)).total_seconds(), 1)) if times else 0,
        "busiest_lines_per_second": _busiest(times),
        "take_over_seconds": [round(one, 2) for one in outcome.take_overs],
        "database_back_seconds": [round(one, 2) for one in outcome.database_back],
        "seconds": {name: round(one, 1) for name, one in outcome.seconds.items()},
    }


def _busiest(times: Sequence[datetime], span: int = 10) -> int:
    """Lines a second in the busiest ten seconds."""
    counts: dict[int, int] = {}
    for at in times:
        place = int(at.timestamp()) // span
        counts[place] = counts.get(place, 0) + 1
    return round(max(counts.values(), default=0) / span)


@dataclass(frozen=True, slots=True)
class Task:
    """What one person would have had to do."""

    owner: str
    message: str
    suggestion: str | None
    entries: int
    money: tuple[tuple[str, Decimal], ...]


def _by_owner(outcome: Outcome) -> list[Task]:
    return [
        Task(
            OWNERS.get(one.owner, one.owner),
            one.message,
            one.suggestion,
            len(one.entries),
            tuple(sorted(outcome.verdict.worths.get(one.id, {}).items())),
        )
        for one in outcome.waiting
    ]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"hours": _hours, "money": _money, "lasting": _lasting, "system": SYSTEMS.get}
    return environment.from_string((files("tieline.rehearsal") / "report.html").read_text("utf-8"))


def _hours(minutes: int) -> str:
    return f"{Decimal(minutes) / 60:,.2f}".replace("-", MINUS)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace("-", MINUS)


def _lasting(one: Episode) -> str:
    seconds = ((one.ended or datetime.now(UTC)) - one.began).total_seconds()
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds:.1f} s"
