"""Assembly: from a site to a running Tieline. What is wired to what stands here as plain tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from tieline import __version__, connectors
from tieline.app.site import Site
from tieline.connectors import kantata, netsuite, salesforce, tryton
from tieline.engine.controls import Controls
from tieline.engine.flow import FlowEngine, FlowFunction
from tieline.engine.limits import Governor
from tieline.engine.routing import Systems
from tieline.engine.tiers import Tier
from tieline.exception_queue.ownership import keep_rules
from tieline.flows.billing import billing
from tieline.flows.close_by_status import project_status
from tieline.flows.closed_period import closed_period
from tieline.flows.contract_to_project import contract_to_project
from tieline.flows.engagement_close import engagement_close
from tieline.flows.erp_costs import erp_costs
from tieline.flows.invoice_feedback import invoice_feedback
from tieline.flows.labor_terms import labor_terms
from tieline.flows.milestone_billing import milestone_billing
from tieline.flows.opportunity_to_contract import opportunity_to_contract
from tieline.flows.outlook import customer_health, outlook
from tieline.flows.project_feedback import project_feedback
from tieline.flows.repricing import repricing
from tieline.flows.staffing import staffing
from tieline.flows.unlinked import unlinked
from tieline.lane.costs import keep_sources
from tieline.reconciliation.queue import reconciliation
from tieline.sdk.connected import Connect, Connected
from tieline.sdk.connector import ConnectionSettings, Limits, load_facts
from tieline.sdk.http import Gate
from tieline.store.database import Connection, Database

CONNECTORS: Mapping[str, Connect] = {
    "salesforce": salesforce.connect,
    "kantata": kantata.connect,
    "netsuite": netsuite.connect,
    "tryton": tryton.connect,
}

FLOWS: Mapping[str, FlowFunction] = {
    "opportunity_to_contract": opportunity_to_contract,
    "contract_to_project": contract_to_project,
    "staffing": staffing,
    "milestone_billing": milestone_billing,
    "billing": billing,
    "invoice_feedback": invoice_feedback,
    "project_feedback": project_feedback,
    "repricing": repricing,
    "closed_period": closed_period,
    "project_status": project_status,
    "engagement_close": engagement_close,
    "erp_costs": erp_costs,
    "labor_terms": labor_terms,
    "outlook": outlook,
    "customer_health": customer_health,
    "unlinked": unlinked,
    "reconciliation": reconciliation,
}


FLOW_TIERS: Mapping[str, Tier] = {
    "milestone_billing": "invoice",
    "billing": "invoice",
    "repricing": "invoice",
    "invoice_feedback": "feedback",
    "project_feedback": "feedback",
    "erp_costs": "feedback",
    "labor_terms": "feedback",
    "outlook": "feedback",
    "customer_health": "feedback",
}
"""Every other flow works for `project`."""


@dataclass(frozen=True, kw_only=True)
class Tieline:
    """Everything of one process: database, connections, engine."""

    site: Site
    database: Database
    connected: dict[str, Connected]
    governors: Mapping[str, Governor]
    engine: FlowEngine
    retired: dict[str, Connected] = field(default_factory=dict)
    """The last replaced one of each connection, open for what is under way."""

    def systems(self, db: Connection) -> Systems:
        """The firm's systems, with routes pinned through this database connection."""
        return Systems(db, self.connected, self.site.routes, self.site.firm)

    def reconnect(self, name: str) -> None:
        """Read a connection's mappings and value tables again; what is under way ends with the old ones."""
        settings = next(one for one in self.site.connections if one.name == name)
        new = connect_one(settings, self.governors[name])
        if (older := self.retired.pop(name, None)) is not None:
            older.close()
        self.retired[name], self.connected[name] = self.connected[name], new

    def close(self) -> None:
        """Close connections and give limits back."""
        for connected in (*self.connected.values(), *self.retired.values()):
            connected.close()
        for governor in self.governors.values():
            governor.close()
        self.database.close()


def connector_folder(connector: str) -> Path:
    """The folder of a connector, with its facts and mappings."""
    return Path(connectors.__file__).parent / connector


def unknown_flows(site: Site) -> list[str]:
    """Modes that name no flow there is: what was meant as `shadow` would be sent."""
    return [
        f"a mode names flow '{rule.flow}'; there are {', '.join(FLOWS)}"
        for rule in site.modes
        if not any(fnmatchcase(flow, rule.flow) for flow in FLOWS)
    ]


def connect_one(settings: ConnectionSettings, gate: Gate) -> Connected:
    """One connection. Raises Unauthorized (a secret is missing) or ValueError (an option is wrong)."""
    connect = CONNECTORS.get(settings.connector)
    if connect is None:
        known = ", ".join(sorted(CONNECTORS))
        raise ValueError(f"connection {settings.name}: there is no connector '{settings.connector}'; there are {known}")
    return connect(settings, gate)


def assemble(site: Site, conninfo: str, *, threads: int = 8) -> Tieline:
    """Open the database and all connections; nothing is sent yet. Raises ValueError, Unauthorized."""
    for message in unknown_flows(site):
        raise ValueError(message)
    database = Database(conninfo, size=threads + 12)
    governors: dict[str, Governor] = {}
    connected: dict[str, Connected] = {}
    try:
        for settings in site.connections:
            governors[settings.name] = _governor(site, database, settings)
            connected[settings.name] = connect_one(settings, governors[settings.name])
    except Exception:
        database.close()
        raise
    _remember_connections(database, site)

    def systems(db: Connection) -> Systems:
        return Systems(db, connected, site.routes, site.firm)

    engine = FlowEngine(
        database=database,
        flows=FLOWS,
        systems=systems,
        controls=Controls(site.modes, site.default_mode, site.guard),
        site_uid=site.uid,
        app_version=__version__,
        tiers=FLOW_TIERS,
    )
    return Tieline(site=site, database=database, connected=connected, governors=governors, engine=engine)


def _governor(site: Site, database: Database, settings: ConnectionSettings) -> Governor:
    limits = limits_of(site, settings)
    return Governor(database, settings.name, account_of(settings), limits, site.levels)


def limits_of(site: Site, settings: ConnectionSettings) -> Limits:
    """What the vendor account allows, by the site or else by the connector."""
    return site.limits.get(settings.name) or _shipped_limits(settings.connector)


@cache
def _shipped_limits(connector: str) -> Limits:
    return load_facts(connector_folder(connector)).limits


def account_of(settings: ConnectionSettings) -> str:
    """The name of the pool that connections with the same vendor account share."""
    return f"{settings.connector}:{settings.account}"


def _remember_connections(database: Database, site: Site) -> None:
    with database.transaction() as db:
        keep_rules(db, site.owner_rules, site.sla_rules)
        keep_sources(db, site.firm.costs)
        for settings in site.connections:
            db.execute(
                "insert into connection (name, connector, account) values (%s, %s, %s) on conflict (name) do update"
                " set connector = excluded.connector, account = excluded.account",
                [settings.name, settings.connector, settings.account],
            )
