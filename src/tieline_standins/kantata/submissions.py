"""Submissions of time and expenses and their approval, rejection and cancellation (fact sheet, section 4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from tieline_standins.core.http import Json
from tieline_standins.kantata import expenses, filters, time_entries
from tieline_standins.kantata.errors import forbidden, invalid, not_found
from tieline_standins.kantata.fields import Field, anything, day, flag, idents, text, whole
from tieline_standins.kantata.money import formatted
from tieline_standins.kantata.resource import Association, Change, Predicate, Resource, Session
from tieline_standins.kantata.world import Record, World

_ACTIVE = ("pending", "approved")
_REFERENCES = Association("external_references", "external_reference_ids", many=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the two kinds of submission differ in."""

    plural: str
    lines: str
    day_of_line: str
    amount: Callable[[dict[str, Json]], int]
    target_type: str


TIME = Kind("timesheet_submissions", "time_entries", "date_performed", time_entries.amount, "TimesheetSubmission")
EXPENSE = Kind("expense_report_submissions", "expenses", "date", expenses.amount, "ExpenseReportSubmission")


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: from which states it leads where, and the type of its resolution."""

    before: tuple[str, ...]
    status: str
    resolution: str


# An approved submission is rejected rather than cancelled; there is no other way back.
STEPS = {
    "approve": Step(("pending",), "approved", "approval"),
    "reject": Step(("pending", "approved"), "rejected", "rejection"),
    "cancel": Step(("pending",), "cancelled", "cancellation"),
}


def _prepare(kind: Kind) -> Callable[[World, Change], None]:
    def prepare(world: World, change: Change) -> None:
        if not change.creating:
            return
        user_id = str(change.links.get("user") or change.session.user_id)
        if user_id != change.session.user_id and not change.session.admin:
            raise forbidden()
        lines = _lines(world, kind, change, user_id)
        workspace = world.linked_id("workspaces", change.links["workspace"])
        assert workspace is not None
        days = sorted(line.data[kind.day_of_line] for line in lines)
        span = (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days
        if kind is TIME and span >= world.settings.submission_days:
            raise invalid("line_item_ids", "Line items must be in the same week")
        cents, currency = sum(kind.amount(line.data) for line in lines), workspace.data["currency"]
        change.links |= {"user": user_id, kind.lines: [line.sid for line in lines]}
        change.data |= {
            "status": "pending",
            "start_date": change.data.get("start_date") or days[0],
            "end_date": change.data.get("end_date") or days[-1],
            "currency": currency,
            "line_item_total_in_cents": cents,
            "line_item_total_formatted": formatted(cents, currency),
        }

    return prepare


def _lines(world: World, kind: Kind, change: Change, user_id: str) -> list[Record]:
    """The lines to submit: those named, else (as clients do) all open ones of the project between two dates."""
    if "line_item_ids" in change.raw and not change.data.get("title"):
        raise invalid("title", "Title can't be blank")
    if "line_item_ids" not in change.raw and change.data.get("start_date") and change.data.get("end_date"):
        low, high = change.data["start_date"], change.data["end_date"]
        found = world.linking(kind.lines, "workspace", change.links["workspace"])
        found = [line for line in found if low <= line.data[kind.day_of_line] <= high]
        found = [line for line in found if line.links["user"] == user_id and not line.links["active_submission"]]
    else:
        found = _named(world, kind, change.raw.get("line_item_ids"))
    if not found:
        raise invalid("line_item_ids", "Line items can't be blank")
    for line in found:
        if line.links["workspace"] != change.links["workspace"]:
            raise invalid("line_item_ids", "Line items must all belong to the project of the submission")
        if line.links["user"] != user_id:
            raise invalid("line_item_ids", "Line items must all belong to the user of the submission")
        if line.links["active_submission"]:
            raise invalid("line_item_ids", "Line items are already part of an active submission")
    return found


def _named(world: World, kind: Kind, given: Json) -> list[Record]:
    try:
        ids = idents(given or [])
    except ValueError as error:
        raise invalid("line_item_ids", f"Line items {error}") from error
    lines = [world.get(kind.lines, sid) for sid in dict.fromkeys(ids)]
    found = [line for line in lines if line]
    if len(found) < len(lines):
        raise invalid("line_item_ids", "Line items name one that does not exist")
    return found


def _written(kind: Kind) -> Callable[[World, Change], None]:
    def written(world: World, change: Change) -> None:
        submission = change.record
        assert submission is not None
        if kind.lines in change.links:
            links = {"active_submission": submission.sid, "recent_submission": submission.sid}
            for line in submission.links[kind.lines]:
                _leave_older(world, kind, line)
                _edit_line(world, kind, line, {}, links)

    return written


def _leave_older(world: World, kind: Kind, sid: str) -> None:
    """Lines point only to the newest submission, and the one before no longer lists them."""
    line = world.get(kind.lines, sid)
    older = world.linked(kind.plural, line, "recent_submission") if line else None
    if older and sid in older.links[kind.lines]:
        older.links[kind.lines].remove(sid)
        world.refresh(older)


def _edit_line(world: World, kind: Kind, sid: str, data: dict[str, Json], links: dict[str, Json]) -> None:
    line = world.get(kind.lines, sid)
    if line:
        world.edit(line, data, links, moves=world.settings.derived_changes_move_updated_at)


def check_step(world: World, kind: Kind, step: str, sid: str, session: Session) -> Record:
    """The submission a decision is about. Raises ApiError when it cannot be taken."""
    submission = world.get(kind.plural, sid)
    if submission is None:
        raise not_found()
    workspace = world.linked("workspaces", submission, "workspace")
    approvers = workspace.links["approvers"] if workspace else []
    if not session.admin and session.user_id not in approvers:
        raise forbidden()
    if submission.data["status"] not in STEPS[step].before:
        raise invalid("status", f"A submission that is {submission.data['status']} cannot be {STEPS[step].status}")
    invoiced = [world.get(kind.lines, line) for line in submission.links[kind.lines]]
    if step != "approve" and any(line and line.data["is_invoiced"] for line in invoiced):
        raise invalid("status", "A submission with invoiced line items cannot be changed")
    return submission


def take_step(
    world: World, kind: Kind, step: str, submission: Record, session: Session, description: str | None
) -> Record:
    """Decide about a submission; returns the resolution."""
    done = STEPS[step]
    data = {
        "status": done.status,
        "current_resolution_creator_id": session.user_id,
        "current_resolution_created_at_date": world.now()[:10],
        "current_resolution_description": description,
    }
    world.edit(submission, data, user_id=session.user_id)
    active = submission.sid if done.status in _ACTIVE else None
    for line in submission.links[kind.lines]:
        _edit_line(world, kind, line, {"approved": done.status == "approved"}, {"active_submission": active})
    target = f"{kind.target_type} {submission.id}"
    for older in world.linking("resolutions", "target", target):
        world.edit(older, {"current": False})
    about: dict[str, Json] = {
        "type": done.resolution,
        "description": description,
        "target_type": kind.target_type,
        "current": True,
    }
    about |= {"target_id": submission.id, "user_id": int(session.user_id), "account_id": 1}
    return world.insert("resolutions", about, {"target": target})


def _statuses(_world: World, value: str) -> Predicate:
    """The filter says `new` where the field says `pending`."""
    wanted = {"pending" if part.strip() == "new" else part.strip() for part in value.split(",")}
    if unknown := wanted - {"pending", "approved", "rejected", "cancelled"}:
        raise ValueError(f"does not know {min(unknown)}")
    return lambda submission: submission.data["status"] in wanted


def _derive(_world: World, submission: Record, shown: dict[str, Json]) -> None:
    status = submission.data["status"]
    shown["permissions"] = {f"can_{step}": status in known.before for step, known in STEPS.items()}


def _submissions(kind: Kind, singular: str, event: str, kind_name: str) -> Resource:
    return Resource(
        kind.plural,
        singular,
        {
            "title": Field(text),
            "comment": Field(text),
            "status": Field(text, writable=False),
            "type": Field(text, default=kind_name, writable=False),
            "start_date": Field(day, create_only=True),
            "end_date": Field(day, create_only=True),
            "currency": Field(text, writable=False),
            "line_item_total_in_cents": Field(whole, default=0, writable=False),
            "line_item_total_formatted": Field(text, writable=False),
            "current_resolution_creator_id": Field(text, writable=False),
            "current_resolution_created_at_date": Field(day, writable=False),
            "current_resolution_description": Field(text, writable=False),
            "permissions": Field(anything, writable=False),
        },
        {
            "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
            "user": Association("users", "user_id", writable=True),
            kind.lines: Association(kind.lines, f"{'time_entry' if kind is TIME else 'expense'}_ids", many=True),
            "external_references": _REFERENCES,
        },
        subject="Submission" if kind is TIME else "ExpenseReportSubmission",
        event=event,
        indexed=("workspace",),
        orders={"date": "start_date"},
        order="date:desc",
        filters={
            "active": filters.only_if_true(lambda record: record.data["status"] in _ACTIVE),
            "not_cancelled": filters.only_if_true(lambda record: record.data["status"] != "cancelled"),
            "statuses": _statuses,
            "start_date": filters.equals("start_date"),
            "start_date_after": filters.after("start_date", inclusive=True),
            "end_date": filters.equals("end_date"),
            "user_ids": filters.link_in("user"),
            "workspace_id": filters.link("workspace"),
            "workspace_ids": filters.link_in("workspace"),
        },
        verbs=frozenset({"list", "show", "create"}),
        bulk=100,
        prepare=_prepare(kind),
        written=_written(kind),
        derive=_derive,
    )


TIMESHEET_SUBMISSIONS = _submissions(TIME, "timesheet_submission", "timesheet", "Timesheet")
EXPENSE_REPORT_SUBMISSIONS = _submissions(EXPENSE, "expense_report_submission", "expense_report", "ExpenseReport")

RESOLUTIONS = Resource(
    "resolutions",
    "resolution",
    {
        "type": Field(text),
        "description": Field(text),
        "target_type": Field(text),
        "target_id": Field(whole),
        "user_id": Field(whole),
        "account_id": Field(whole),
        "current": Field(flag),
    },
    indexed=("target",),
    verbs=frozenset(),
)
