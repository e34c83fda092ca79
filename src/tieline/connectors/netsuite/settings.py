"""The options a site may set for a NetSuite connection, checked once when it is connected."""

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tieline.model.cost import CostKind
from tieline.sdk.connector import ConnectionSettings

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path


class Options(BaseModel):
    """`[connection.<name>.options]` of the site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    auth: Literal["oauth2", "tba"] = "oauth2"
    """`tba` for old integrations only: from 2027.1 on NetSuite makes no new ones (fact sheet section 2a)."""
    client_id: str = ""
    certificate_id: str = ""
    algorithm: Literal["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"] = "PS256"
    audience: str | None = None
    """The `aud` of the assertion; without it the token address of the account's own host."""
    concurrent_polls_seconds: int = Field(default=2, ge=1, le=600)
    """The longest pause before an accepted batch is asked for; it begins with a quarter second and doubles."""
    parallel_batches: bool = False
    """Let NetSuite work on the lines of one batch in parallel (`batch-processing="parallel"`)."""
    reversals: Literal["negative_hours", "by_hand"] = "negative_hours"
    """`by_hand` for accounts that refuse negative hours: each reversal becomes an exception for finance."""
    time_fields: dict[str, Any] = {}
    """Fixed fields of every time line, where an account wants them, e.g. `approvalStatus = {id = "3"}`."""
    order_lines: bool = True
    """Invoice lines name the sales order and its line, so that NetSuite counts them as billed (unverified)."""
    time_zone: str = "UTC"
    """The integration user's time zone in NetSuite: SuiteQL shows and compares moments in it."""
    overlap_minutes: int = Field(default=70, ge=0, le=1440)
    """A sweep re-reads this much before its cursor; more than an hour, since clocks go back one hour in autumn."""
    changes_since: date | None = None
    """The first sweep starts here; without it, with the oldest invoice."""
    page_size: int = Field(default=1000, ge=1, le=1000)
    cost_kinds: dict[Annotated[str, Field(pattern=r"^(account|item|category):\d{1,20}$")], CostKind] = {}
    """`account:512`, `item:77` or `category:4` -> the kind of cost its lines are; the first that fits in this order:
    item, category, account. Else bills are purchases and expense reports expenses."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"'{value}' is no time zone: write an IANA name such as America/Los_Angeles") from error
        return value


def read_options(settings: ConnectionSettings) -> Options:
    """The checked options. Raises ValueError naming the connection and every wrong option."""
    try:
        options = Options.model_validate(dict(settings.options))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, where['loc']))}: {where['msg']}" for where in error.errors())
        raise ValueError(f"connection {settings.name}: {wrong}") from error
    missing = [
        name for name in ("client_id", "certificate_id") if options.auth == "oauth2" and not getattr(options, name)
    ]
    if missing:
        raise ValueError(f'connection {settings.name}: auth = "oauth2" needs the options {" and ".join(missing)}')
    other = account_of_host(options.audience) if options.audience else None
    if other not in (None, settings.account):  # else it would let us into an account that is not the pinned one
        raise ValueError(f"connection {settings.name}: audience is of account {other}, not of {settings.account}")
    return options


def host_label(account: str) -> str:
    """`TSTDRV1234567_SB1` -> `tstdrv1234567-sb1`: an account id in a host name (fact sheet section 1)."""
    return account.lower().replace("_", "-")


def account_of_host(url: str) -> str | None:
    """The account a NetSuite address belongs to; None for any other host."""
    host = urlsplit(url).hostname or ""
    label, _, rest = host.partition(".")
    return label.replace("-", "_").upper() if rest.endswith(".netsuite.com") and rest != "netsuite.com" else None


def audience_of(settings: ConnectionSettings, options: Options) -> str:
    """The token address of the account's own host, also where the connection goes through another one."""
    return options.audience or f"https://{host_label(settings.account)}.suitetalk.api.netsuite.com{TOKEN_PATH}"
