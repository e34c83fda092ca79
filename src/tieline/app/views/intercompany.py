"""Intercompany figures of a month: what entities owe each other for work, as finance books it in the ERP."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tieline.billing.fx import FxRates
from tieline.billing.intercompany import Gap, Intercompany, figures, positions
from tieline.billing.periods import following, month_of
from tieline.insights.intercompany import read_delivered
from tieline.model.firm import Firm
from tieline.model.money import Money
from tieline.store.database import Connection

NOTE = "Tieline books none of it: these figures say what to book in the ERP, between the two entities of each pair."
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
NOBODY = "?"


class NoSuchPeriod(ValueError):
    """A text that names no month."""


@dataclass(frozen=True, slots=True)
class Position:
    """What others owe an entity over all pairs; below zero what it owes them."""

    legal_entity: str
    amount: Money


@dataclass(frozen=True, slots=True)
class IntercompanyMonth:
    """The figures of a month as they stand now; later corrections of its work change them."""

    since: date
    until: date
    found: Intercompany
    positions: tuple[Position, ...]


def month_named(text: str | None, today: date) -> date:
    """The first day of `2026-10`, or of last month. Raises NoSuchPeriod."""
    if text is None:
        return month_of(month_of(today) - timedelta(days=1))
    if not MONTH.fullmatch(text):
        raise NoSuchPeriod(f"'{text[:20]}' is no month such as 2026-10")
    return date.fromisoformat(f"{text}-01")


def read_intercompany(db: Connection, firm: Firm, month: date) -> IntercompanyMonth:
    """Everything of one month."""
    until = following(month) - timedelta(days=1)
    worked = read_delivered(db, firm, month, until)
    home = {entity.id: entity.currency for entity in firm.legal_entities}
    found = figures(worked.delivered, firm.intercompany, home, FxRates(firm.fx_rates), until)
    if worked.unknown_minutes:
        strangers = Gap(NOBODY, NOBODY, "these people are not in people.csv, so their entity is unknown",
                        worked.unknown_minutes)  # fmt: skip
        found = Intercompany(found.pairs, (*found.gaps, strangers))
    net = tuple(Position(entity, amount) for (entity, _), amount in positions(found.pairs).items())
    return IntercompanyMonth(month, until, found, net)


def as_json(shown: IntercompanyMonth) -> dict[str, Any]:
    """The figures as API and command line tell programs."""
    pairs = [
        {
            "deliverer": pair.deliverer,
            "seller": pair.seller,
            "hours": _hours(pair.minutes),
            "currency": pair.amount.currency,
            "amount": pair.amount.amount,
            "rules": pair.rules,
            "projects": [
                {
                    "project_id": one.project_id,
                    "code": one.code,
                    "engagement_id": one.engagement_id,
                    "hours": _hours(one.minutes),
                    "amount": one.amount.amount,
                }
                for one in pair.projects
            ],
        }
        for pair in shown.found.pairs
    ]
    positions = [
        {"legal_entity": one.legal_entity, "currency": one.amount.currency, "amount": one.amount.amount}
        for one in shown.positions
    ]
    gaps = [
        {"deliverer": gap.deliverer, "seller": gap.seller, "hours": _hours(gap.minutes), "reason": gap.reason}
        for gap in shown.found.gaps
    ]
    told = {"pairs": pairs, "positions": positions, "without_price": gaps}
    return {"since": shown.since, "until": shown.until, **told}


def _hours(minutes: Decimal) -> Decimal:
    return (minutes / 60).quantize(Decimal("0.01"))


def intercompany_csv(shown: IntercompanyMonth) -> str:
    """A row for each pair and project; what has no price stands without an amount, with the reason."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    head = ("period", "deliverer", "seller", "project", "engagement_id", "hours", "currency", "amount", "rule")
    writer.writerow(head)
    period = f"{shown.since:%Y-%m}"
    for pair in shown.found.pairs:
        for one in pair.projects:
            named = (period, pair.deliverer, pair.seller, one.code, one.engagement_id, _hours(one.minutes))
            writer.writerow([*named, one.amount.currency, one.amount.amount, "; ".join(pair.rules)])
    for gap in shown.found.gaps:
        writer.writerow([period, gap.deliverer, gap.seller, "", "", _hours(gap.minutes), "", "", gap.reason])
    return told.getvalue()
