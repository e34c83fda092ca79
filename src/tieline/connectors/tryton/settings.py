"""The options a site gives a Tryton connection."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tieline.model.cost import CostKind
from tieline.sdk.connector import ConnectionSettings


class Options(BaseModel):
    """`[connection.<name>.options]`; the password is the secret `password`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    database: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,63}$")
    user: str = Field(min_length=1, max_length=200)
    company: str | None = None
    """Name of the company to work in, where the user belongs to several."""
    invoice_journal: str = "REV"
    """Code of the journal draft invoices are made in."""
    overlap_seconds: int = Field(default=300, ge=0, le=86_400)
    """A sweep re-reads this much before its cursor."""
    page_size: int = Field(default=200, ge=1, le=1000)
    """Invoices of a page of the sweep."""
    project_axis: str = Field(default="PROJECT", min_length=1, max_length=80)
    """Code of the analytic axis whose accounts are projects: their codes are our project codes."""
    cost_kinds: dict[Annotated[str, Field(pattern=r"^(account|product):.{1,80}$")], CostKind] = {}
    """`product:SUB` or `account:6100` -> the kind of cost its lines are, the product first; else purchases."""


def read_options(settings: ConnectionSettings) -> Options:
    """The checked options. Raises ValueError naming the connection and every wrong option."""
    try:
        return Options.model_validate(dict(settings.options))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, where['loc']))}: {where['msg']}" for where in error.errors())
        raise ValueError(f"connection {settings.name}: {wrong}") from error
