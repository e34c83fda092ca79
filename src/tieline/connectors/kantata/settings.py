"""The options a site may set for a Kantata connection, checked once when it is connected."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tieline.sdk.connector import ConnectionSettings


class Options(BaseModel):
    """`[connection.<name>.options]` of the site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_name: str = Field(default="tieline", pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    """The name our external references carry; two sites that share a Kantata account need different ones."""
    approvers: tuple[str, ...] = ()
    """E-mails of those who approve resource requests; without them the lead of the project does."""
    events: bool = False
    """The account has the Subscribed Events add-on: deleted projects and allocations are then seen at once."""
    changes_since: date | None = None
    """The first sweep starts here; without it, with the oldest record."""
    overlap_seconds: int = Field(default=300, ge=10, le=86_400)
    """A sweep re-reads this much before where the last one ended."""
    page_size: int = Field(default=200, ge=2, le=200)
    app_url: str = "https://app.mavenlink.com"
    """Where people open Kantata."""


def read_options(settings: ConnectionSettings) -> Options:
    """The checked options. Raises ValueError naming the connection and every wrong option."""
    try:
        return Options.model_validate(dict(settings.options))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, where['loc']))}: {where['msg']}" for where in error.errors())
        raise ValueError(f"connection {settings.name}: {wrong}") from error
