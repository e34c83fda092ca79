"""The gate before an invoice: a version that counts for its period must have arrived everywhere, with its prices."""

from datetime import date

from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.repricing import is_repricing
from tieline.model.project import Project
from tieline.store.versions import roles_behind


def wait_for_versions(run: Run, project: Project, until: date, systems: Systems) -> None:
    """Stand by while a system does not hold what was agreed for the period that ends on a day."""
    behind = roles_behind(run.db, project.contract_id, project.id, until)
    if behind:
        of_role = {
            "crm": systems.crm(project.summary.opportunity_id).system,
            "psa": systems.psa(project).system,
            "erp": systems.erp(project).system,
        }
        names = " and ".join(of_role[role] for role in behind)
        version = max(behind.values())
        hold = "holds" if len(behind) == 1 else "hold"
        run.stand_by(f"No invoice before {names} {hold} version {version} of the contract, in force by {until}")
    if is_repricing(run.db, project.contract_id):
        run.stand_by("No invoice before its lines are priced by the newest version of the contract")
