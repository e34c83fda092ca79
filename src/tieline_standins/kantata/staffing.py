"""Staffing: resources of projects, their allocations, and requests for people (fact sheet, section 4)."""

from datetime import date, timedelta

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.collaboration import join
from tieline_standins.kantata.errors import invalid, not_found
from tieline_standins.kantata.fields import Field, anything, day, flag, idents, text, whole
from tieline_standins.kantata.resource import Association, Change, MakeFilter, Predicate, Resource, Session
from tieline_standins.kantata.world import Record, World

_REFERENCES = Association("external_references", "external_reference_ids", many=True)
_MINUTES_A_DAY = 8 * 60
_RESOLUTIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}


def _prepare_resource(world: World, change: Change) -> None:
    if not change.link("user") and not change.link("role"):
        raise invalid("role_id", "Role can't be blank for an unnamed resource")
    user, role = world.linked_id("users", change.link("user")), world.linked_id("roles", change.link("role"))
    if change.creating and user and not role:
        change.links["role"] = user.links["role"]
    named = user or role
    change.data["full_name"] = named.data["full_name"] if user and named else role.data["name"] if role else None
    change.data["user_is_deleted"] = False


def _resource_written(world: World, change: Change) -> None:
    resource = change.record
    assert resource is not None
    if resource.links["user"]:
        participation = join(world, resource.links["workspace"], resource.links["user"])
        resource.links["participation"] = participation.sid
        world.refresh(resource)


def _resource_deleted(world: World, resource: Record, session: Session) -> None:
    for plural, name in (("workspace_allocations", "workspace_resource"), ("resource_requests", "resource")):
        for record in world.linking(plural, name, resource.sid):
            world.remove(record, session.user_id)


WORKSPACE_RESOURCES = Resource(
    "workspace_resources",
    "workspace_resource",
    {
        "full_name": Field(text, writable=False),
        "label": Field(text),
        "user_is_deleted": Field(flag, default=False, writable=False),
        "resource_bill_rate": Field(anything, on_request=True),
        "resource_cost_rate": Field(anything, on_request=True, cost=True),
        "allocated_minutes": Field(whole, default=0, writable=False),
    },
    {
        "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
        "user": Association("users", "user_id", writable=True),
        "role": Association("roles", "role_id", writable=True),
        "participation": Association("participations", "participation_id"),
        "custom_field_values": Association("custom_field_values", "custom_field_value_ids", many=True),
        "external_references": _REFERENCES,
    },
    subject="WorkspaceResource",
    event="workspace_resource",
    indexed=("workspace",),
    filters={
        "workspace_id": filters.link("workspace"),
        "workspace_ids": filters.link_in("workspace"),
        "user_id": filters.link("user"),
        "role_id": filters.link("role"),
    },
    bulk=200,
    prepare=_prepare_resource,
    written=_resource_written,
    deleted=_resource_deleted,
)


def _prepare_allocation(world: World, change: Change) -> None:
    if change.creating:
        resource = world.linked_id("workspace_resources", change.links["workspace_resource"])
        assert resource is not None
        change.links |= {"workspace": resource.links["workspace"], "creator": change.session.user_id}
    change.links["updater"] = change.session.user_id
    if change.value("end_date") < change.value("start_date"):
        raise invalid("end_date", "End date must be on or after the start date")
    if change.value("minutes") < 0:
        raise invalid("minutes", "Minutes must be greater than or equal to 0")


def split(world: World, allocation: Record, on: str, session: Session) -> Record:
    """Cut an allocation in two at a date; the minutes are divided by calendar days. Raises ApiError."""
    start, end = allocation.data["start_date"], allocation.data["end_date"]
    if not start < on <= end:
        raise invalid("split_date", "Split date must be within the allocation")
    first, cut, last = (date.fromisoformat(text) for text in (start, on, end))
    kept = allocation.data["minutes"] * (cut - first).days // ((last - first).days + 1)
    rest = {name: allocation.data[name] for name in ("hard", "notes", "end_date")}
    rest |= {"start_date": on, "minutes": allocation.data["minutes"] - kept}
    world.edit(allocation, {"end_date": (cut - timedelta(days=1)).isoformat(), "minutes": kept})
    links = {name: allocation.links[name] for name in ("workspace", "workspace_resource", "creator", "updater")}
    return world.insert("workspace_allocations", rest, links, session.user_id)


def _overlaps(side: str) -> MakeFilter:
    if side == "start":
        return lambda _world, value: lambda record: record.data["end_date"] >= value
    return lambda _world, value: lambda record: record.data["start_date"] <= value


WORKSPACE_ALLOCATIONS = Resource(
    "workspace_allocations",
    "workspace_allocation",
    {
        "start_date": Field(day, required="Start date can't be blank"),
        "end_date": Field(day, required="End date can't be blank"),
        "minutes": Field(whole, required="Minutes can't be blank"),
        "hard": Field(flag, default=False),
        "notes": Field(text),
    },
    {
        "workspace": Association("workspaces", "workspace_id"),
        "workspace_resource": Association(
            "workspace_resources", "resource_id", writable=True, required="Resource can't be blank"
        ),
        "creator": Association("users", "creator_id"),
        "updater": Association("users", "updater_id"),
        "external_references": _REFERENCES,
    },
    subject="WorkspaceAllocation",
    event="workspace_allocation",
    indexed=("workspace", "workspace_resource"),
    orders={name: name for name in ("created_at", "updated_at", "start_date")},
    order="start_date:asc",
    filters={
        "workspace_id": filters.link("workspace"),
        "workspace_ids": filters.link_in("workspace"),
        "workspace_resource_ids": filters.link_in("workspace_resource"),
        "date_start": _overlaps("start"),
        "date_end": _overlaps("end"),
    },
    prepare=_prepare_allocation,
)


def _prepare_request(world: World, change: Change) -> None:
    """Checks only; the unnamed resource of a new request is made when the request is written."""
    try:
        wanted = idents(change.raw.get("approver_ids") or change.link("approvers"))
    except ValueError as error:
        raise invalid("approver_ids", f"Approvers {error}") from error
    if not wanted:
        raise invalid("approver_ids", "Approvers can't be blank")
    if not change.creating:
        _resolve(world, change)
        return
    change.links["creator"] = change.session.user_id
    raw = change.raw
    if not change.links.get("resource"):
        if world.linked_id("workspaces", raw.get("resource_workspace_id")) is None:
            raise invalid("resource_workspace_id", "Resource workspace is invalid")
        if world.linked_id("roles", raw.get("resource_role_id")) is None:
            raise invalid("resource_role_id", "Resource role is invalid")
    try:
        _allocation_of(raw)
    except ValueError as error:
        raise invalid("workspace_allocation_start_date", f"Workspace allocation {error}") from error


def _resolve(world: World, change: Change) -> None:
    """PUT takes only a resolution; approving names the person who fills the resource (contract, Resource Requests)."""
    wanted = change.raw.get("request_resolution_status")
    if wanted not in _RESOLUTIONS:
        raise invalid("request_resolution_status", "Request resolution status is not included in the list")
    if change.value("status") != "new":
        raise invalid("request_resolution_status", f"A request that is {change.value('status')} cannot be resolved")
    if wanted == "approve" and world.linked_id("users", change.raw.get("user_id")) is None:
        raise invalid("user_id", "User is invalid")
    change.data["status"] = _RESOLUTIONS[wanted]


def _staff(world: World, request: Record, user: str, *, hard: bool) -> None:
    """Name the resource of an approved request and confirm its allocations."""
    resource = world.linked("workspace_resources", request, "resource")
    if resource is None:
        return
    found = world.get("users", user)
    world.edit(resource, {"full_name": found.data["full_name"] if found else None}, {"user": user})
    join(world, resource.links["workspace"], user)
    for allocation in world.linking("workspace_allocations", "workspace_resource", resource.sid):
        world.edit(allocation, {"hard": hard})


def _allocation_of(raw: dict[str, Json]) -> dict[str, Json] | None:
    """The allocation a request asks for: a share of eight hours on each weekday. Raises ValueError."""
    start, end = raw.get("workspace_allocation_start_date"), raw.get("workspace_allocation_end_date")
    if not start or not end:
        return None
    first, last = date.fromisoformat(day(start)), date.fromisoformat(day(end))
    share = whole(raw.get("workspace_allocation_percentage") or 100)
    if last < first or (last - first).days > 3660 or not 0 <= share <= 1000:
        raise ValueError("is not a period with a percentage")
    days = sum((first + timedelta(days=n)).weekday() < 5 for n in range((last - first).days + 1))
    minutes = days * _MINUTES_A_DAY * share // 100
    return {"start_date": first.isoformat(), "end_date": last.isoformat(), "minutes": minutes}


def _request_written(world: World, change: Change) -> None:
    request, raw, user_id = change.record, change.raw, change.session.user_id
    assert request is not None
    if "creator" not in change.links:
        if change.data.get("status") == "approved":
            _staff(world, request, str(raw["user_id"]), hard=raw.get("allocations_state") is not False)
        return
    if not request.links["resource"]:
        role = world.get("roles", raw["resource_role_id"])
        links = {"workspace": str(raw["resource_workspace_id"]), "role": str(raw["resource_role_id"])}
        name = role.data["name"] if role else None
        resource = world.insert("workspace_resources", {"full_name": name}, links, user_id)
        world.edit(request, {}, {"resource": resource.sid}, moves=False)
    resource_record = world.linked("workspace_resources", request, "resource")
    allocation = _allocation_of(raw)
    if allocation and resource_record:
        links = {"workspace_resource": resource_record.sid, "workspace": resource_record.links["workspace"]}
        world.insert("workspace_allocations", allocation, links | {"creator": user_id, "updater": user_id}, user_id)


def _pending(world: World, value: str) -> Predicate:
    """A request is pending until it is resolved, or somebody fills its resource."""

    def accepts(request: Record) -> bool:
        resource = world.linked("workspace_resources", request, "resource")
        return request.data["status"] == "new" and (resource is None or not resource.links["user"])

    return accepts if flag(value) else lambda _request: True


RESOURCE_REQUESTS = Resource(
    "resource_requests",
    "resource_request",
    {"status": Field(text, default="new", writable=False)},
    {
        "approvers": Association(
            "users", "approver_ids", many=True, writable=True, required="Approvers can't be blank"
        ),
        "creator": Association("users", "creator_id"),
        "resource": Association("workspace_resources", "resource_id", writable=True),
    },
    indexed=("resource",),
    filters={"pending_requests_only": _pending, "requests_for_approver": filters.has_link("approvers")},
    prepare=_prepare_request,
    written=_request_written,
)


def allocation(world: World, sid: str | None) -> Record:
    """The allocation an action names. Raises ApiError."""
    found = world.linked_id("workspace_allocations", sid)
    if found is None:
        raise not_found()
    return found
