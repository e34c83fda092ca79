"""Routes that act on many exceptions at once: by filter, previewed first, and on no more than was shown."""

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from tieline.api.parts import Acting, JsonOnly, Line, OnDesk, Words
from tieline.api.queue_filter import Wanted
from tieline.api.queue_models import BulkDone, BulkPreview
from tieline.app.views.paging import snapshot
from tieline.exception_queue import bulk
from tieline.exception_queue.bulk import Shown

router = APIRouter(prefix="/api/bulk/exceptions", tags=["exceptions"], dependencies=[JsonOnly])


class ActingOnMany(Acting):
    """Who acts, and what the preview said."""

    exceptions: int = Field(ge=1, le=2**40, description="How many the preview showed.")
    newest: int = Field(ge=1, le=2**62, description="`newest` of the preview.")

    @property
    def shown(self) -> Shown:
        """As the queue understands it."""
        return Shown(exceptions=self.exceptions, newest=self.newest)


class AssigningMany(ActingOnMany):
    """Who mends them."""

    owner: Line = Field(description="A team, or the e-mail of a person of the firm.")


class PostponingMany(ActingOnMany):
    """Until when they are left out of the default list."""

    until: AwareDatetime
    reason: Words = ""


class LeavingMany(ActingOnMany):
    """Why they are given up."""

    reason: Words = Field(min_length=1)


@router.get("", response_model=BulkPreview, summary="See what an action on many exceptions would touch")
def preview(desk: OnDesk, wanted: Wanted) -> object:
    """The exceptions of a filter by kind and owner, and what waits for them. Nothing is changed."""
    with snapshot(desk.database) as db:
        return bulk.preview(db, wanted)


@router.post("/retry", response_model=BulkDone, summary="Try all of them again")
def retry(desk: OnDesk, wanted: Wanted, body: ActingOnMany) -> object:
    """The filter stands in the address, as in the preview."""
    return bulk.bulk_retry(desk.database, wanted, body.shown, body.by)


@router.post("/assign", response_model=BulkDone, summary="Give all of them to a team or person")
def assign(desk: OnDesk, wanted: Wanted, body: AssigningMany) -> object:
    """Their deadlines become the new owner's."""
    known = desk.site.queue_owners
    return bulk.bulk_assign(desk.database, wanted, body.shown, body.owner, body.by, known=known)


@router.post("/postpone", response_model=BulkDone, summary="Postpone all of them until a moment")
def postpone(desk: OnDesk, wanted: Wanted, body: PostponingMany) -> object:
    """They come back by themselves."""
    return bulk.bulk_postpone(desk.database, wanted, body.shown, body.until, body.by, reason=body.reason)


@router.post("/write-off", response_model=BulkDone, summary="Propose to write off what waits for them")
def write_off(desk: OnDesk, wanted: Wanted, body: LeavingMany) -> object:
    """A second person must confirm each; nothing is written off before."""
    return bulk.bulk_propose(desk.database, wanted, body.shown, body.by, body.reason)


@router.post("/write-off/confirm", response_model=BulkDone, summary="Confirm what others proposed to write off")
def confirm(desk: OnDesk, wanted: Wanted, body: ActingOnMany) -> object:
    """One's own proposals are left alone. `show=write_off` in the address finds those that wait."""
    return bulk.bulk_confirm(desk.database, wanted, body.shown, body.by, people=desk.people)
