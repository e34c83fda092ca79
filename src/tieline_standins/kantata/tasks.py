"""Tasks: stories, which form the work breakdown, and the assignments of people to them (fact sheet, section 4)."""

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import invalid
from tieline_standins.kantata.fields import Field, anything, day, flag, idents, one_of, text, whole
from tieline_standins.kantata.resource import Association, Change, Resource, Session, Target
from tieline_standins.kantata.world import Record, World

_MAX_DEPTH = 4
_MAX_DESCRIPTION = 1000
_TASK_STATES = ("not started", "started", "needs info", "completed")
_ISSUE_STATES: tuple[str, ...] = ("new", "reopened", "in progress", "blocked", "fixed", "duplicate", "can't reproduce")
_ISSUE_STATES += ("can't repro", "resolved", "won't fix")


def ancestors(world: World, story: Record) -> list[str]:
    """Ids from the root down to the parent."""
    found: list[str] = []
    parent = world.linked("stories", story, "parent")
    while parent and parent.sid not in found:
        found.insert(0, parent.sid)
        parent = world.linked("stories", parent, "parent")
    return found


def _prepare_story(world: World, change: Change) -> None:
    data = change.data
    if change.creating and len(data.get("description") or "") >= _MAX_DESCRIPTION:
        raise invalid("description", f"Description is too long (maximum is {_MAX_DESCRIPTION - 1} characters)")
    parent = world.linked_id("stories", change.links.get("parent"))
    if parent:
        if change.record and change.record.sid in (parent.sid, *ancestors(world, parent)):
            raise invalid("parent_id", "Parent is a sub-task of this task")
        if parent.links["workspace"] != change.link("workspace"):
            raise invalid("parent_id", "Parent must be in the same project")
        if len(ancestors(world, parent)) >= _MAX_DEPTH:
            raise invalid("parent_id", "Parent is nested too deeply")
    kind = change.value("story_type") or "task"
    states = _ISSUE_STATES if kind == "issue" else _TASK_STATES
    if data.get("state") not in (None, *states):
        raise invalid("state", "State is not included in the list")
    if change.creating:
        workspace = world.linked_id("workspaces", change.links["workspace"])
        assert workspace is not None
        data.setdefault("state", states[0])
        data.setdefault("billable", not workspace.data["tasks_default_non_billable"])
        data.setdefault("fixed_fee", workspace.data["stories_are_fixed_fee_by_default"])
        data.setdefault("currency", workspace.data["currency"])
        change.links["creator"] = change.session.user_id
    if data.get("percentage_complete") == 100 and "state" not in change.raw:
        data["state"] = "resolved" if kind == "issue" else "completed"
    elif data.get("state") == "completed":
        data["percentage_complete"] = 100
    _assignees(world, change)


def _assignees(world: World, change: Change) -> list[str] | None:
    """The users a request assigns, None when it says nothing about it. Raises ApiError."""
    raw = change.raw
    try:
        if "assignments" in raw:
            given = raw["assignments"]
            if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
                raise ValueError("must be a list of objects")
            wanted = idents([entry.get("assignee_id") for entry in given])
        elif "assignee_ids" in raw:
            wanted = idents(raw["assignee_ids"] or [])
        else:
            return None
    except ValueError as error:
        raise invalid("assignee_ids", f"Assignees {error}") from error
    if any(world.get("users", user_id) is None for user_id in wanted):
        raise invalid("assignee_ids", "Assignees name a user that does not exist")
    return list(dict.fromkeys(wanted))


def _story_written(world: World, change: Change) -> None:
    story, wanted = change.record, _assignees(world, change)
    assert story is not None
    _note_state(world, story, change.session)
    if wanted is None:
        return
    current = {a.links["assignee"]: a for a in _assignments(world, story)}
    for user_id in wanted:
        if user_id not in current:
            links = {"story": story.sid, "assignee": user_id}
            world.insert("assignments", {"current": True}, links, change.session.user_id)
    for user_id, assignment in current.items():
        if user_id not in wanted:
            world.remove(assignment, change.session.user_id)


def _note_state(world: World, story: Record, session: Session) -> None:
    """The audit trail of a story's state, which cannot be written otherwise (contract, Story State Changes)."""
    trail = world.linking("story_state_changes", "story", story.sid)
    if not trail or trail[-1].data["state"] != story.data["state"]:
        data = {"state": story.data["state"], "formatted_state": str(story.data["state"]).capitalize()}
        world.insert("story_state_changes", data, {"story": story.sid, "user": session.user_id})


def _assignments(world: World, story: Record) -> list[Record]:
    return [assignment for assignment in world.linking("assignments", "story", story.sid) if assignment.data["current"]]


def _children(world: World, story: Record) -> list[Record]:
    return world.linking("stories", "parent", story.sid)


def _story_deletable(world: World, story: Record, _session: Session) -> None:
    entries = world.linking("time_entries", "workspace", story.links["workspace"])
    if any(entry.links["story"] == story.sid for entry in entries):
        raise invalid("base", "This task cannot be deleted because time has been logged to it")


def _story_deleted(world: World, story: Record, session: Session) -> None:
    for assignment in world.linking("assignments", "story", story.sid):
        world.remove(assignment, session.user_id)
    for child in _children(world, story):
        world.remove(child, session.user_id)
        _story_deleted(world, child, session)


def _derive_story(world: World, story: Record, shown: dict[str, Json]) -> None:
    totals = world.totals["stories", story.sid]
    shown["logged_billable_time_in_minutes"] = totals.billable_minutes
    shown["logged_nonbillable_time_in_minutes"] = totals.other_minutes
    shown["budget_used_in_cents"] = totals.billable_cents + totals.expense_cents
    shown["ancestor_ids"] = ancestors(world, story)


def _root(world: World, story: Record) -> list[Target]:
    found = ancestors(world, story)
    return [("stories", found[0])] if found else []


_DERIVED = Field(anything, writable=False)

STORIES = Resource(
    "stories",
    "story",
    {
        "story_type": Field(one_of("task", "deliverable", "milestone", "issue"), default="task"),
        "title": Field(text, required="Title can't be blank"),
        "description": Field(text),
        "position": Field(whole, default=0),
        "state": Field(text),
        "status": Field(anything, writable=False),
        "start_date": Field(day),
        "due_date": Field(day),
        "percentage_complete": Field(whole, default=0),
        "billable": Field(flag),
        "fixed_fee": Field(flag),
        "time_trackable": Field(flag, default=True),
        "currency": Field(text, writable=False),
        "budget_estimate_in_cents": Field(whole),
        "budget_used_in_cents": _DERIVED,
        "time_estimate_in_minutes": Field(whole),
        "logged_billable_time_in_minutes": _DERIVED,
        "logged_nonbillable_time_in_minutes": _DERIVED,
        "invoiced_balance_in_cents": Field(whole, default=0, writable=False),
        "uninvoiced_balance_in_cents": Field(whole, default=0, writable=False),
        "weight": Field(whole),
        "priority": Field(one_of("low", "normal", "high", "critical"), default="normal"),
        "project_plan": Field(flag, default=True),
        "archived": Field(flag, default=False),
        "deleted_at": Field(text, writable=False),
        "ancestor_ids": _DERIVED,
    },
    {
        "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
        "creator": Association("users", "creator_id"),
        "parent": Association("stories", "parent_id", writable=True),
        "root": Association("stories", "root_id", find=_root),
        "story_state_changes": Association(
            "story_state_changes",
            "story_state_change_ids",
            many=True,
            find=lambda world, story: [
                ("story_state_changes", c.sid) for c in world.linking("story_state_changes", "story", story.sid)
            ],
        ),
        "sub_stories": Association(
            "stories",
            "sub_story_ids",
            many=True,
            find=lambda world, story: [("stories", child.sid) for child in _children(world, story)],
        ),
        "assignees": Association(
            "users",
            "assignee_ids",
            many=True,
            find=lambda world, story: [("users", a.links["assignee"]) for a in _assignments(world, story)],
        ),
        "current_assignments": Association(
            "assignments",
            "current_assignment_ids",
            many=True,
            find=lambda world, story: [("assignments", a.sid) for a in _assignments(world, story)],
        ),
        "custom_field_values": Association("custom_field_values", "custom_field_value_ids", many=True),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="Story",
    event="story",
    indexed=("workspace", "parent"),
    orders={name: name for name in ("created_at", "updated_at", "due_date", "start_date", "title", "position")},
    order="position:asc",
    filters={
        "workspace_id": filters.link("workspace"),
        "parent_story_id": filters.link("parent"),
        "parents_only": filters.only_if_true(lambda story: story.links["parent"] is None),
        "archived": filters.is_true("archived"),
        "completed": filters.matches(flag, lambda story: story.data["percentage_complete"] == 100),
        "due_between": filters.between("due_date"),
        "by_status": filters.is_in("state"),
        "story_type": filters.is_in("story_type"),
        "story_types": filters.is_in("story_type"),
        "all_on_account": filters.everything,
        "show_archived": filters.everything,
        "show_deleted": filters.everything,
        "show_from_archived_workspaces": filters.not_archived(),
    },
    defaults={"show_from_archived_workspaces": "false"},
    search=("title", "description"),
    bulk=300,
    prepare=_prepare_story,
    written=_story_written,
    may_delete=_story_deletable,
    deleted=_story_deleted,
    derive=_derive_story,
)

STORY_STATE_CHANGES = Resource(
    "story_state_changes",
    "story_state_change",
    {"state": Field(text), "formatted_state": Field(text)},
    {"story": Association("stories", "story_id"), "user": Association("users", "user_id")},
    indexed=("story",),
    order="created_at:asc",
    filters={"story_id": filters.link("story")},
    verbs=frozenset({"list", "show"}),
)

ASSIGNMENTS = Resource(
    "assignments",
    "assignment",
    {
        "current": Field(flag, default=True),
        "allocated_minutes": Field(whole, default=0),
        "estimated_minutes": Field(whole, default=0),
    },
    {
        "story": Association("stories", "story_id", writable=True, required="Story can't be blank"),
        "assignee": Association("users", "assignee_id", writable=True),
        "resource": Association("workspace_resources", "resource_id", writable=True),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="Assignment",
    event="assignment",
    indexed=("story",),
    filters={
        "story_id": filters.link("story"),
        "assignee_id": filters.link("assignee"),
        "in_unarchived_workspaces": filters.everything,
        "in_unarchived_stories": filters.everything,
    },
)
