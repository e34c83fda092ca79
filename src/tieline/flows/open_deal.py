"""An open deal: what it still lacks is shown on its record in the CRM. Nothing else is written before the win."""

from datetime import timedelta

from tieline.engine.link import Link
from tieline.engine.run import Run
from tieline.flows.verdict import Verdict, readiness
from tieline.model.firm import Firm
from tieline.model.opportunity import Opportunity, Readiness
from tieline.sdk.roles import Crm

SHOWN = "Readiness in CRM"
AGAIN = timedelta(hours=1)
"""The change of a customer wakes won deals only; an open one that waits for its customer looks by itself."""


def shows_readiness(opportunity: Opportunity, firm: Firm) -> bool:
    """Whether the CRM shows what this deal lacks: in the site's stages, and until a won one has its contract."""
    wanted = bool(firm.readiness_stages) and not (opportunity.is_lost or opportunity.is_deleted)
    return wanted and (opportunity.is_committed or opportunity.stage in firm.readiness_stages)


def show_readiness(run: Run, crm: Crm, ref: str, opportunity: Opportunity, judged: Verdict) -> None:
    """Show what is missing, or that nothing is."""
    _ensure(run, crm, ref, readiness(opportunity, judged))


def hide_readiness(run: Run, crm: Crm, ref: str, opportunity: Opportunity, firm: Firm) -> None:
    """Take away what was shown of a deal that went back to an earlier stage, or was lost."""
    if not firm.readiness_stages or opportunity.is_deleted:
        return
    if run.ref(crm.connection, crm.show_readiness.target, opportunity.id):
        _ensure(run, crm, ref, Readiness(id=opportunity.id, legal_entity=opportunity.legal_entity))


def wait_for_the_win(run: Run, judged: Verdict) -> None:
    """Nothing to do until the deal changes, unless what is shown of it is not settled."""
    if run.problems or run.due:
        return
    if any(lack.field.startswith("customer.") for lack in judged.lacks):
        run.look_again(AGAIN)
    run.stand_by("The opportunity is not won yet")


def _ensure(run: Run, crm: Crm, ref: str, shown: Readiness) -> None:
    run.ensure(SHOWN, crm.show_readiness, shown, opportunity=Link("Opportunity in CRM", "known", ref))
