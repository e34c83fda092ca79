"""Pages of the exception queue, which is the home page: the list beside one exception, and the forms that mend it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from tieline.app.desk import Desk
from tieline.app.views.approvals import ApprovalRow, read_approval, who_decides
from tieline.app.views.exception_detail import read_history, read_lines
from tieline.app.views.exceptions import ExceptionRow, page_exceptions, read_exception
from tieline.app.views.fix import fix_of
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions, money_held
from tieline.console.errors import NotFound
from tieline.console.forms import Form, FormError, Number, OnDesk, Posted, see_other
from tieline.console.queue_filter import Asked, Wanted
from tieline.console.rendering import page
from tieline.engine.approvals import MayNotDecide, ask_again, decide_approval
from tieline.engine.controls import resume
from tieline.exception_queue import actions, edit, ownership, write_off
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.edit import Diff, editable_fields
from tieline.exception_queue.value_row import add_code
from tieline.exception_queue.write_off import read_proposal
from tieline.store.database import Connection

router = APIRouter()

ROWS = 50
LINES = 10
LOOKS_AGAIN = 20
"""How often a page looks whether an exception was solved, a second and a half apart."""

Text = Annotated[str, Query(max_length=300)]
Step = Literal[
    "retry", "fix", "link", "create-new", "happened", "adopt", "ignore", "decide", "ask-again", "resume", "assign",
    "comment", "postpone", "take-up", "edit", "write-off", "write-off-confirm", "write-off-withdraw",
]  # fmt: skip


@router.get("/")
def home(
    request: Request,
    desk: OnDesk,
    asked: Wanted,
    after: Text | None = None,
    q: Text | None = None,
    show: Text | None = None,
) -> Response:
    """What waits for people; addresses of the engagements' list, which was here, lead to where it is now."""
    if q is not None or show in ("trouble", "all"):
        return RedirectResponse(f"/engagements?{request.url.query}", 308)
    return _queue_page(request, desk, asked, after, home=True)


@router.get("/exceptions")
def queue(request: Request, desk: OnDesk, asked: Wanted, after: Text | None = None) -> Response:
    """The queue of a filter; beside it the first one."""
    return _queue_page(request, desk, asked, after, home=False)


def _queue_page(request: Request, desk: Desk, asked: Asked, after: Text | None, *, home: bool) -> Response:
    with snapshot(desk.database) as db:
        content = _queue(db, desk, asked, after)
        items = content["found"].items
        first = _detail(db, desk, items[0]) if items else {"row": None}
        any_engagement = db.execute("select from engagement limit 1").fetchone() is not None
    content |= {"chosen": False, "home": home, "any_engagement": any_engagement}
    return page(request, "exceptions.html", here="exceptions", **content, **first)


@router.get("/exceptions/{number}")
def one(
    request: Request,
    desk: OnDesk,
    number: Number,
    asked: Wanted,
    lines: Annotated[int, Query(ge=0, le=2**40)] = 0,
    done: Text = "",
) -> Response:
    """One exception, open or solved."""
    return _page(request, desk, number, asked=asked, lines=lines, done=done)


@router.get("/exceptions/{number}/edit")
def show_edit(
    request: Request, desk: OnDesk, number: Number, asked: Wanted, field: Text = "", value: Text = ""
) -> Response:
    """What an edit would change; the same page with the difference on it."""
    record, _, name = field.partition(".")
    try:
        with snapshot(desk.database) as db:
            diff = edit.preview(db, number, record, name, value)
    except NotPossible as error:
        return _refused(request, desk, number, error)
    return _page(request, desk, number, asked=asked, diff=diff, typed=value)


@router.get("/exceptions/{number}/solved")
def solved(
    request: Request, desk: OnDesk, number: Number, left: Annotated[int, Query(ge=0, le=LOOKS_AGAIN)] = 0
) -> Response:
    """Asked by a script after a fix: still open, or go and see that it was solved."""
    if _row(desk, number).closed_at is not None:
        return Response(headers={"HX-Redirect": f"/exceptions/{number}"})
    return page(request, "watch.html", number=number, left=left)


DONE = {
    "retry": "It is tried again now.",
    "fix": "The code was added; what waits is tried again now.",
    "link": "Linked; what waits goes on now.",
    "create-new": "It is created now.",
    "happened": "Recorded as done; what waits goes on now.",
    "adopt": "Linked; what waits goes on now.",
    "ignore": "It is left to its system.",
    "decide": "Your decision is recorded.",
    "ask-again": "It is asked again, for what its source says now.",
    "resume": "It sends again; what waited looks again now.",
    "assign": "Given to its new owner.",
    "comment": "Your comment is recorded.",
    "postpone": "Postponed; it comes back by itself.",
    "take-up": "It is back in the list.",
    "edit": "Corrected; what waits is tried again now.",
    "write-off": "Proposed; a second person must confirm it.",
    "write-off-confirm": "Written off: it stays in the books, and is never posted or billed.",
    "write-off-withdraw": "The proposal is withdrawn; it goes on waiting.",
}
LOOKS = frozenset({"retry", "fix", "link", "create-new", "happened", "adopt", "decide", "ask-again", "resume", "edit"})
"""Steps after which the exception may solve itself within seconds."""


@router.post("/exceptions/{number}/{step}")
def act(request: Request, desk: OnDesk, number: Number, step: Step, form: Posted) -> Response:
    """Mend it, in the person's name; then look at it again."""
    try:
        by = form.by
        STEPS[step](desk, number, form, by)
    except (NotPossible, FormError) as error:
        return _refused(request, desk, number, error)
    return see_other(f"/exceptions/{number}?done={step}", by)


def _refused(request: Request, desk: Desk, number: int, error: Exception) -> Response:
    """The same page with what is wrong."""
    return _page(request, desk, number, status=422, wrong=str(error)[:1].upper() + str(error)[1:])


def _page(
    request: Request,
    desk: Desk,
    number: int,
    *,
    asked: Asked | None = None,
    lines: int = 0,
    done: str = "",
    wrong: str | None = None,
    diff: Diff | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    with snapshot(desk.database) as db:
        row = read_exception(db, number)
        if row is None:
            raise NotFound(f"There is no exception {number}")
        content = {**_queue(db, desk, asked or Asked(), None), **_detail(db, desk, row, after=lines)}
    content |= {"chosen": True, "home": False, "any_engagement": True, "diff": diff, "typed": typed}
    content |= {"done": DONE.get(done), "wrong": wrong}
    content["watch"] = LOOKS_AGAIN if done in LOOKS and row.closed_at is None else 0
    return page(request, "exceptions.html", status=status, here="exceptions", **content)


# ---- steps ----


def _retry(desk: Desk, number: int, form: Form, by: str) -> None:
    actions.retry(desk.database, number, by)


def _fix(desk: Desk, number: int, form: Form, by: str) -> None:
    theirs = form.line("theirs", "The code")
    row = _row(desk, number)
    add_code(desk.database, number, desk.value_folders(row.connection), theirs, by)
    actions.retry(desk.database, number, by)


def _link(desk: Desk, number: int, form: Form, by: str) -> None:
    other = form.text("other", "The id", 200)
    actions.link(desk.database, number, other or form.line("external_id", "The record's id"), by)


def _create_new(desk: Desk, number: int, form: Form, by: str) -> None:
    actions.create_new(desk.database, number, by)


def _adopt(desk: Desk, number: int, form: Form, by: str) -> None:
    actions.adopt(desk.database, number, form.line("record_id", "The project's code or the invoice's number"), by)


def _ignore(desk: Desk, number: int, form: Form, by: str) -> None:
    actions.ignore(desk.database, number, by, form.text("reason", "The reason"))


def _decide(desk: Desk, number: int, form: Form, by: str) -> None:
    approval, approve = _asked(desk, number, form), form.line("decision", "The decision") == "approve"
    reason = form.text("reason", "The reason")
    if not approve and not reason:
        raise FormError("A decision to decline needs a reason. Nothing was changed.")
    policy = desk.site.approvals
    try:
        state = decide_approval(desk.database, approval.id, approve=approve, by=by, reason=reason, policy=policy)
    except MayNotDecide as refused:
        raise FormError(f"{refused}. Nothing was changed.") from refused
    if state is None:
        raise FormError("This was decided meanwhile, or what it showed has changed. Nothing was changed by you.")


def _ask_again(desk: Desk, number: int, form: Form, by: str) -> None:
    approval_id = _row(desk, number).approval_id
    if approval_id is None or not ask_again(desk.database, approval_id, by):
        raise FormError("It has not expired, or was asked again meanwhile. Nothing was changed by you.")


def _asked(desk: Desk, number: int, form: Form) -> ApprovalRow:
    """The approval the person saw; an edit since then voids the decision."""
    row = _row(desk, number)
    with desk.database.connection() as db:
        approval = read_approval(db, row.approval_id) if row.approval_id is not None else None
    if approval is None or approval.content_hash != form.line("content_hash", "What was shown"):
        raise FormError("What it showed has changed since you read it. Read it again, then decide.")
    return approval


def _resume(desk: Desk, number: int, form: Form, by: str) -> None:
    row = _row(desk, number)
    if row.kind != "auth" or row.connection is None:
        raise NotPossible("this exception is not about refused credentials; retry it")
    resume(desk.database, "connection", row.connection, by)
    actions.retry(desk.database, number, by)


def _assign(desk: Desk, number: int, form: Form, by: str) -> None:
    owner = form.line("owner", "The team or person")
    reason = form.text("reason", "The reason")
    ownership.assign(desk.database, number, owner, by, known=desk.site.queue_owners, reason=reason)


def _postpone(desk: Desk, number: int, form: Form, by: str) -> None:
    reason = form.text("reason", "The reason")
    ownership.postpone(desk.database, number, form.day("until", "The day"), by, reason=reason)


def _take_up(desk: Desk, number: int, form: Form, by: str) -> None:
    ownership.postpone(desk.database, number, None, by)


def _edit(desk: Desk, number: int, form: Form, by: str) -> None:
    record, _, name = form.line("field", "The field").partition(".")
    with snapshot(desk.database) as db:
        diff = edit.preview(db, number, record, name, form.text("value", "The value", 300))
    seen = replace(diff, shown=form.line("shown", "What was shown"))
    edit.edit(desk.database, number, seen, by, form.text("reason", "The reason"))


def _propose_write_off(desk: Desk, number: int, form: Form, by: str) -> None:
    write_off.propose(desk.database, number, by, form.text("reason", "The reason"))


def _confirm_write_off(desk: Desk, number: int, form: Form, by: str) -> None:
    write_off.confirm(desk.database, number, by, people=desk.people)


def _withdraw_write_off(desk: Desk, number: int, form: Form, by: str) -> None:
    write_off.withdraw(desk.database, number, by)


def _comment(desk: Desk, number: int, form: Form, by: str) -> None:
    actions.comment(desk.database, number, form.text("text", "The comment"), by)


STEPS: dict[str, Callable[[Desk, int, Form, str], None]] = {
    "retry": _retry,
    "fix": _fix,
    "link": _link,
    "create-new": _create_new,
    "happened": _link,
    "adopt": _adopt,
    "ignore": _ignore,
    "decide": _decide,
    "ask-again": _ask_again,
    "resume": _resume,
    "assign": _assign,
    "comment": _comment,
    "postpone": _postpone,
    "take-up": _take_up,
    "edit": _edit,
    "write-off": _propose_write_off,
    "write-off-confirm": _confirm_write_off,
    "write-off-withdraw": _withdraw_write_off,
}


def _row(desk: Desk, number: int) -> ExceptionRow:
    with desk.database.connection() as db:
        row = read_exception(db, number)
    if row is None:
        raise NotFound(f"There is no exception {number}")
    return row


# ---- what the pages show ----


def _queue(db: Connection, desk: Desk, asked: Asked, after: str | None) -> dict[str, Any]:
    wanted = asked.filter(desk)
    entities = [entity.id for entity in desk.site.firm.legal_entities]
    return {
        "found": page_exceptions(db, limit=ROWS, wanted=wanted, sort=asked.sort, cursor=after),
        "counts": count_exceptions(db),
        "held": money_held(db),
        "wanted": wanted,
        "asked": asked,
        "entities": entities,
        "first_page": after is None,
    }


def _detail(db: Connection, desk: Desk, row: ExceptionRow, *, after: int = 0) -> dict[str, Any]:
    lines = read_lines(db, row.id, after=after, limit=LINES + 1)
    is_open = row.closed_at is None
    approval = read_approval(db, row.approval_id) if row.approval_id is not None else None
    return {
        "row": row,
        "fix": fix_of(row, desk.value_folders(row.connection)),
        "approval": approval,
        "deciders": who_decides(desk.site.approvals, approval, datetime.now(UTC).date()) if approval else None,
        "lines": lines[:LINES],
        "next_line": lines[LINES - 1].number if len(lines) > LINES else None,
        "first_line": after + 1,
        "history": read_history(db, row.id),
        "fields": editable_fields(db, row.id) if is_open else [],
        "proposal": read_proposal(db, row.id) if is_open else None,
        "diff": None,
        "typed": "",
        "done": None,
        "wrong": None,
        "watch": 0,
    }
