"""Closed period: what the ERP refused because of its day goes on with the next open one, by rule or by one approval.

Time is posted on that day, and draft invoices (of time, milestones and expenses) are dated on it.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial

from tieline.billing.periods import following, next_open_day
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.closed_periods import (
    WaitingLines,
    as_shown,
    closed_months,
    money_words,
    period_key,
    post_later,
    waiting_lines,
)
from tieline.model.money import Money

LABEL = "Post in the next open period"


def closed_period(run: Run, key: str, systems: Systems) -> None:
    """Key: `connection:month:legal entity`. What is declined goes on waiting as an exception."""
    period = period_key(key)
    waiting = waiting_lines(run.db, period)
    if waiting is None:
        return run.stand_by("Nothing waits for this period")
    today = run.today
    day = next_open_day(period.month, closed_months(run.db, period), today)
    if day is None:
        run.look_again_on(following(today))
        return run.stand_by(f"No period after {period.name} is known to be open; open one in {period.connection}")
    entity = systems.firm.legal_entity(period.legal_entity)
    lines, one = _words(waiting), waiting.lines + waiting.invoices == 1
    if entity is None or entity.closed_periods == "ask":
        shown = as_shown(period, waiting, day)
        if run.declined(LABEL, shown):
            return run.note(LABEL, f"declined: they wait until {period.name} is open in {period.connection}")
        run.look_again_on(today + timedelta(days=1))  # the period may be opened meanwhile
        run.approval(
            LABEL,
            shown,
            unless=False,
            why=f"{lines} of {period.name} of {period.legal_entity} {'waits' if one else 'wait'};"
            f" approve posting them on {day}, or open the period in {period.connection}",
            worth=_worth(waiting),
            legal_entity=period.legal_entity,
        )
    run.with_commit(partial(post_later, key=period, waiting=waiting, day=day, by="tieline"))
    run.note(LABEL, f"{lines} of {period.name} post on {day}")
    return None


def _words(waiting: WaitingLines) -> str:
    """`12 entries, EUR 1,000.00 and 1 draft invoice, EUR 500.00`."""
    parts: list[tuple[int, str, str, Mapping[str, Decimal]]] = [
        (waiting.lines, "entry", "entries", waiting.money),
        (waiting.invoices, "draft invoice", "draft invoices", waiting.invoiced),
    ]
    told = [
        f"{count:,} {one if count == 1 else many}, {money_words(money)}" for count, one, many, money in parts if count
    ]
    return " and ".join(told)


def _worth(waiting: WaitingLines) -> Money | None:
    """What the site's limits go by; of several currencies none, so that the strictest rule counts."""
    currencies = waiting.money.keys() | waiting.invoiced.keys()
    if len(currencies) != 1:
        return None
    (currency,) = currencies
    amounts = (money.get(currency, Decimal(0)) for money in (waiting.money, waiting.invoiced))
    return Money(amount=sum(amounts, Decimal(0)), currency=currency)
