"""Close by status: what sales or delivery set in their own system when the work is done starts the close."""

from functools import partial

from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.closing import follow_status
from tieline.model.contract import ContractVersion
from tieline.model.opportunity import Opportunity
from tieline.model.project import Project
from tieline.store.canonical import projects_of_contract, read_project


def follow_stage(run: Run, opportunity: Opportunity, contract: ContractVersion, systems: Systems) -> None:
    """The stage of the deal, where the site names stages that close."""
    if systems.firm.closing.crm_stages:
        done = opportunity.stage in systems.firm.closing.crm_stages
        _follow(run, contract.engagement_id, "crm", systems.crm(opportunity.id).system, opportunity.stage, done=done)


def project_status(run: Run, project_id: str, systems: Systems) -> None:
    """Key: the project's id. Its status in the PSA and those of the engagement's other projects, as they stand."""
    project, closing = read_project(run.db, project_id), systems.firm.closing.psa_statuses
    if project is None or not closing:
        return run.stand_by("No status closes it")
    statuses = [_status(run, one, systems) for one in projects_of_contract(run.db, project.contract_id)]
    shown = ", ".join(sorted({status or "no status" for status in statuses}))
    done = all(status in closing for status in statuses)
    _follow(run, project.engagement_id, "psa", systems.psa(project).system, shown, done=done)
    return None


def _status(run: Run, project: Project, systems: Systems) -> str | None:
    psa = systems.psa(project)
    ref = run.ref(psa.connection, psa.ensure_project.target, project.id)
    return psa.read_project_status(ref) if ref else None


def _follow(run: Run, engagement_id: str, role: str, system: str, status: str, *, done: bool) -> None:
    reason = f"it is '{status}' in {system}"
    run.in_transaction.append(
        partial(follow_status, engagement_id=engagement_id, role=role, done=done, by=system, reason=reason)
    )
