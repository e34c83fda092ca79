"""Rules of the site for what one legal entity owes another whose people do its work."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ANY = "*"


class TransferRule(BaseModel):
    """`[[intercompany]]`: the price between two entities. The first that fits decides, of the newest `valid_from`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deliverer: str = ANY
    """The entity whose people work."""
    seller: str = ANY
    """The entity whose project it is, and that invoices the customer."""
    price: Literal["cost_plus", "bill_share", "rate_card"]
    percent: Annotated[Decimal, Field(ge=0, le=1000)] = Decimal(0)
    """On top of the cost, or the share of the bill rate."""
    rates: dict[str, Annotated[Decimal, Field(gt=0)]] = {}
    """Role -> price of an hour, for a rate card; `*` is any other role."""
    currency: str | None = None
    """Of the figures; else the home currency of the deliverer."""
    fx: Literal["period_end", "work_day"] = "period_end"
    """The day whose rate converts."""
    valid_from: date = date.min

    @model_validator(mode="after")
    def _complete(self) -> "TransferRule":
        if self.price == "rate_card" and not self.rates:
            raise ValueError('rates: a rate card needs the price of an hour by role, or of any ("*")')
        if self.price != "rate_card" and self.rates:
            raise ValueError(f"rates: {self.price} does not go by a rate card")
        if self.price == "rate_card" and self.percent:
            raise ValueError("percent: a rate card is the price itself")
        if self.price == "bill_share" and not self.percent:
            raise ValueError("percent: say which share of the bill rate")
        return self

    def fits(self, deliverer: str, seller: str, day: date) -> bool:
        """Whether it is about this pair on this day."""
        return self.deliverer in (ANY, deliverer) and self.seller in (ANY, seller) and self.valid_from <= day

    @property
    def words(self) -> str:
        """What it says, in short."""
        if self.price == "rate_card":
            return "rate card"
        percent = f"{self.percent.normalize():f} %"
        return f"cost + {percent}" if self.price == "cost_plus" else f"{percent} of the bill rate"
