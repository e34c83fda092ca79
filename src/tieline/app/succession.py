"""Naming the deal that follows an engagement in another currency, legal entity or for another customer."""

from dataclasses import dataclass
from datetime import date

from tieline.engine.audit import audit
from tieline.engine.wake import wake
from tieline.flows.succession import FLOW
from tieline.model.ids import derived
from tieline.model.money import Money
from tieline.store.canonical import changes_of_contract, contract_of_engagement, engagement_of_opportunity
from tieline.store.database import Connection, Database, repeating
from tieline.store.succession import add_succession, succession_after, succession_before, succession_by

LONGEST_CHAIN = 100


class CannotSucceed(ValueError):
    """The deal cannot follow the engagement; the message says why."""


@dataclass(frozen=True, kw_only=True)
class SuccessionView:
    """One step of the lineage between contracts, with what went over."""

    engagement_id: str
    name: str
    contract_id: str | None
    """None until the deal is a contract."""
    asked_by: str
    reason: str
    carried_on: date | None
    open_balance: Money | None
    """What the closed contract was still worth."""
    converted: Money | None
    """The same in the currency of the successor."""
    rate: str | None
    retainer: Money | None
    """What of a retainer went over."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What a contract follows, and what follows it."""

    predecessor: SuccessionView | None
    successor: SuccessionView | None


def read_lineage(db: Connection, engagement_id: str) -> Lineage:
    """Both neighbours of an engagement's contract; most have none."""
    before, after = succession_before(db, engagement_id), succession_after(db, engagement_id)
    return Lineage(
        predecessor=_view(db, before.opportunity_id, before.engagement_id) if before else None,
        successor=_view(db, after.opportunity_id, after.successor_id) if after else None,
    )


def _view(db: Connection, opportunity_id: str, neighbour: str) -> SuccessionView:
    found, contract = succession_by(db, opportunity_id), contract_of_engagement(db, neighbour)
    assert found is not None
    carried = found.carried
    return SuccessionView(
        engagement_id=neighbour,
        name=contract.name if contract else "a deal that is not a contract yet",
        contract_id=contract.id if contract else None,
        asked_by=found.asked_by,
        reason=found.reason,
        carried_on=carried.day if carried else None,
        open_balance=carried.open_balance if carried else None,
        converted=carried.converted if carried else None,
        rate=f"{carried.rate:f} ({carried.source})" if carried and carried.rate else None,
        retainer=carried.retainer if carried else None,
    )


@repeating
def succeed(database: Database, engagement_id: str, deal: str, *, by: str, reason: str = "") -> str:
    """The deal (its id in the CRM, or ours) follows the engagement; returns the successor's engagement.

    Raises CannotSucceed.
    """
    with database.transaction() as db:
        opportunity = _opportunity(db, deal)
        successor = _successor(db, engagement_id, opportunity)
        add_succession(
            db,
            opportunity_id=opportunity,
            engagement_id=engagement_id,
            successor_id=successor,
            by=by,
            reason=reason,
        )
        for engagement in (engagement_id, successor):
            detail = {"label": "Successor named", "deal": deal, "successor": successor, "reason": reason}
            audit(db, "engagement.succession", engagement=engagement, actor=by, object_=engagement_id, detail=detail)
        wake(db, FLOW, opportunity, successor, "operator")
    return successor


def _opportunity(db: Connection, deal: str) -> str:
    rows = db.execute(
        "select distinct subject from cross_reference where target = 'opportunity'"
        " and (subject = %(deal)s or external_id = %(deal)s)",
        {"deal": deal},
    ).fetchall()
    if len(rows) != 1:
        raise CannotSucceed(f"No deal '{deal}' was read from the CRM; give its id there, as its address shows it")
    return str(rows[0]["subject"])


def _successor(db: Connection, engagement_id: str, opportunity: str) -> str:
    """The engagement the deal opens, or has opened. Raises CannotSucceed."""
    contract = contract_of_engagement(db, engagement_id)
    if contract is None:
        raise CannotSucceed(f"Engagement '{engagement_id}' has no contract yet; there is nothing to follow")
    if contract.opportunity_id == opportunity:
        raise CannotSucceed(f"It is the deal of '{contract.name}' itself; a successor is sold as a deal of its own")
    if derived("change_order", opportunity) in changes_of_contract(db, contract.id):
        raise CannotSucceed(f"The deal is an add-on of '{contract.name}' already, and part of its contract")
    if (taken := succession_after(db, engagement_id)) is not None:
        raise CannotSucceed(f"'{contract.name}' has a successor already: engagement '{taken.successor_id}'")
    if (other := succession_by(db, opportunity)) is not None:
        raise CannotSucceed(f"The deal follows engagement '{other.engagement_id}' already")
    known = engagement_of_opportunity(db, opportunity)
    successor = known if known is not None and known != engagement_id else derived("engagement", opportunity)
    if successor in _ancestors(db, engagement_id):
        raise CannotSucceed(f"'{contract.name}' follows that deal itself")
    return successor


def _ancestors(db: Connection, engagement_id: str) -> set[str]:
    found: set[str] = set()
    one = succession_before(db, engagement_id)
    while one is not None and len(found) < LONGEST_CHAIN:
        found.add(one.engagement_id)
        one = succession_before(db, one.engagement_id)
    return found
