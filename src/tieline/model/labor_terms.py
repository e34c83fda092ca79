"""What project accounting knows of a person: the cost of an hour, the utilization aimed at, the working calendar."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tieline.model.record import Owned, Record
from tieline.model.working_time import ANY, Name

LaborField = Literal["cost_rate", "utilization_target", "working_calendar"]


class LaborTerms(Record):
    """The terms of one person as an ERP is to have them; `id` is the e-mail. None: not written there."""

    name: str
    legal_entity: str
    currency: str
    """Of the cost: the home currency of the legal entity."""
    cost_rate: Annotated[Decimal | None, Owned("hcm", "C3")] = None
    """Per hour, today."""
    utilization_target: Annotated[Decimal | None, Owned("tieline")] = None
    """A share of the available hours."""
    working_calendar: Annotated[str | None, Owned("tieline")] = None
    """The location whose calendar counts, else the legal entity."""


class LaborTermsRule(BaseModel):
    """`[[labor_terms]]`: which ERP gets which fields of whom; by naming them the firm says that its files own them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: Name
    fields: Annotated[tuple[LaborField, ...], Field(min_length=1)]
    legal_entity: Name = ANY
