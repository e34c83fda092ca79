"""The truth file: what really was sold, worked, approved, late, disputed and paid, one JSON object a line.

Tests and people compare it with what an observer of the systems made of it; the observer never reads it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from tieline_standins.simulation.delivery import Delivery
from tieline_standins.simulation.finance import Finance
from tieline_standins.simulation.pipeline import Deal
from tieline_standins.simulation.roster import Team
from tieline_standins.simulation.sales import Sales
from tieline_standins.simulation.travel import Travel


def write_truth(
    path: Path,
    teams: Sequence[Team],
    deals: Sequence[Deal],
    sales: Sales,
    delivery: Delivery,
    travel: Travel,
    finance: Finance,
) -> None:
    """All of it; each line says by `what` which kind of fact it is."""
    with path.open("w", encoding="utf-8") as file:
        facts = (
            _people(teams),
            _deals(deals, sales, delivery),
            _satisfaction(sales),
            _time(delivery),
            _expenses(travel),
            _invoices(finance),
        )
        for fact in chain.from_iterable(facts):
            file.write(json.dumps(fact, default=_plain) + "\n")


def _people(teams: Sequence[Team]) -> Iterator[dict[str, Any]]:
    for number, team in enumerate(teams):
        for one in team:
            yield {"what": "person", "team": number, **asdict(one)}


def _deals(deals: Sequence[Deal], sales: Sales, delivery: Delivery) -> Iterator[dict[str, Any]]:
    for deal in deals:
        if deal.number not in sales.opportunities:
            continue
        place = delivery.places.get(deal.number)
        yield {
            "what": "deal",
            "number": deal.number,
            "name": deal.name,
            "opportunity": sales.opportunities[deal.number],
            "customer": deal.account.name,
            "entity": deal.account.entity,
            "currency": deal.currency,
            "method": deal.method,
            "stage": deal.moves[-1][1],
            "won_on": deal.won_on,
            "starts_on": deal.starts_on,
            "ends_on": deal.ends_on,
            "becomes_work": deal.becomes_work,
            "workspace": place.workspace if place else None,
            "rates": deal.rates,
            "planned_hours": deal.planned_hours,
            "troubles": sorted(deal.troubles),
            "mended_on": deal.mended_on,
            "extended_on": deal.extended_on,
        }
        for one in deal.milestones:
            reached = delivery.reached.get((deal.number, one.name))
            yield {"what": "milestone", "deal": deal.number, **asdict(one), "reached_on": reached}


def _satisfaction(sales: Sales) -> Iterator[dict[str, Any]]:
    for account, score in sales.satisfaction.items():
        yield {"what": "satisfaction", "customer": account.name, "score": score}


def _time(delivery: Delivery) -> Iterator[dict[str, Any]]:
    for sheet in delivery.sheets:
        base = {
            "what": "time",
            "deal": sheet.deal.number,
            "person": sheet.consultant.email,
            "role": sheet.consultant.role,
            "typed_on": sheet.typed_on,
            "approved_on": sheet.approved_on if sheet.is_approved else None,
            "rejected_first": sheet.rejected_first,
        }
        for entry in sheet.entries:
            yield base | {"entry": entry.id, "day": entry.day, "minutes": entry.minutes}


def _expenses(travel: Travel) -> Iterator[dict[str, Any]]:
    for one in travel.receipts:
        yield {
            "what": "expense",
            "deal": one.deal.number,
            "person": one.consultant.email,
            "expense": one.id,
            "day": one.day,
            "category": one.category,
            "cents": one.cents,
        }


def _invoices(finance: Finance) -> Iterator[dict[str, Any]]:
    for invoice in finance.issued:
        yield {"what": "invoice", **asdict(invoice)}


def _plain(value: object) -> str:
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
