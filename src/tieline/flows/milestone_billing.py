"""Milestone billing: a completed milestone becomes a billable transaction, approved by its acceptance."""

from functools import partial

from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.billing import milestone_reopened
from tieline.lane.own_charges import add_charge, billed_milestones, milestone_charge, withdraw_milestone
from tieline.store.canonical import read_project


def milestone_billing(run: Run, project_id: str, systems: Systems) -> None:
    """Key: the project's id."""
    project = read_project(run.db, project_id)
    if project is None or not project.milestones or systems.is_closed(project.engagement_id):
        return run.stand_by("The project has no milestones to bill")
    psa = systems.psa(project)
    ref = run.ref(psa.connection, psa.ensure_project.target, project.id)
    if ref is None:
        return run.stand_by("The project is not in the PSA yet")
    planned = {milestone.id: milestone for milestone in project.milestones}
    known = billed_milestones(run.db, project.id)
    for found in psa.read_milestones(ref):
        milestone = planned.get(found.id)
        if milestone is None:
            continue
        billed = known.get(found.id)
        stale = billed is not None and not billed.invoiced and billed.amount != milestone.amount.amount
        if found.completed_on is not None and stale:  # a change order came between its completion and its invoice
            run.with_commit(partial(withdraw_milestone, project_id=project.id, milestone_id=found.id))
        if found.completed_on is not None and (billed is None or stale):
            charge = milestone_charge(psa.connection, project, milestone, found.completed_on, found.approved_by)
            run.with_commit(partial(add_charge, charge=charge))
            run.note("Milestone completed", f"{milestone.name}, {milestone.amount}")
            run.wake("billing", project.id, project.engagement_id)
        elif found.completed_on is None and found.id in known:
            if known[found.id].invoiced:
                run.problems.append(milestone_reopened(project, milestone.name, str(milestone.amount)))
            else:
                run.with_commit(partial(withdraw_milestone, project_id=project.id, milestone_id=found.id))
    return None
