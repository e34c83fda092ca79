"""The site folder: one firm's settings, read and checked; every mistake with its file and line."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tieline.app.site_approvals import ApprovalTable, DeputyTable, Email, approval_policy
from tieline.app.site_catalog import read_catalog
from tieline.app.site_checks import cross_checks
from tieline.app.site_csv import read_cost_rates, read_fx_rates, read_people, read_rates
from tieline.app.site_defects import SiteDefect, SiteError, defect_at, read_text, toml_defect
from tieline.app.site_master_data import MatchingTable, StewardTable, unknown_stewards
from tieline.app.site_queue import (
    ExceptionOwnerTable,
    ExceptionSlaTable,
    known_owners,
    owner_rules,
    sla_rules,
    unknown_people,
)
from tieline.app.site_service import AlertChannel, AlertsTable, SlaTable
from tieline.app.site_working_time import unknown_in_targets
from tieline.engine.approval_policy import ApprovalPolicy
from tieline.engine.change_guard import ChangeGuard
from tieline.engine.controls import Mode, ModeRule
from tieline.engine.routing import Route
from tieline.engine.tiers import ServiceLevel, Tier
from tieline.exception_queue.ownership import OwnerRule, SlaRule
from tieline.model.closing import ClosingRules
from tieline.model.collection import CollectionRules
from tieline.model.cost import CostRules
from tieline.model.firm import Firm, LegalEntity, ServiceLine
from tieline.model.intercompany import TransferRule
from tieline.model.labor_terms import LaborTermsRule
from tieline.model.outlook import HealthRules, RenewalRules, WarningRules
from tieline.model.working_time import MissingTimeRules, WorkingTime
from tieline.sdk.connector import ConnectionSettings, Limits
from tieline.sdk.errors import Unauthorized
from tieline.sdk.secrets import know_secret

__all__ = ["Site", "SiteDefect", "SiteError", "load_site"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FirmTable(_Table):
    """`[firm]`."""

    name: str
    uid: str = Field(min_length=8)
    """Never changed: it is part of every create key."""


class ConnectionTable(_Table):
    """`[[connection]]`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    connector: str
    account: str
    url: str
    options: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    """Name -> `env:VARIABLE` or `file:path in the site`."""
    limits: Limits | None = None


class RouteTable(_Table):
    """`[[route]]`."""

    role: str = Field(pattern="^(crm|psa|erp)$")
    connection: str
    legal_entity: str | None = None


class ModeTable(_Table):
    """`[[mode]]`."""

    mode: Mode
    flow: str = "*"
    connection: str = "*"
    legal_entity: str = "*"


class IntakeTable(_Table):
    """`[intake]`: seconds between sweeps of the feeds."""

    sweep_seconds: float = Field(default=60.0, ge=0.2)
    time_seconds: float = Field(default=300.0, ge=0.2)
    nightly_seconds: float = Field(default=86_400.0, ge=1.0)


class ReconciliationTable(_Table):
    """`[reconciliation]`: how often the systems are compared and verified, and what counts as stuck."""

    every_seconds: float = Field(default=86_400.0, ge=1.0)
    months: int = Field(default=3, ge=1, le=120)
    """The newest months a comparison without a period looks at."""
    grace_minutes: float = Field(default=15.0, ge=0)
    """How long a change may be under way before it counts as missed."""
    stuck_minutes: float = Field(default=60.0, ge=1)
    """After this, what is not at an end must have an exception (I10)."""
    sample: int = Field(default=50, ge=0, le=10_000)
    """Links of each connection that `verify` reads back where no list shows the record."""


class GuardTable(_Table):
    """`[guard]`: above this a flow's writes to a connection wait for a person."""

    records_per_hour: int = Field(default=1000, ge=1)
    """Never asks below this."""
    times_usual: float = Field(default=10.0, ge=1)
    """How many times the usual hour is still normal."""


class VolumeTable(_Table):
    """`[volume]`: about what a day brings; only `tieline check --live` asks, to estimate calls."""

    engagements_per_day: int = Field(default=5, ge=0)
    projects_per_day: int = Field(default=50, ge=0)
    """Projects that get time or an invoice."""
    lines_per_day: int = Field(default=1000, ge=0)
    """Time entries and expenses."""


class CatalogTable(_Table):
    """`[catalog]`: how deals use the service catalogue."""

    as_quoted: tuple[str, ...] = ()
    """SKUs that stand for no package: their lines are taken as they are quoted."""


class ReadinessTable(_Table):
    """`[readiness]`: open deals whose CRM record shows what they still lack."""

    stages: tuple[str, ...] = ()


class SiteTables(_Table):
    """`site.toml`."""

    firm: FirmTable
    legal_entity: tuple[LegalEntity, ...]
    service_line: tuple[ServiceLine, ...]
    connection: tuple[ConnectionTable, ...]
    route: tuple[RouteTable, ...]
    mode: tuple[ModeTable, ...] = ()
    default_mode: Mode = "live"
    intake: IntakeTable = IntakeTable()
    reconciliation: ReconciliationTable = ReconciliationTable()
    guard: GuardTable = GuardTable()
    sla: SlaTable = SlaTable()
    alerts: AlertsTable = AlertsTable()
    alert_channel: tuple[AlertChannel, ...] = ()
    exception_owner: tuple[ExceptionOwnerTable, ...] = ()
    exception_sla: tuple[ExceptionSlaTable, ...] = ()
    approval: tuple[ApprovalTable, ...] = ()
    teams: dict[str, tuple[Email, ...]] = {}
    deputy: tuple[DeputyTable, ...] = ()
    volume: VolumeTable = VolumeTable()
    catalog: CatalogTable = CatalogTable()
    readiness: ReadinessTable = ReadinessTable()
    closing: ClosingRules = ClosingRules()
    collections: CollectionRules = CollectionRules()
    costs: CostRules = CostRules()
    intercompany: tuple[TransferRule, ...] = ()
    matching: MatchingTable = MatchingTable()
    steward: tuple[StewardTable, ...] = ()
    health: HealthRules = HealthRules()
    early_warning: WarningRules = WarningRules()
    renewal: RenewalRules = RenewalRules()
    working_time: WorkingTime = WorkingTime()
    missing_time: MissingTimeRules = MissingTimeRules()
    labor_terms: tuple[LaborTermsRule, ...] = ()
    owners: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A firm's settings."""

    folder: Path
    uid: str
    firm: Firm
    connections: tuple[ConnectionSettings, ...]
    limits: Mapping[str, Limits]
    routes: tuple[Route, ...]
    modes: tuple[ModeRule, ...]
    default_mode: Mode
    intake: IntakeTable
    reconciliation: ReconciliationTable
    volume: VolumeTable
    guard: ChangeGuard
    levels: Mapping[Tier, ServiceLevel]
    alerts: AlertsTable
    alert_channels: tuple[AlertChannel, ...]
    owner_rules: tuple[OwnerRule, ...]
    """Who owns an exception; the first that fits decides."""
    sla_rules: tuple[SlaRule, ...]
    queue_owners: Mapping[str, str]
    """Teams and people an exception may be given to, and their names."""
    approvals: ApprovalPolicy
    """Who may decide what people are asked."""

    @property
    def state(self) -> Path:
        """Where this machine keeps the embedded database and caches of the site."""
        return self.folder / ".state"


def load_site(folder: Path) -> Site:
    """Read and check a site folder. Raises SiteError with every defect found."""
    file = folder / "site.toml"
    if not file.is_file():
        message = f"there is no site here; make one with: tieline init {folder}"
        raise SiteError([SiteDefect(file, 1, message)])
    text = read_text(file)
    try:
        tables = SiteTables.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SiteError([toml_defect(file, text, error)]) from error
    except ValidationError as error:
        raise SiteError([defect_at(file, text, item["loc"], item["msg"]) for item in error.errors()]) from error
    defects = [defect_at(file, text, where, message) for where, message in cross_checks(tables)]
    firm = _firm(folder, tables, defects)
    strangers = [
        *unknown_people(tables.exception_owner, firm.people),
        *unknown_stewards(tables.steward, firm.people),
        *unknown_in_targets(tables.working_time, firm.people),
    ]
    defects += [defect_at(file, text, where, message) for where, message in strangers]
    if defects:
        raise SiteError(defects)
    owners = known_owners(
        [*(one.owner for one in tables.exception_owner), *(one.owner for one in tables.steward)], firm.people
    )
    return Site(
        folder=folder,
        uid=tables.firm.uid,
        firm=firm,
        connections=tuple(_settings(folder, table, tables.owners) for table in tables.connection),
        limits={table.name: table.limits for table in tables.connection if table.limits is not None},
        routes=tuple(Route(item.role, item.connection, item.legal_entity) for item in tables.route),
        modes=tuple(ModeRule(item.mode, item.flow, item.connection, item.legal_entity) for item in tables.mode),
        default_mode=tables.default_mode,
        intake=tables.intake,
        reconciliation=tables.reconciliation,
        owner_rules=owner_rules(tables.exception_owner, tables.legal_entity),
        sla_rules=sla_rules(tables.exception_sla, owners),
        queue_owners=owners,
        volume=tables.volume,
        guard=ChangeGuard(tables.guard.records_per_hour, tables.guard.times_usual),
        levels=tables.sla.levels(),
        alerts=tables.alerts,
        alert_channels=tables.alert_channel,
        approvals=approval_policy(tables.approval, tables.teams, tables.deputy, tables.legal_entity, firm.people),
    )


def _firm(folder: Path, tables: SiteTables, defects: list[SiteDefect]) -> Firm:
    """The firm with its lists and catalogue; what is wrong in those is added to `defects`."""
    firm = Firm(
        id="firm",
        name=tables.firm.name,
        legal_entities=tables.legal_entity,
        service_lines=tables.service_line,
        standard_rates=read_rates(folder / "rates.csv", defects),
        people=read_people(folder / "people.csv", {entity.id for entity in tables.legal_entity}, defects),
        fx_rates=read_fx_rates(folder / "values" / "fx.csv", defects),
        as_quoted=tables.catalog.as_quoted,
        readiness_stages=tables.readiness.stages,
        closing=tables.closing,
        collections=tables.collections,
        costs=tables.costs,
        intercompany=tables.intercompany,
        auto_link=tables.matching.auto_link,
        ask_from=tables.matching.ask_from,
        stewards={steward.domain: steward.owner for steward in tables.steward},
        health=tables.health,
        early_warning=tables.early_warning,
        renewal=tables.renewal,
        working_time=tables.working_time,
        missing_time=tables.missing_time,
        labor_terms=tables.labor_terms,
    )
    entities = {entity.id for entity in tables.legal_entity}
    costs = read_cost_rates(folder / "costs.csv", firm.people, entities, defects)
    return firm.model_copy(update={"catalog": read_catalog(folder / "catalog", firm, defects), "cost_rates": costs})


def _settings(folder: Path, table: ConnectionTable, owners: Mapping[str, str]) -> ConnectionSettings:
    def secret(name: str) -> str:
        return read_secret(folder, table.name, name, table.secrets.get(name))

    return ConnectionSettings(
        name=table.name,
        connector=table.connector,
        account=table.account,
        url=table.url,
        options=table.options,
        secret=secret,
        secrets=tuple(table.secrets),
        mappings=folder / "mappings" / table.name,
        values=folder / "values" / table.name,
        owners=owners,
    )


def read_secret(folder: Path, connection: str, name: str, where: str | None) -> str:
    """A secret from the environment or a file. Raises Unauthorized that names what is missing, never a value."""
    kind, _, place = (where or "").partition(":")
    value = ""
    if kind == "env":
        value = os.environ.get(place, "")
    elif kind == "file" and (folder / place).is_file():
        value = (folder / place).read_text("utf-8", "replace")
    if value.strip():
        return know_secret(value.strip())
    told = {
        "env": f"set the environment variable {place}",
        "file": f"put it into the file {folder / place}",
    }
    hint = f'add {name} = "env:VARIABLE" or "file:path" to its secrets'
    raise Unauthorized(connection, f"the secret '{name}' is missing: {told.get(kind, hint)}")
