"""How a closed project turned out, as sales sees it."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from tieline.model.money import Money
from tieline.model.record import Owned, Record


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
