"""The timeline as a thread through the systems: one row per thing that happened, one column per role."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tieline.app.views.systems import Cards
from tieline.app.views.timeline import TimelineItem, WaitingStep

ROLES = ("crm", "psa", "erp")
MONEY = frozenset({"invoice", "time", "expense", "contract", "billing_schedule", "project.financials"})


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one system holds or answered."""

    connection: str
    system: str
    outcome: str
    vendor_id: str | None
    url: str | None
    count: int = 1
    """Records of a list written in one go."""


@dataclass(frozen=True, kw_only=True)
class ThreadRow:
    """One thing that happened; `at` None: it waits now."""

    at: datetime | None
    title: str
    detail: str | None
    actor: str
    hot: bool
    money: bool = False
    """About prices, time or invoices."""
    number: int = 0
    """Of its oldest event, for the cursor of the next page."""
    cells: dict[str, Cell] = field(default_factory=dict)
    """By role."""


def thread_rows(items: Sequence[TimelineItem], cards: Cards) -> list[ThreadRow]:
    """Neighbouring writes of one step in one run are one row; the order of `items` is kept."""
    rows: list[ThreadRow] = []
    group: list[TimelineItem] = []
    for item in items:
        if group and _apart(group[-1], item):
            rows.append(_row(group, cards))
            group = []
        group.append(item)
    if group:
        rows.append(_row(group, cards))
    return rows


def waiting_rows(steps: Iterable[WaitingStep], cards: Cards) -> list[ThreadRow]:
    """What waits now, as rows to stand above the timeline; repeats of a step once."""
    rows: dict[tuple[str, str | None, str | None], ThreadRow] = {}
    for step in steps:
        key = (step.label, step.connection, step.detail)
        rows.setdefault(
            key,
            ThreadRow(
                at=None,
                title=step.label,
                detail=step.detail,
                actor="tieline",
                hot=step.what in ("refused", "asks"),
                cells=_cells(cards, step.connection, WAITS[step.what], None, None, 1),
            ),
        )
    return sorted(rows.values(), key=lambda row: not row.hot)


WAITS = {
    "refused": "refused",
    "in_doubt": "unclear",
    "waiting": "waits",
    "retrying": "tried again",
    "accepted": "accepted",
    "asks": "asks",
}


def columns(rows: Iterable[ThreadRow], cards: Cards) -> dict[str, tuple[str, ...]]:
    """Role -> names of the systems in that column; roles nobody plays have no column."""
    seen = {cell.connection for row in rows for cell in row.cells.values()}
    found: dict[str, tuple[str, ...]] = {}
    for role in ROLES:
        playing = [card for card in cards.values() if role in card.roles]
        used = [card for card in playing if card.connection in seen] or playing
        if used:
            found[role] = tuple(dict.fromkeys(card.system for card in used))
    return found


def _apart(one: TimelineItem, other: TimelineItem) -> bool:
    same = (one.run_id, one.step, one.connection, one.target, one.outcome, one.detail)
    return one.run_id is None or same != (
        other.run_id,
        other.step,
        other.connection,
        other.target,
        other.outcome,
        other.detail,
    )


def _row(group: Sequence[TimelineItem], cards: Cards) -> ThreadRow:
    last = group[0]
    return ThreadRow(
        at=last.at,
        title=last.step,
        detail=last.detail,
        actor=last.actor,
        hot=last.outcome == "refused",
        money=any(item.target in MONEY for item in group) or last.step.startswith("Contract"),
        number=min(item.number for item in group),
        cells=_cells(cards, last.connection, last.outcome, last.target, last.vendor_id, len(group)),
    )


def _cells(
    cards: Cards, connection: str | None, outcome: str, target: str | None, vendor_id: str | None, count: int
) -> dict[str, Cell]:
    card = cards.get(connection or "")
    if card is None:
        return {}
    cell = Cell(
        connection=card.connection,
        system=card.system,
        outcome=outcome,
        vendor_id=vendor_id,
        url=card.url(target, vendor_id),
        count=count,
    )
    return dict.fromkeys(card.roles[:1], cell)
