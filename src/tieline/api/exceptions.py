"""Routes of the exception queue: read it, and mend what waits."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.models import Done, Queue, QueueItemDetail
from tieline.api.parts import Acting, Cursor, JsonOnly, Limit, Line, Number, OnDesk, Words
from tieline.app.views.exceptions import page_exceptions, read_exception, read_history, read_lines
from tieline.app.views.fix import fix_of
from tieline.app.views.paging import snapshot
from tieline.exception_queue import actions
from tieline.exception_queue.value_row import add_code

router = APIRouter(tags=["exceptions"], dependencies=[JsonOnly])

Team = Literal["finance", "delivery", "sales", "resource", "integration"]


@router.get("/api/exceptions", response_model=Queue, summary="List open exceptions, the oldest first")
def list_all(
    desk: OnDesk,
    owner: Annotated[Team | None, Query(description="Only those this team mends.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> object:
    """What is wrong, how much waits for it, and who mends it."""
    with snapshot(desk.database) as db:
        return page_exceptions(db, limit=limit, owner=owner, cursor=cursor)


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
        return {
            "exception": row,
            "fix": fix.way,
            "suggested_code": fix.suggested,
            "lines": lines[:limit],
            "next_line": lines[limit - 1].number if len(lines) > limit else None,
            "history": read_history(db, exception_id),
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


def _done(exception_id: int, woken: int) -> dict[str, int]:
    return {"exception": exception_id, "woken": woken}
