"""Budget burn: the value of approved work by month against the plan of the contract."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.model.contract import ContractVersion
from tieline.model.money import rounded
from tieline.store.database import Connection

LONGEST_PLAN = 120
"""Months shown at most."""


@dataclass(frozen=True, kw_only=True)
class BurnMonth:
    """The end of one month, cumulative."""

    month: date
    used: Decimal | None
    """None in the future."""
    plan: Decimal


@dataclass(frozen=True, kw_only=True)
class Burn:
    """What of the budget is used up."""

    currency: str
    budget: Decimal
    used: Decimal
    hours_budget: Decimal
    hours_used: Decimal
    percent: Decimal | None
    months: tuple[BurnMonth, ...]


def read_burn(db: Connection, contract: ContractVersion, today: date) -> Burn:
    """Approved work of all projects of a contract, reversals netted; work in exception counts when it has a price."""
    rows = db.execute(
        "select date_trunc('month', t.work_date)::date as month, coalesce(sum(t.amount * t.sign), 0) as amount,"
        " coalesce(sum(t.quantity * t.sign) filter (where t.kind = 'time'), 0) as minutes"
        " from project p join project_transaction t on t.project_id = p.id"
        " where p.contract_id = %s and t.state not in ('void', 'withdrawn', 'written_off')"
        " and (t.currency is null or t.currency = %s) group by 1",
        [contract.id, contract.currency],
    ).fetchall()
    minutes = sum((row["minutes"] for row in rows), Decimal(0))
    return burn_of(contract, {row["month"]: row["amount"] for row in rows}, minutes, today)


def burn_of(contract: ContractVersion, by_month: Mapping[date, Decimal], minutes: Decimal, today: date) -> Burn:
    """Months from the contract's start to its end (or to today's, or to the newest work); the plan is even by days."""
    budget = contract.budget.revenue.amount
    used = sum(by_month.values(), Decimal(0))
    last = max([contract.end_date, *by_month])
    months, running = [], Decimal(0)
    for month in _months(min([contract.start_date, *by_month]), last):
        running += by_month.get(month, Decimal(0))
        past = month <= today.replace(day=1) or month <= max(by_month, default=date.min)
        months.append(BurnMonth(month=month, used=running if past else None, plan=_planned(contract, budget, month)))
    return Burn(
        currency=contract.currency,
        budget=budget,
        used=used,
        hours_budget=contract.budget.hours,
        hours_used=(minutes / 60).quantize(Decimal("0.01")),
        percent=(used * 100 / budget).quantize(Decimal("0.1")) if budget else None,
        months=tuple(months),
    )


def _planned(contract: ContractVersion, budget: Decimal, month: date) -> Decimal:
    days = (contract.end_date - contract.start_date).days + 1
    done = (month.replace(day=monthrange(month.year, month.month)[1]) - contract.start_date).days + 1
    return rounded(budget * max(0, min(done, days)) / max(days, 1), contract.currency)


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    for _ in range(LONGEST_PLAN):
        if month > last:
            return
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
