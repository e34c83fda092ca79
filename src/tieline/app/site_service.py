"""The site's promises and alarms: `[sla]`, `[alerts]` and `[[alert_channel]]`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tieline.engine.tiers import SERVICE_LEVELS, ServiceLevel, Tier

AlertKind = Literal[
    "sla", "backlog", "connection", "budget", "exceptions", "approvals", "writes", "verify", "risk", "missing_time"
]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TierTable(_Table):
    """`[sla.<tier>]`; what is left out stays as shipped."""

    minutes: float | None = Field(default=None, gt=0, le=525_600)
    share: float | None = Field(default=None, gt=0, le=1)
    weight: float | None = Field(default=None, gt=0, le=1000)


class SlaTable(_Table):
    """`[sla]`: one table per tier."""

    customer: TierTable = TierTable()
    project: TierTable = TierTable()
    transactions: TierTable = TierTable()
    invoice: TierTable = TierTable()
    feedback: TierTable = TierTable()

    def levels(self) -> Mapping[Tier, ServiceLevel]:
        """The service level of each tier."""
        return {tier: _level(level, getattr(self, tier)) for tier, level in SERVICE_LEVELS.items()}


def _level(shipped: ServiceLevel, table: TierTable) -> ServiceLevel:
    within = shipped.within if table.minutes is None else timedelta(minutes=table.minutes)
    share = shipped.share if table.share is None else table.share
    return replace(shipped, within=within, share=share, weight=table.weight or shipped.weight)


class AlertsTable(_Table):
    """`[alerts]`."""

    calm_seconds: float = Field(default=120.0, ge=0)
    """How long a cause must be gone before its alert is resolved."""
    down_seconds: float = Field(default=120.0, ge=0)
    """How long a system may be away before people are told."""
    budget_share: float = Field(default=0.8, gt=0, le=1)
    """Of our share of a system's calls a day."""
    console: str = "http://127.0.0.1:8400"
    """Where the links of a message lead."""


class WebhookChannel(_Table):
    """`[[alert_channel]]` with `kind = "webhook"`."""

    kind: Literal["webhook"]
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    url: str
    secret: str
    """`env:VARIABLE` or `file:path in the site`: the Standard Webhooks secret, `whsec_…`."""
    allow: tuple[str, ...] = ()
    """`host:port` that may be plain http or an inner address."""
    only: tuple[AlertKind, ...] = ()


class EmailChannel(_Table):
    """`[[alert_channel]]` with `kind = "email"`."""

    kind: Literal["email"]
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    server: str
    """`host:port`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    """`env:VARIABLE` or `file:path in the site`."""
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    to: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = Field(min_length=1)
    only: tuple[AlertKind, ...] = ()


AlertChannel = Annotated[WebhookChannel | EmailChannel, Field(discriminator="kind")]
