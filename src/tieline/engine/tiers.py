"""Service tiers: what kinds of work there are, how urgent each is, and which one the current thread does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Tier = Literal["customer", "project", "transactions", "invoice", "feedback"]


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What a firm promises itself for one tier."""

    name: str
    """For people."""
    within: timedelta
    """From the event to the target's confirmation."""
    share: float
    """The share of records that must be in time."""
    weight: float
    """Its share of a vendor's calls while others want them too."""


SERVICE_LEVELS: Mapping[Tier, ServiceLevel] = {
    "customer": ServiceLevel("Customer creation", timedelta(minutes=5), 0.99, 8.0),
    "project": ServiceLevel("Project set-up", timedelta(minutes=10), 0.99, 8.0),
    "transactions": ServiceLevel("Transactions to ERP", timedelta(hours=6), 0.99, 1.0),
    "invoice": ServiceLevel("Invoice posting", timedelta(hours=1), 0.99, 4.0),
    "feedback": ServiceLevel("Feedback to CRM and PSA", timedelta(minutes=30), 0.99, 2.0),
}
"""Without settings in the site."""

BULK: frozenset[Tier] = frozenset({"transactions"})
"""May use every call while nobody else wants one, and leaves room as soon as somebody does."""

_current: ContextVar[Tier] = ContextVar("tier", default="transactions")


def current_tier() -> Tier:
    """What this thread works for; what nobody named is bulk."""
    return _current.get()


@contextmanager
def working_for(tier: Tier) -> Iterator[None]:
    """Calls within it count for this tier."""
    token = _current.set(tier)
    try:
        yield
    finally:
        _current.reset(token)


def tier_of(flow_tier: Tier, target: str) -> Tier:
    """The tier of a write: customers have their own, whichever flow needs them."""
    return "customer" if target == "customer" else flow_tier
