"""A connector's facts: what `connector.toml` states, and the settings a site gives a connection."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tieline.sdk.operation import Support, WriteSafety

RoleName = Literal["crm", "psa", "erp"]

_longest_quarantine = timedelta.max


def shorten_quarantines(longest: timedelta) -> None:
    """For a rehearsal whose stand-ins give up their requests sooner than the vendors do; nothing else may call it."""
    global _longest_quarantine
    _longest_quarantine = longest


class OperationFacts(BaseModel):
    """One `[operation.<target>]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    creates: WriteSafety = WriteSafety.LOOKUP
    updates: WriteSafety = WriteSafety.UPSERT
    quarantine_seconds: int = 300
    support: Support = "supported"
    note: str | None = None

    @property
    def quarantine(self) -> timedelta:
        """Longer than the vendor's longest request life."""
        return min(timedelta(seconds=self.quarantine_seconds), _longest_quarantine)


class Limits(BaseModel):
    """What one vendor account allows; shared by all connections and workers that use it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrent: int = Field(default=8, ge=1)
    per_second: float = Field(default=50.0, gt=0, allow_inf_nan=False)
    burst: int = Field(default=100, ge=1)
    per_day: int | None = Field(default=None, ge=1)
    reserved_share: float = Field(default=0.2, ge=0, lt=1)
    """Left to the firm's other integrations."""


class Calls(BaseModel):
    """About how many calls what costs, counted at the stand-in (Tryton: at a server): for an estimate of a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sweep: dict[Literal["opportunities", "projects", "invoices", "costs", "time", "expenses"], int] = {}
    """One round of a feed that finds nothing."""
    engagement: int = Field(default=0, ge=0)
    """One deal from won to paid."""
    project: int = Field(default=0, ge=0)
    """A project that gets time or an invoice, once."""
    hundred_lines: int = Field(default=0, ge=0)
    """A hundred time entries or expenses, read or posted."""


class ConnectorFacts(BaseModel):
    """`connector.toml` of one connector folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    system: str
    """The vendor's name for people."""
    api: str
    roles: tuple[RoleName, ...]
    auth: tuple[str, ...]
    limits: Limits = Limits()
    calls: Calls = Calls()
    permissions: tuple[str, ...] = ()
    custom_fields: tuple[dict[str, Any], ...] = ()
    """What an administrator creates in the vendor, e.g. {object, name, type, label}."""
    feeds: dict[str, str] = {}
    """Feed name -> how it is read (push, sweep)."""
    operation: dict[str, OperationFacts] = {}
    quality: dict[str, str] = {}
    """Quality rule -> `done`, `todo: …` or `exempt: reason`."""


@cache
def load_facts(folder: Path) -> ConnectorFacts:
    """Read `connector.toml` of a connector folder."""
    return ConnectorFacts.model_validate(tomllib.loads((folder / "connector.toml").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `tieline check`: what is wrong and what mends it."""

    ok: bool
    subject: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """One `[[connection]]` of the site, secrets resolved. Secrets never reach logs: `secret(name)` reads them."""

    name: str
    connector: str
    account: str
    """The pinned vendor account (org id, NetSuite account id …); another one stops all writes."""
    url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secret: Callable[[str], str] = field(repr=False)
    secrets: tuple[str, ...] = ()
    """Names of the secrets the site gives it."""
    mappings: Path | None = None
    """The site's overrides for this connection."""
    values: Path | None = None
    """The site's value tables for this connection."""
    owners: Mapping[str, str] = field(default_factory=dict)
