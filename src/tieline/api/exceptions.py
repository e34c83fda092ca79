"""Routes of the exception queue: read it, and mend what waits."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Cursor, JsonOnly, Limit, Line, Number, OnDesk, Words
from tieline.api.queue_filter import Wanted
from tieline.api.queue_models import Done, EditDiff, Queue, QueueItemDetail
from tieline.app.views.exception_detail import read_history, read_lines
from tieline.app.views.exceptions import Sort, page_exceptions, read_exception
from tieline.app.views.fix import fix_of
from tieline.app.views.paging import snapshot
from tieline.exception_queue import actions, edit, ownership, write_off
from tieline.exception_queue.edit import editable_fields
from tieline.exception_queue.value_row import add_code
from tieline.exception_queue.write_off import Proposal, read_proposal

router = APIRouter(tags=["exceptions"], dependencies=[JsonOnly])


@router.get("/api/exceptions", response_model=Queue, summary="List open exceptions")
def list_all(
    desk: OnDesk,
    wanted: Wanted,
    sort: Annotated[Sort, Query(description="`due`: nearest deadline first; `age`: oldest first; `newest`.")] = "due",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> object:
    """What is wrong, how much waits for it, who mends it, and by when."""
    with snapshot(desk.database) as db:
        return page_exceptions(db, limit=limit, wanted=wanted, sort=sort, cursor=cursor)


@router.get("/api/exceptions/{exception_id}", response_model=QueueItemDetail, summary="Read one exception")
def read_one(
    desk: OnDesk,
    exception_id: Number,
    after: Annotated[int, Query(ge=0, le=2**40, description="`next_line` of the page before.")] = 0,
    limit: Limit = 50,
) -> object:
    """One exception, open or closed, with a page of what waits for it."""
    with snapshot(desk.database) as db:
        row = read_exception(db, exception_id)
        if row is None:
            raise ApiError(404, f"There is no exception {exception_id}", "List them with GET /api/exceptions.")
        lines = read_lines(db, exception_id, after=after, limit=limit + 1)
        fix = fix_of(row, desk.value_folders(row.connection))
        proposal = read_proposal(db, exception_id) if row.closed_at is None else None
        return {
            "exception": row,
            "fix": fix.way,
            "suggested_code": fix.suggested,
            "lines": lines[:limit],
            "next_line": lines[limit - 1].number if len(lines) > limit else None,
            "history": read_history(db, exception_id),
            "editable": editable_fields(db, exception_id) if row.closed_at is None else [],
            "write_off": _told(proposal),
        }


def _told(proposal: Proposal | None) -> dict[str, object] | None:
    if proposal is None:
        return None
    return {
        "reason": proposal.reason,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "lines": len(proposal.line_ids),
        "money": proposal.money,
    }


class Linking(Acting):
    """Which record it is."""

    external_id: Line = Field(description="The vendor's id of the record that is ours.")


class Coding(Acting):
    """The code that is missing."""

    theirs: Line = Field(description="The vendor's code for the exception's `key`.")


class Leaving(Acting):
    """Why it is left alone."""

    reason: Words = Field(min_length=1)


class Adopting(Acting):
    """Which of our records it is."""

    record_id: Line = Field(description="The id, code or number of our project or invoice.")


@router.post("/api/exceptions/{exception_id}/retry", response_model=Done, summary="Try again what waits")
def retry(desk: OnDesk, exception_id: Number, body: Acting) -> object:
    """After its cause was mended where it stands."""
    return _done(exception_id, actions.retry(desk.database, exception_id, body.by))


@router.post("/api/exceptions/{exception_id}/link", response_model=Done, summary="Link a record over there")
def link(desk: OnDesk, exception_id: Number, body: Linking) -> object:
    """Say which record is ours: it is updated instead of created; an unclear write counts as done."""
    return _done(exception_id, actions.link(desk.database, exception_id, body.external_id, body.by))


@router.post("/api/exceptions/{exception_id}/create-new", response_model=Done, summary="Create a new record")
def create_new(desk: OnDesk, exception_id: Number, body: Acting) -> object:
    """Say that none of the records is ours, or that an unclear write did not happen."""
    return _done(exception_id, actions.create_new(desk.database, exception_id, body.by))


@router.post("/api/exceptions/{exception_id}/add-code", response_model=Done, summary="Add the missing code")
def code(desk: OnDesk, exception_id: Number, body: Coding) -> object:
    """Add a row to the site's value table and try again; the workers read the table within seconds."""
    with desk.database.connection() as db:
        row = read_exception(db, exception_id)
    folders = desk.value_folders(row.connection if row is not None else None)
    add_code(desk.database, exception_id, folders, body.theirs, body.by)
    return _done(exception_id, actions.retry(desk.database, exception_id, body.by))


@router.post("/api/exceptions/{exception_id}/adopt", response_model=Done, summary="Link a record made outside")
def adopt(desk: OnDesk, exception_id: Number, body: Adopting) -> object:
    """Say which of our projects or invoices a record is that arrived from a system first."""
    return _done(exception_id, actions.adopt(desk.database, exception_id, body.record_id, body.by))


@router.post("/api/exceptions/{exception_id}/ignore", response_model=Done, summary="Leave a record to its system")
def ignore(desk: OnDesk, exception_id: Number, body: Leaving) -> object:
    """For a record that belongs to no engagement."""
    actions.ignore(desk.database, exception_id, body.by, body.reason)
    return _done(exception_id, 0)


class Assigning(Acting):
    """Who mends it."""

    owner: Line = Field(description="A team, or the e-mail of a person of the firm.")
    reason: Words = ""


class Commenting(Acting):
    """For those who come after."""

    text: Words = Field(min_length=1)


class Postponing(Acting):
    """Until when it is left out of the default list."""

    until: AwareDatetime | None = Field(description="With its time zone; null takes it back into the list.")
    reason: Words = ""


class Editing(Acting):
    """The correction that was shown."""

    record: Line
    field: Line
    value: Words = Field(default="", description="The new value as text; empty for no value.")
    shown: Line = Field(description="`shown` of the difference that was looked at.")
    reason: Words = Field(min_length=1)


@router.post("/api/exceptions/{exception_id}/assign", response_model=Done, summary="Give it to a team or person")
def assign(desk: OnDesk, exception_id: Number, body: Assigning) -> object:
    """Its deadline becomes the new owner's, counted from its opening."""
    known = desk.site.queue_owners
    ownership.assign(desk.database, exception_id, body.owner, body.by, known=known, reason=body.reason)
    return _done(exception_id, 0)


@router.post("/api/exceptions/{exception_id}/comment", response_model=Done, summary="Comment on it")
def comment(desk: OnDesk, exception_id: Number, body: Commenting) -> object:
    """Kept in its history."""
    actions.comment(desk.database, exception_id, body.text, body.by)
    return _done(exception_id, 0)


@router.post("/api/exceptions/{exception_id}/postpone", response_model=Done, summary="Postpone it until a moment")
def postpone(desk: OnDesk, exception_id: Number, body: Postponing) -> object:
    """It comes back by itself; its deadline stays."""
    ownership.postpone(desk.database, exception_id, body.until, body.by, reason=body.reason)
    return _done(exception_id, 0)


@router.get("/api/exceptions/{exception_id}/edit", response_model=EditDiff, summary="See what an edit would change")
def show_edit(
    desk: OnDesk,
    exception_id: Number,
    record: Annotated[str, Query(max_length=40)],
    field: Annotated[str, Query(max_length=40)],
    value: Annotated[str, Query(max_length=400, description="The new value as text; empty for no value.")] = "",
) -> object:
    """The waiting records by the value they hold now. Nothing is changed."""
    with snapshot(desk.database) as db:
        return edit.preview(db, exception_id, record, field, value)


@router.post("/api/exceptions/{exception_id}/edit", response_model=Done, summary="Correct one field and try again")
def take_edit(desk: OnDesk, exception_id: Number, body: Editing) -> object:
    """Counts as long as the source holds what it holds now; refused when what waits is not what was shown."""
    with snapshot(desk.database) as db:
        diff = edit.preview(db, exception_id, body.record, body.field, body.value)
    seen = replace(diff, shown=body.shown)
    return _done(exception_id, edit.edit(desk.database, exception_id, seen, body.by, body.reason))


@router.post("/api/exceptions/{exception_id}/write-off", response_model=Done, summary="Propose to write off what waits")
def propose_write_off(desk: OnDesk, exception_id: Number, body: Leaving) -> object:
    """A second person must confirm it; nothing is written off before."""
    write_off.propose(desk.database, exception_id, body.by, body.reason)
    return _done(exception_id, 0)


@router.post(
    "/api/exceptions/{exception_id}/write-off/confirm", response_model=Done, summary="Confirm what another proposed"
)
def confirm_write_off(desk: OnDesk, exception_id: Number, body: Acting) -> object:
    """`woken` tells how many lines are written off: they stay in the books, and are never posted or billed."""
    return _done(exception_id, write_off.confirm(desk.database, exception_id, body.by, people=desk.people))


@router.post(
    "/api/exceptions/{exception_id}/write-off/withdraw", response_model=Done, summary="Withdraw a proposed write-off"
)
def withdraw_write_off(desk: OnDesk, exception_id: Number, body: Acting) -> object:
    """What waits goes on waiting."""
    write_off.withdraw(desk.database, exception_id, body.by)
    return _done(exception_id, 0)


def _done(exception_id: int, woken: int) -> dict[str, int]:
    return {"exception": exception_id, "woken": woken}
