"""Whether a deal may be closed: what it lacks, what a person would have to approve, and how the CRM shows it."""

from dataclasses import dataclass

from tieline.flows.readiness import Lack, lacks
from tieline.flows.terms import draft_contract
from tieline.model.customer import Customer
from tieline.model.firm import Firm
from tieline.model.ids import derived
from tieline.model.money import Money
from tieline.model.opportunity import Opportunity, Readiness


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What keeps a deal from becoming a contract (`lacks`), and what would need an approval."""

    name: str
    value: Money | None
    lacks: tuple[Lack, ...]
    approvals: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks


def verdict(opportunity: Opportunity, customer: Customer | None, firm: Firm, unusable: list[Lack]) -> Verdict:
    """Judge a deal by the rules of won ones; `unusable` is what was found wrong with it before."""
    found = [*unusable, *(lacks(opportunity, customer, firm) if customer is not None else [])]
    approvals: tuple[str, ...] = ()
    value = None
    if not found and customer is not None:
        draft = draft_contract(opportunity, customer, derived("engagement", opportunity.id), firm)
        approvals, value = draft.deviations, draft.value
    return Verdict(name=opportunity.name, value=value, lacks=tuple(found), approvals=approvals)


def readiness(opportunity: Opportunity, found: Verdict) -> Readiness:
    """What the CRM shows of it."""
    told = [f"{lack.message[0].upper()}{lack.message[1:]}. {lack.suggestion}" for lack in found.lacks]
    told += [f"Needs an approval: {deviation}." for deviation in found.approvals]
    state = "Incomplete" if found.lacks else "Ready after approval" if found.approvals else "Ready"
    return Readiness(
        id=opportunity.id, legal_entity=opportunity.legal_entity, state=state, missing="\n".join(told) or None
    )
