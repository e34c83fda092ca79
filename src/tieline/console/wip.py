"""Pages of unbilled work: who it belongs to and how old it is, its lines, and writing it up or down."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.app.views.wip import AGES, Age, By, group_wip, lines_csv, page_wip_lines, total_wip, wip_csv
from tieline.console.errors import NotFound
from tieline.console.forms import Form, FormError, Number, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.console.words import moneys
from tieline.exception_queue.actions import NotPossible
from tieline.lane.adjustment import confirm, list_adjustments, propose, withdraw
from tieline.lane.wip import WipRow, read_wip, sums
from tieline.model.money import LARGEST
from tieline.model.project import Project
from tieline.store.canonical import read_project
from tieline.store.database import Connection

router = APIRouter()

ROWS = 100
Text = Annotated[str, Query(max_length=200)]
NAMES: dict[By, str] = {
    "project": "Project",
    "engagement": "Engagement",
    "customer": "Customer",
    "entity": "Legal entity",
}
AGE_NAMES: dict[Age, str] = dict(zip(("30", "60", "90", "older"), AGES, strict=True))
INTO: dict[By, tuple[By, str]] = {
    "entity": ("customer", "entity"),
    "customer": ("engagement", "customer"),
    "engagement": ("project", "engagement"),
}
"""What a group opens into, and the filter that keeps it."""
MOST_IN_CSV = 100_000


class Asked:
    """What is looked at, as it stands in the address."""

    def __init__(
        self,
        by: By = "project",
        entity: Text = "",
        customer: Text = "",
        engagement: Text = "",
        start: Annotated[int, Query(ge=0, le=10**6)] = 0,
    ) -> None:
        if "\0" in entity + customer + engagement:
            raise FormError("The filter has characters that cannot be stored.")
        self.by = by
        self.entity = entity
        self.customer = customer
        self.engagement = engagement
        self.start = start

    @property
    def filter(self) -> dict[str, str | None]:
        """What the rows are of."""
        return {name: getattr(self, name) or None for name in ("entity", "customer", "engagement")}

    def address(self, path: str = "/wip", **more: str | int) -> str:
        """A path with this filter and something more."""
        chosen = {name: value for name, value in {**vars(self), **more}.items() if value and value != "project"}
        return f"{path}?{urlencode(chosen)}" if chosen else path

    def into(self, key: str) -> str:
        """Where a group leads: to what it is made of, a project to its lines."""
        if self.by == "project":
            return f"/wip/{key}"
        by, kept = INTO[self.by]
        more: dict[str, str | int] = {"by": by, kept: key, "start": 0}
        return self.address("/wip", **more)


Filter = Annotated[Asked, Depends(Asked)]


@router.get("/wip")
def unbilled(request: Request, desk: OnDesk, asked: Filter) -> Response:
    """Unbilled work by age, and what waits for a second person."""
    with snapshot(desk.database) as db:
        rows = read_wip(db, _today(), **asked.filter)
        counts, asks = count_exceptions(db), list_adjustments(db, state="proposed")
    groups, by_id = group_wip(rows, asked.by), {row.project_id: row for row in rows}
    content: dict[str, Any] = {
        "asked": asked,
        "groups": groups[asked.start : asked.start + ROWS],
        "count": len(groups),
        "following": asked.start + ROWS if len(groups) > asked.start + ROWS else None,
        "totals": total_wip(rows),
        "proposals": [(one, by_id[one.project_id]) for one in asks if one.project_id in by_id],
        "answer": told(rows),
        "within": _within(asked, rows),
        "age_names": AGES,
        "bys": NAMES,
    }
    return page(request, "wip.html", here="wip", counts=counts, **content)


@router.get("/wip/csv")
def as_csv(desk: OnDesk, asked: Filter) -> Response:
    """Every group, for a spreadsheet."""
    with snapshot(desk.database) as db:
        rows = read_wip(db, _today(), **asked.filter)
    return _csv(wip_csv(group_wip(rows, asked.by), asked.by), "unbilled.csv")


@router.get("/wip/{project_id}")
def one_project(
    request: Request,
    desk: OnDesk,
    project_id: str,
    age: Age | None = None,
    after: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """One project: its lines, and the form that writes all or some of them up or down."""
    with snapshot(desk.database) as db:
        project = _known(db, project_id)
        row = next(iter(read_wip(db, _today(), project=project_id)), None)
        lines = page_wip_lines(db, project_id, _today(), age=age, cursor=after, limit=ROWS)
        done, counts = list_adjustments(db, project=project_id), count_exceptions(db)
    content: dict[str, Any] = {
        "project": project,
        "row": row,
        "lines": lines.items,
        "following": lines.next,
        "after": after,
        "age": age,
        "ages": AGE_NAMES,
        "proposal": next((one for one in done if one.state == "proposed"), None),
        "done": [one for one in done if one.state != "proposed"],
    }
    return page(request, "wip_project.html", here="wip", counts=counts, **content)


@router.get("/wip/{project_id}/csv")
def lines_as_csv(desk: OnDesk, project_id: str, age: Age | None = None) -> Response:
    """Every line, for a spreadsheet."""
    with snapshot(desk.database) as db:
        code = _known(db, project_id).code
        told = lines_csv(page_wip_lines(db, project_id, _today(), age=age, limit=MOST_IN_CSV).items)
    return _csv(told, f"unbilled-{code}.csv")


@router.post("/wip/{project_id}/adjust")
def adjust(desk: OnDesk, project_id: str, form: Posted) -> Response:
    """Propose it in the person's name."""
    by, reason = form.by, form.line("reason", "The reason")
    with snapshot(desk.database) as db:
        _known(db, project_id)
    lines = _chosen(form)
    try:
        propose(desk.database, project_id, _amount(form), by=by, reason=reason, lines=lines)
    except NotPossible as error:
        raise FormError(f"Not possible: {error}. Nothing was changed.", 409) from error
    return see_other(f"/wip/{project_id}", by)


@router.post("/adjustments/{number}/{word}")
def decide(desk: OnDesk, number: Number, word: Literal["confirm", "withdraw"], form: Posted) -> Response:
    """The second person agrees, or the proposal is given up."""
    by = form.by
    try:
        if word == "withdraw":
            found = withdraw(desk.database, number, by=by)
        else:
            policy, people = desk.site.approvals, desk.people
            found = confirm(desk.database, number, by=by, today=_today(), policy=policy, people=people)
    except NotPossible as error:
        raise FormError(f"Not possible: {error}. Nothing was changed.", 409) from error
    return see_other(f"/wip/{found.project_id}", by)


def told(rows: Sequence[WipRow]) -> str:
    """The answer in a sentence."""
    found = sums(rows)
    if not found:
        return "Nothing is unbilled."
    old: dict[str, Decimal] = {}
    for row in rows:
        if row.older:
            old[row.currency] = old.get(row.currency, Decimal(0)) + row.older
    tail = f" {moneys(sorted(old.items()))} of it is older than 90 days." if old else ""
    return f"{moneys(sorted(found.items()))} {'is' if len(found) == 1 else 'are'} on no released invoice.{tail}"


def _within(asked: Asked, rows: Sequence[WipRow]) -> str | None:
    """What the list is narrowed to, in words."""
    if not any(asked.filter.values()):
        return None
    first = rows[0] if rows else None
    names = (
        asked.entity,
        asked.customer and (first.customer if first else asked.customer),
        asked.engagement and (first.engagement if first else asked.engagement),
    )
    return " · ".join(filter(None, names))


def _known(db: Connection, project_id: str) -> Project:
    project = None if "\0" in project_id else read_project(db, project_id)
    if project is None:
        raise NotFound("There is no such project")
    return project


def _chosen(form: Form) -> list[int]:
    """The chosen lines; none: the whole project."""
    if form.line("what", "What to adjust") == "all":
        return []
    texts = form.many("line")
    if not texts:
        raise FormError("No line is chosen. Nothing was changed.")
    if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in texts):
        raise FormError("What was chosen cannot be read. Nothing was changed.")
    return [int(text) for text in texts]


def _amount(form: Form) -> Decimal | None:
    """What to add or take off; None: all of it is written off."""
    kind = form.line("kind", "Up or down")
    if kind == "off":
        return None
    text = form.line("amount", "The amount").replace(",", "").replace("\N{MINUS SIGN}", "-")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if kind not in ("up", "down") or not amount.is_finite() or not 0 < amount < LARGEST:
        raise FormError("The amount is no number above zero, such as 250.00. Nothing was changed.")
    return amount if kind == "up" else -amount


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _today() -> date:
    return datetime.now(UTC).date()
