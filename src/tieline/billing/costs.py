"""What a cost born in the ERP is worth to its project, and whether it counts there."""

from decimal import Decimal
from typing import NamedTuple

from tieline.billing.fx import FxRates
from tieline.model.cost import CostRules, ErpCost
from tieline.model.money import rounded


class Worth(NamedTuple):
    """In the project's currency; `amount` None: no rate is known. `words` say how it came about."""

    amount: Decimal | None
    counted: bool
    words: str


def worth_of(cost: ErpCost, currency: str, rules: CostRules, fx: FxRates) -> Worth:
    """A kind that is taken from the PSA counts there and not here."""
    amount, words = _converted(cost, currency, fx)
    if not rules.counts(cost.kind, "erp"):
        return Worth(amount, False, "not counted: the PSA tells this kind of cost")
    return Worth(amount, True, words)


def _converted(cost: ErpCost, currency: str, fx: FxRates) -> tuple[Decimal | None, str]:
    if cost.net_cost.currency == currency:
        return cost.net_cost.amount, "as booked"
    if cost.base_cost is not None and cost.base_cost.currency == currency:
        return cost.base_cost.amount, f"{cost.net_cost} at the ERP's rate"
    rate = fx.find(cost.net_cost.currency, currency, cost.day)
    if rate is None:
        return None, f"no rate of {cost.net_cost.currency} into {currency} is known for {cost.day}"
    return rounded(cost.net_cost.amount * rate.rate, currency), f"{cost.net_cost} x {rate.rate} ({rate.words})"
