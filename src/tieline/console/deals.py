"""The page of a deal before it is won: what it would become, in which system, and what it still lacks."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tieline.app.deals import DealPlan, NoSuchDeal
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.forms import OnDesk
from tieline.console.rendering import page
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

router = APIRouter()

Text = Annotated[str, Query(max_length=200)]


@router.get("/deals")
def deal(request: Request, desk: OnDesk, id: Text = "", connection: Text = "") -> Response:  # noqa: A002
    """The plan of a deal of this id; nothing is written, vendors are read."""
    wanted = id.strip().replace("\0", "")
    plan: DealPlan | None = None
    problem: str | None = None
    if wanted:
        try:
            plan = desk.deals.plan(wanted, connection.strip().replace("\0", "") or None)
        except (Rejected, Unavailable, Unauthorized) as error:
            problem = error.message if isinstance(error, Rejected) else f"{error.system} {error.message}"
        except NoSuchDeal as unknown:
            problem = str(unknown)
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    return page(
        request,
        "deal.html",
        here="engagements",
        counts=counts,
        plan=plan,
        problem=problem,
        wanted=wanted,
        receives=_receives(plan) if plan else {},
    )


def _receives(plan: DealPlan) -> dict[str, Counter[tuple[str, str]]]:
    """Connection -> how many records of which kind it would receive."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for write in plan.writes:
        found.setdefault(write.connection, Counter())[(write.label, write.what)] += 1
    return found
