"""The options a site may set for a Salesforce connection, checked once when it is connected."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tieline.connectors.salesforce.org_id import eighteen
from tieline.connectors.salesforce.soql import FIELD, one_of
from tieline.sdk.connector import ConnectionSettings

API_NAME = rf"^{FIELD.pattern}$"


class Options(BaseModel):
    """`[connection.<name>.options]` of the site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    auth: Literal["client_credentials", "jwt"] = "client_credentials"
    username: str | None = None
    """The integration user; needed for `jwt`."""
    login_url: str | None = None
    """Where tokens are asked for; without it the connection's own address (My Domain)."""
    audience: str | None = None
    """The `aud` of the JWT; without it the login address."""
    api_version: str = "66.0"
    committed_stages: tuple[str, ...] = ()
    """Stages that commit the firm; without them every won opportunity does."""
    committed_field: str | None = Field(default=None, pattern=API_NAME)
    """A checkbox on the opportunity that commits the firm, instead of stages."""
    follow_ups: tuple[Literal["task", "opportunity"], ...] = ()
    """What Tieline may create for sales; each needs the right to create it."""
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    """The one currency of an organisation without multi-currency, which has no CurrencyIsoCode fields."""
    changes_since: date | None = None
    """The first sweep starts here; without it, with the oldest record."""
    change_orders: bool = True
    """Whether the organisation has the objects of change orders; without them no contract is ever amended."""
    overlap_seconds: int = Field(default=600, ge=0, le=86_400)
    """A sweep re-reads this much before its cursor: a transaction may become visible minutes after its stamp."""
    page_size: int = Field(default=2000, ge=1, le=2000)
    bulk_refs: bool = False
    """Read the nightly id set by the Bulk API, which does not use up the daily calls."""
    change_channel: str = Field(default="/data/ChangeEvents", pattern=r"^/(data|event)/\w{1,80}$")
    poll_seconds: int = Field(default=25, ge=1, le=110)
    """How long the server may hold one long poll; also how long a stop takes."""

    @field_validator("api_version")
    @classmethod
    def _new_enough(cls, value: str) -> str:
        number = value.removeprefix("v")
        whole, _, rest = number.partition(".")
        if rest != "0" or not whole.isdigit() or not 46 <= int(whole) <= 999:
            raise ValueError("must be 46.0 or later: before that an upsert did not say which record it wrote")
        return number

    @property
    def committed(self) -> str:
        """The rule for committed opportunities as a SOQL condition."""
        if self.committed_field:
            return f"{self.committed_field} = true"
        return one_of("StageName", self.committed_stages) if self.committed_stages else "IsWon = true"


def read_options(settings: ConnectionSettings) -> Options:
    """The checked options. Raises ValueError naming the connection and every wrong option."""
    try:
        options = Options.model_validate(dict(settings.options))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, where['loc']))}: {where['msg']}" for where in error.errors())
        raise ValueError(f"connection {settings.name}: {wrong}") from error
    if options.auth == "jwt" and not options.username:
        raise ValueError(f'connection {settings.name}: auth = "jwt" needs the option username')
    if settings.account != eighteen(settings.account):
        raise ValueError(
            f"connection {settings.name}: pin the organisation id with 18 characters: {eighteen(settings.account)}"
        )
    return options
