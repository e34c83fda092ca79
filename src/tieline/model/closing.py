"""Closing an engagement: which statuses say that its work is done, and how a closed project turned out."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from tieline.model.money import Money
from tieline.model.record import Owned, Record


class ClosingRules(BaseModel):
    """`[closing]`: what people set in their own system when the work is done; without any only a person closes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    crm_stages: tuple[str, ...] = ()
    """Stages of the deal, which stay committed ones."""
    psa_statuses: tuple[str, ...] = ()
    """Statuses of a project; all projects of the engagement must have one of them."""


class ProjectOutcome(Record):
    """What was delivered of a project; `id` is the project's id."""

    closed_on: date
    delivered_value: Annotated[Money, Owned("tieline", "C2")]
    """Invoiced, less credits."""
    hours_delivered: Decimal
    hours_budgeted: Decimal
    last_work_on: date | None = None
    on_time: bool
    """No work after the agreed end."""
    margin_percent: Annotated[Decimal | None, Owned("tieline", "C3")] = None
    """None when somebody's cost is not known."""
