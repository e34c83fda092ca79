"""Routes of replays: what one would change, asking for it, how far it has come, and stopping it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Answer, Body, JsonOnly, Limit, Line, Number, OnDesk
from tieline.app.replay import Preview
from tieline.app.views.paging import snapshot
from tieline.app.views.replays import ReplayRow, list_replays, read_replay
from tieline.engine.replay import NothingToReplay, Scope

router = APIRouter(tags=["replays"], dependencies=[JsonOnly])


class Replaying(Body):
    """What to replay: an engagement, an effect, a record, a connection, or a time range (of a connection)."""

    engagement: Line | None = Field(default=None, description="Its id.")
    effect: int | None = Field(default=None, ge=1, le=2**62, description="Its number.")
    connection: Line | None = None
    record: Line | None = Field(
        default=None, description="With `connection`: opportunity, project, invoice, time or expense."
    )
    external_id: Line | None = Field(default=None, description="The vendor's id of the record.")
    since: datetime | None = Field(default=None, description="What came in from then on, with its time zone.")
    until: datetime | None = Field(default=None, description="And before this moment.")

    def scope(self) -> Scope:
        """Raises ApiError."""
        try:
            return Scope(**self.model_dump(exclude={"by"}))
        except ValueError as error:
            raise ApiError(422, str(error).rstrip("."), "See the description of the fields.") from error


class Asking(Replaying):
    """What to replay, and who asks for it."""

    by: Line = Field(description="The person's name, as claimed; it goes into the audit trail.")


class Foresight(Answer):
    """What a replay would change."""

    whole: bool = Field(description="Whether everything was looked at; large replays are looked at in part.")
    writes: int = Field(description="Records that would be written, of what was looked at.")
    preview: Preview


class Answered(Answer):
    """What came of asking."""

    number: int
    joined: bool = Field(description="One of the same scope was running; this is that one.")
    items: int = Field(description="Processes that look again.")
    lines: int = Field(description="Source lines that are read again.")


class ReplayList(Answer):
    """Replays, the newest first."""

    items: list[ReplayRow]
    next: int | None = Field(description="`before` of the next page; null on the last.")


class ReplayState(Answer):
    """One replay."""

    replay: ReplayRow


@router.post("/api/replays/preview", response_model=Foresight, summary="See what a replay would change")
def preview(desk: OnDesk, body: Replaying) -> object:
    """Field by field, in which system, compared with what each last confirmed. Nothing is written; systems are read."""
    found = desk.replays.preview(body.scope())
    return {"whole": found.whole, "writes": found.writes, "preview": found}


@router.post("/api/replays", response_model=Answered, status_code=201, summary="Replay")
def begin(desk: OnDesk, body: Asking) -> object:
    """The workers wake and read again, a few at a time. 200 when one of the same scope runs already: it is that one."""
    try:
        asked = desk.replays.ask(body.scope(), body.by)
    except NothingToReplay as error:
        raise ApiError(
            404, str(error).rstrip("."), "Check the id; GET /api/lineage finds what it stands for."
        ) from error
    content = Answered.model_validate(asked).model_dump()
    return JSONResponse(content, 200) if asked.joined else content


@router.get("/api/replays", response_model=ReplayList, summary="List replays, the newest first")
def list_all(
    desk: OnDesk,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> object:
    """Who asked for which, how far it has come, and what came of it."""
    with snapshot(desk.database) as db:
        rows = list_replays(db, before=before, limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].number if len(rows) > limit else None}


@router.get("/api/replays/{number}", response_model=ReplayState, summary="Read one replay")
def read_one(desk: OnDesk, number: Number) -> object:
    """How far it has come."""
    with snapshot(desk.database) as db:
        row = read_replay(db, number)
    if row is None:
        raise ApiError(404, f"There is no replay {number}", "List them with GET /api/replays.")
    return {"replay": row}


@router.delete("/api/replays/{number}", status_code=204, summary="Stop a replay")
def end(desk: OnDesk, number: Number, by: Line) -> None:
    """Nothing more is woken or read; what is under way ends."""
    if not desk.replays.stop(number, by):
        raise ApiError(404, f"Replay {number} is not running", "List them with GET /api/replays.")
