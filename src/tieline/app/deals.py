"""Deals before they are contracts: whether one may be closed, and what would be made of it in which system."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tieline.engine.flow import FlowEngine
from tieline.engine.foresight import Foreseen
from tieline.engine.preview import PATIENCE, Instance, forecast
from tieline.engine.routing import Systems
from tieline.flows.opportunity_to_contract import unusable
from tieline.flows.plan import plan_projects
from tieline.flows.planned_cost import PlannedCost, planned_cost
from tieline.flows.readiness import Lack, lacks
from tieline.flows.terms import draft_contract
from tieline.flows.verdict import Verdict, verdict
from tieline.model.contract import ContractLine, ContractVersion
from tieline.model.customer import Customer
from tieline.model.firm import Firm
from tieline.model.ids import born_outside, derived
from tieline.model.opportunity import Opportunity
from tieline.model.project import Project
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Unavailable
from tieline.sdk.http import nothing_is_sent
from tieline.store.canonical import (
    add_contract_version,
    contract_of_engagement,
    engagement_of_opportunity,
    open_engagement,
    refer,
)
from tieline.store.database import Connection, Database

CRM_SECONDS = 1.5
"""How long a check waits for the CRM; who asks is a person who wants to save a deal."""
PLAN_SECONDS = 20.0
"""How long a plan reads vendors."""
SIDE_BY_SIDE = 4
R = TypeVar("R")


def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="deals")


class NoSuchDeal(Exception):
    """The text names no deal we can ask a CRM for."""


@dataclass(frozen=True, kw_only=True)
class PlannedProject:
    """A project that would be made."""

    project: Project
    lines: Mapping[str, ContractLine]
    """WBS element -> the line of the contract it does."""
    cost: PlannedCost


@dataclass(frozen=True, kw_only=True)
class DealPlan:
    """What a deal would become. `contract` is None while too much is missing to draft one."""

    opportunity: Opportunity
    customer: Customer | None
    lacks: tuple[Lack, ...]
    contract: ContractVersion | None
    active: bool
    """Whether that contract is there already."""
    projects: tuple[PlannedProject, ...]
    writes: tuple[Foreseen, ...]
    problems: tuple[str, ...]
    """What a system would refuse."""
    systems: Mapping[str, str]
    """Connection -> the vendor's name."""


@dataclass(frozen=True, kw_only=True)
class Deals:
    """Deals of the firm's CRMs."""

    database: Database
    engine: FlowEngine
    connected: Mapping[str, Connected]
    _checks: ThreadPoolExecutor = field(default_factory=_pool, repr=False)
    _plans: ThreadPoolExecutor = field(default_factory=_pool, repr=False)

    def check(self, text: str, connection: str | None = None, seconds: float = CRM_SECONDS) -> Verdict:
        """What keeps the deal of this id from becoming a contract. Raises Unavailable when its CRM is not in time."""
        return _in_time(self._checks.submit(self._check, text, connection), connection or "The CRM", seconds)

    def _check(self, text: str, connection: str | None) -> Verdict:
        with self._looking() as db:
            systems = self.engine.systems(db)
            opportunity, customer, found = self._read(db, systems, text, connection)
            return verdict(opportunity, customer, systems.firm, found)

    def plan(self, text: str, connection: str | None = None) -> DealPlan:
        """Contract, projects and what each system would receive. Nothing is written; vendors are read.

        Raises Unavailable when they are not in time.
        """
        return _in_time(self._plans.submit(self._plan, text, connection), "A system", PLAN_SECONDS)

    def _plan(self, text: str, connection: str | None) -> DealPlan:
        with self._looking() as db:
            systems = self.engine.systems(db)
            opportunity, customer, found = self._read(db, systems, text, connection)
            engagement = engagement_of_opportunity(db, opportunity.id) or derived("engagement", opportunity.id)
            contract = contract_of_engagement(db, engagement)
            active = contract is not None
            if customer is not None and contract is None:
                found += lacks(opportunity, customer, systems.firm)
                if not found:
                    contract = draft_contract(opportunity, customer, engagement, systems.firm)
                    _suppose(db, contract, customer)
            return self._planned(db, systems.firm, opportunity, customer, found, contract, active=active)

    def _planned(
        self,
        db: Connection,
        firm: Firm,
        opportunity: Opportunity,
        customer: Customer | None,
        found: list[Lack],
        contract: ContractVersion | None,
        *,
        active: bool,
    ) -> DealPlan:
        writes: tuple[Foreseen, ...] = ()
        problems: tuple[str, ...] = ()
        projects: list[PlannedProject] = []
        if contract is not None and customer is not None:
            instance = Instance("contract_to_project", contract.id, contract.engagement_id)
            seen = forecast(self.engine, db, instance)
            writes = seen.writes
            problems = (*seen.problems, *([seen.note] if seen.note and not seen.writes and not seen.problems else []))
            projects = _projects(contract, customer, firm)
        return DealPlan(
            opportunity=opportunity,
            customer=customer,
            lacks=tuple(found),
            contract=contract,
            active=active,
            projects=tuple(projects),
            writes=writes,
            problems=problems,
            systems={name: one.facts.system for name, one in self.connected.items()},
        )

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        """A transaction that leaves nothing behind, with the way out shut."""
        with nothing_is_sent(), self.database.connection() as db, db.transaction(force_rollback=True):
            db.execute(PATIENCE)
            yield db

    def _read(
        self, db: Connection, systems: Systems, text: str, connection: str | None
    ) -> tuple[Opportunity, Customer | None, list[Lack]]:
        """The deal and its customer as the CRM has them now, and what cannot be used of it at all."""
        name, ref = self._where(db, text, connection)
        crm = self.connected[name].crm
        assert crm is not None
        deal = born_outside(self.connected[name].settings.account, "opportunity", ref)
        refer(db, name, "opportunity", deal, ref)
        opportunity = crm.read_opportunity(ref)
        found = unusable(db, opportunity)
        customer = crm.read_customer(opportunity.customer_ref) if opportunity.customer_ref else None
        if customer is not None:
            refer(db, name, "customer", customer.id, str(opportunity.customer_ref))
        return opportunity, customer, found

    def _where(self, db: Connection, text: str, connection: str | None) -> tuple[str, str]:
        """Connection and vendor id of the deal a text names: our id, the vendor's, or an engagement's."""
        rows = db.execute(
            "select connection, external_id from cross_reference where target = 'opportunity'"
            " and (subject = %(text)s or external_id = %(text)s or subject ="
            " (select opportunity_id from engagement_opportunity where engagement_id = %(text)s limit 1))"
            " and (%(connection)s::text is null or connection = %(connection)s) limit 2",
            {"text": text, "connection": connection},
        ).fetchall()
        known = [(str(row["connection"]), str(row["external_id"])) for row in rows if row["connection"] in self._crms()]
        if known:
            return known[0]
        crms = [name for name in self._crms() if connection in (None, name)]
        if len(crms) != 1:
            there = ", ".join(self._crms()) or "none"
            raise NoSuchDeal(f"Say which CRM '{text}' is in; the site has {there}")
        return crms[0], text

    def _crms(self) -> list[str]:
        return [name for name, one in self.connected.items() if one.crm is not None]


def _in_time(waiting: Future[R], who: str, seconds: float) -> R:
    try:
        return waiting.result(timeout=seconds)
    except TimeoutError:
        waiting.cancel()
        raise Unavailable(who, f"did not answer within {seconds:g} seconds") from None


def _suppose(db: Connection, contract: ContractVersion, customer: Customer) -> None:
    """The contract as if it were active, in a transaction that is rolled back."""
    open_engagement(
        db, contract.engagement_id, contract.opportunity_id, contract.name, contract.customer_id, customer.name
    )
    add_contract_version(db, contract)


def _projects(contract: ContractVersion, customer: Customer, firm: Firm) -> list[PlannedProject]:
    planned = []
    for project in plan_projects(contract, customer.name, "", ""):
        lines = [line for line in contract.lines if line.delivering_entity == project.legal_entity]
        planned.append(
            PlannedProject(
                project=project,
                lines={derived("wbs_element", project.id, line.id): line for line in lines if line.role},
                cost=planned_cost(lines, project.value, firm, contract.start_date),
            )
        )
    return planned
