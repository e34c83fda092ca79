"""Closing an engagement as people ask for it: a preview, the request, and taking it up again."""

from dataclasses import dataclass
from datetime import date

from tieline.billing.closing import obstacles
from tieline.flows.engagement_close import remainder_of
from tieline.lane.closing import ask_to_close, closing_facts, read_closing, take_up_again
from tieline.model.money import Money
from tieline.store.canonical import contract_of_engagement, projects_of_contract
from tieline.store.database import Connection, Database, repeating
from tieline.store.succession import succession_after


class CannotClose(ValueError):
    """It cannot be closed, or taken up again; the message says why."""


@dataclass(frozen=True, kw_only=True)
class CloseView:
    """Where the close of an engagement stands."""

    engagement_id: str
    state: str
    """`open`, `asked` or `closed`."""
    asked_by: str | None
    obstacles: tuple[str, ...]
    """By our own books; open change orders are read from the CRM when it is closed."""
    retainer: str | None
    """What becomes of what is left of the retainer."""
    outstanding: tuple[Money, ...]
    """Invoiced and unpaid; it is collected after the close as before."""
    projects: tuple[str, ...]
    """Codes of the projects that are closed with it."""


def read_close(db: Connection, engagement_id: str, today: date) -> CloseView | None:
    """The preview, or what came of the request; None when there is no such engagement, or no contract yet."""
    contract = contract_of_engagement(db, engagement_id)
    if contract is None:
        return None
    closing, facts = read_closing(db, engagement_id), closing_facts(db, engagement_id)
    projects = projects_of_contract(db, contract.id)
    left = remainder_of(db, contract, projects, today)
    fate = "forfeited" if left and left.is_forfeited else "refunded: finance is asked to credit it"
    if left and left.retainer.remainder == "successor" and succession_after(db, engagement_id) is not None:
        fate = "carried over to the successor, where that has a retainer; else refunded"
    state = "open" if closing is None or closing.state == "withdrawn" else closing.state
    return CloseView(
        engagement_id=engagement_id,
        state=state,
        asked_by=closing.asked_by if closing is not None and state != "open" else None,
        obstacles=() if state == "closed" else tuple(obstacles(facts)),
        retainer=f"{left.value} was not used and is {fate}" if left is not None and state != "closed" else None,
        outstanding=facts.outstanding,
        projects=tuple(project.code for project in projects),
    )


@repeating
def close_engagement(database: Database, engagement_id: str, *, by: str, reason: str = "") -> bool:
    """Ask for it; False when it was asked for before. Raises CannotClose."""
    with database.transaction() as db:
        if contract_of_engagement(db, engagement_id) is None:
            raise CannotClose(f"There is no engagement '{engagement_id}' with a contract; see: tieline engagements")
        return ask_to_close(db, engagement_id, by, reason)


@repeating
def reopen_engagement(database: Database, engagement_id: str, *, by: str, reason: str = "") -> None:
    """It goes on, or is not closed after all. Raises CannotClose."""
    with database.transaction() as db:
        if not take_up_again(db, engagement_id, by, reason):
            raise CannotClose(f"Nobody closed engagement '{engagement_id}'; it is open")
