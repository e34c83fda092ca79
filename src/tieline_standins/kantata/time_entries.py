"""Time entries (fact sheet, section 4)."""

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import invalid
from tieline_standins.kantata.fields import Field, day, flag, text, whole
from tieline_standins.kantata.money import SYMBOLS
from tieline_standins.kantata.people import bill_rate, cost_rate
from tieline_standins.kantata.resource import Association, Change, Predicate, Resource, Session
from tieline_standins.kantata.world import Record, World

# What an invoice or a closed period fixes; notes and references stay editable [INF].
_FIXED = {"date_performed", "time_in_minutes", "billable", "rate_in_cents", "workspace_id", "story_id", "user_id"}


def _prepare(world: World, change: Change) -> None:
    if change.record:
        _check_editable(world, change)
    workspace = world.linked_id("workspaces", change.link("workspace"))
    assert workspace is not None
    if change.value("time_in_minutes") <= 0:
        raise invalid("time_in_minutes", "Time in minutes must be greater than 0")
    if workspace.data["require_notes_on_time_entries"] and not change.value("notes"):
        raise invalid("notes", "Notes can't be blank")
    locked = workspace.data["lock_date"]
    if locked and change.value("date_performed") <= locked:
        raise invalid("date_performed", "Date performed is in a locked period")
    story = world.linked_id("stories", change.link("story"))
    if story and story.links["workspace"] != workspace.sid:
        raise invalid("story_id", "Story must be in the same project")
    if change.creating:
        _complete(world, change, workspace, story)


def _complete(world: World, change: Change, workspace: Record, story: Record | None) -> None:
    """Defaults of a new entry: person, role, rates and currency."""
    data, links = change.data, change.links
    if not change.session.admin or not links.get("user"):
        links["user"] = change.session.user_id  # the sheet's source: ignored without the right to act for others
    user = world.get("users", links["user"])
    if not links.get("role"):
        links["role"] = _role_on(world, workspace.sid, links["user"]) or (user.links["role"] if user else None)
    if data.get("billable") is None:
        data["billable"] = story.data["billable"] if story else True
    if data.get("rate_in_cents") is None:
        data["rate_in_cents"] = bill_rate(world, links["user"], links["role"]) or 0
    data["cost_rate_in_cents"] = cost_rate(world, links["user"], data["date_performed"])
    data["currency"] = workspace.data["currency"]
    data["currency_symbol"] = SYMBOLS.get(data["currency"], data["currency"])
    data["approved"] = world.settings.approved_field_without_approval and not workspace.data["require_time_approvals"]


def _role_on(world: World, workspace_id: str, user_id: str) -> str | None:
    """The role of the project resource this person fills."""
    resources = world.linking("workspace_resources", "workspace", workspace_id)
    return next((str(r.links["role"]) for r in resources if r.links["user"] == user_id and r.links["role"]), None)


def _check_editable(world: World, change: Change) -> None:
    record = change.record
    if record is None or not _FIXED & change.raw.keys():
        return
    if record.data["is_invoiced"]:
        raise invalid("base", "This time entry cannot be changed because it has been invoiced")
    if record.data["approved"] and not world.settings.approved_entries_editable:
        raise invalid("base", "This time entry cannot be changed because it has been approved")


def _deletable(world: World, record: Record, _session: Session) -> None:
    """DELETE is refused when date-locked or invoiced (fact sheet, section 4)."""
    if record.data["is_invoiced"]:
        raise invalid("base", f"Time entry {record.sid} cannot be deleted because it has been invoiced")
    workspace = world.linked("workspaces", record, "workspace")
    if workspace and workspace.data["lock_date"] and record.data["date_performed"] <= workspace.data["lock_date"]:
        raise invalid("base", f"Time entry {record.sid} cannot be deleted because its date is locked")


def _deleted(world: World, record: Record, _session: Session) -> None:
    for name in ("active_submission", "recent_submission"):
        submission = world.linked("timesheet_submissions", record, name)
        if submission and record.sid in submission.links["time_entries"]:
            submission.links["time_entries"].remove(record.sid)
            world.refresh(submission)


def _weigh(world: World, record: Record, sign: int) -> None:
    data = record.data
    minutes = sign * data["time_in_minutes"]
    for plural, name in (("workspaces", "workspace"), ("stories", "story")):
        if record.links[name]:
            totals = world.totals[plural, record.links[name]]
            totals.approved_minutes += minutes if data["approved"] else 0
            if data["billable"]:
                totals.billable_minutes += minutes
                totals.billable_cents += sign * amount(data)
            else:
                totals.other_minutes += minutes


def amount(data: dict[str, Json]) -> int:
    """Billable amount in cents, half a cent rounded up."""
    return (int(data["time_in_minutes"]) * int(data["rate_in_cents"] or 0) + 30) // 60 if data["billable"] else 0


def _approved(world: World, _value: str) -> Predicate:
    """On an approved timesheet, or in a project that needs no approval; the value is ignored."""

    def accepts(record: Record) -> bool:
        if record.data["approved"]:
            return True
        workspace = world.linked("workspaces", record, "workspace")
        return workspace is not None and not workspace.data["require_time_approvals"]

    return accepts


def _active(_world: World, value: str) -> Predicate:
    wanted = flag(value)
    return lambda record: bool(record.links["active_submission"]) is wanted


TIME_ENTRIES = Resource(
    "time_entries",
    "time_entry",
    {
        "date_performed": Field(day, required="Date performed can't be blank"),
        "time_in_minutes": Field(whole, required="Time in minutes can't be blank"),
        "billable": Field(flag),
        "notes": Field(text),
        "rate_in_cents": Field(whole),
        "cost_rate_in_cents": Field(whole, writable=False, cost=True),
        "currency": Field(text, writable=False),
        "currency_symbol": Field(text, writable=False),
        "currency_base_unit": Field(whole, default=100, writable=False),
        "user_can_edit": Field(flag, default=True, writable=False, on_request=True),
        "approved": Field(flag, default=False, writable=False),
        "is_invoiced": Field(flag, default=False, writable=False),
        "taxable": Field(flag, default=False),
        "location": Field(text),
        "location_id": Field(text, writable=False, on_request=True),
    },
    {
        "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
        "user": Association("users", "user_id", writable=True),
        "story": Association("stories", "story_id", writable=True),
        "role": Association("roles", "role_id", writable=True),
        "invoice": Association("invoices", "invoice_id"),
        "active_submission": Association("timesheet_submissions", "active_submission_id"),
        "recent_submission": Association("timesheet_submissions", "recent_submission_id"),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="TimeEntry",
    event="time_entry",
    indexed=("workspace",),
    orders={name: name for name in ("created_at", "date_performed", "updated_at")},
    order="date_performed:desc",
    filters={
        "approved": _approved,
        "invoiced": filters.present(lambda record: bool(record.data["is_invoiced"])),
        "uninvoiced": filters.present(lambda record: not record.data["is_invoiced"]),
        "billable": filters.is_true("billable"),
        "workspace_id": filters.link("workspace"),
        "workspace_ids": filters.link_in("workspace"),
        "with_user_ids": filters.link_in("user"),
        "date_performed_between": filters.between("date_performed"),
        "in_active_submission": _active,
        "with_timesheet_id": filters.link("active_submission"),
        "with_recent_timesheet_ids": filters.link_in("recent_submission"),
        "in_active_invoice_id": filters.link("invoice"),
        "on_my_account": filters.everything,
        "from_archived_workspaces": filters.not_archived(),
    },
    defaults={"on_my_account": "true", "from_archived_workspaces": "false"},
    bulk=100,
    bulk_delete=100,
    prepare=_prepare,
    may_delete=_deletable,
    deleted=_deleted,
    weigh=_weigh,
)
