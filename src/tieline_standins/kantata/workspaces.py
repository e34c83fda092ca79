"""Projects, called workspaces in the API (fact sheet, section 4)."""

from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.collaboration import ACCESS, join
from tieline_standins.kantata.errors import forbidden, invalid
from tieline_standins.kantata.fields import Field, anything, day, flag, ident, number, one_of, short_text, text, whole
from tieline_standins.kantata.money import SYMBOLS, formatted
from tieline_standins.kantata.resource import (
    Association,
    Change,
    Predicate,
    Resource,
    Session,
    Target,
)
from tieline_standins.kantata.world import Record, World


def of_workspace(plural: str, *, named: bool | None = None) -> Association:
    """The records of another resource that belong to a workspace; `named` picks resources with or without a user."""

    def find(world: World, workspace: Record) -> list[Target]:
        return [
            (plural, record.sid)
            for record in world.linking(plural, "workspace", workspace.sid)
            if not named or record.links["user"]
        ]

    field = f"{plural.removesuffix('s')}_ids" if named is not False else f"{plural}_with_unnamed_ids"
    return Association(plural, field, many=True, find=find)


def _participants(world: World, workspace: Record) -> list[Target]:
    members = world.linking("participations", "workspace", workspace.sid)
    return [("users", member.links["user"]) for member in members]


def _prepare_workspace(world: World, change: Change) -> None:
    raw, data = change.raw, change.data
    if change.creating:
        _prepare_new(world, change)
    _price(change)
    data["currency_symbol"] = SYMBOLS.get(change.value("currency"), change.value("currency"))
    if "status_key" in raw:
        data["status"] = _status(world, raw["status_key"])
    if (start := change.value("start_date")) and (due := change.value("due_date")) and due < start:
        raise invalid("due_date", "Due date must be after the start date")
    groups = change.links.get("workspace_groups")
    if change.links.get("primary_workspace_group") and groups is None:
        change.links["workspace_groups"] = [change.links["primary_workspace_group"]]
    elif groups and not change.link("primary_workspace_group"):
        change.links["primary_workspace_group"] = groups[0]
    if "approver_id" in raw:
        change.links["approvers"] = [change.links["approver"]] if change.links.get("approver") else []


def _prepare_new(world: World, change: Change) -> None:
    raw, data = change.raw, change.data
    data["currency"] = data.get("currency") or "USD"
    if card := world.linked_id("rate_cards", raw.get("rate_card_id")):
        data["currency"] = card.data["currency"]  # sheet: currency is ignored when rate_card_id is given
    role = raw.get("creator_role", "maven")
    if role not in ("maven", "consultant", "buyer", "client"):
        raise invalid("creator_role", "Please select a role for this project")
    change.links["creator"] = change.session.user_id
    if role in ("maven", "consultant"):
        change.links.setdefault("primary_maven", change.session.user_id)
    data["status"] = _status(world, next(iter(world.settings.workspace_statuses)))
    _check_participations(world, raw.get("participations"))


def _price(change: Change) -> None:
    """`price` is given in main units or `price_in_cents` in cents, and answered as a text and in cents."""
    data = change.data
    if data.get("price") is not None:
        data["price_in_cents"] = int(Decimal(data["price"]) * 100)
    cents = change.value("price_in_cents")
    if cents is None and change.value("budgeted"):
        raise invalid("price", "Price can't be blank when the project is budgeted")
    if cents is not None:
        data["price_in_cents"], data["price"] = cents, formatted(cents, change.value("currency"))


def _status(world: World, key: Json) -> Json:
    found = world.settings.workspace_statuses.get(str(key))
    if found is None:
        raise invalid("status_key", "Status key is not included in the list")
    return {"color": found[0], "key": int(key), "message": found[1]}


def _check_participations(world: World, given: Json) -> None:
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise invalid("participations", "Participations must be a list of objects")
    for entry in given:
        if world.get("users", entry.get("user_id")) is None:
            raise invalid("participations", "Participations name a user that does not exist")
        if entry.get("access") not in (None, *ACCESS):
            raise invalid("participations", "Participations name an unknown access")


def _workspace_written(world: World, change: Change) -> None:
    workspace = change.record
    assert workspace is not None
    if "creator" in change.links:
        given = change.raw.get("participations") or []
        access = {change.session.user_id: "admin"} | {str(entry["user_id"]): entry.get("access") for entry in given}
        for user_id, level in access.items():
            join(world, workspace.sid, user_id, level)
    # Filters on time and expenses look at these flags of their project, so their kept views are out of date.
    if change.data.keys() & {"archived", "require_time_approvals", "require_expense_approvals"}:
        for plural in ("time_entries", "expenses", "stories"):
            world.tables[plural].views.clear()


def _workspace_deletable(world: World, workspace: Record, session: Session) -> None:
    if not session.admin and workspace.links["creator"] != session.user_id:
        raise forbidden()
    if any(entry.data["is_invoiced"] for entry in world.linking("time_entries", "workspace", workspace.sid)):
        raise invalid("base", "This project cannot be deleted because it has invoiced time")


def _workspace_deleted(world: World, workspace: Record, session: Session) -> None:
    for table in world.tables.values():
        for record in world.linking(table.resource.plural, "workspace", workspace.sid):
            world.remove(record, session.user_id)


def _derive_workspace(world: World, workspace: Record, shown: dict[str, Json]) -> None:
    totals = world.totals["workspaces", workspace.sid]
    price, currency = workspace.data["price_in_cents"] or 0, workspace.data["currency"]
    used = totals.billable_cents + totals.expense_cents
    shown["budget_used"], shown["budget_used_in_cents"] = formatted(used, currency), used
    shown["budget_remaining"] = formatted(price - used, currency)
    shown["percent_of_budget_used"] = used * 100 // price if price else 0
    shown["over_budget"] = bool(price) and used > price
    shown["total_expenses_in_cents"] = totals.expense_cents
    computed = {
        "minutes_logged": totals.billable_minutes + totals.other_minutes,
        "billable_minutes": totals.billable_minutes,
        "non_billable_minutes": totals.other_minutes,
        "total_minutes_approved": totals.approved_minutes,
    }
    shown.update({name: value for name, value in computed.items() if name in shown})
    if "total_invoiced" in shown:
        invoices = (i for i in world.all("invoices") if workspace.sid in i.links["workspaces"])
        shown["total_invoiced"] = formatted(
            sum(i.data["total_in_cents"] for i in invoices if i.data["status"] != "cancelled" and not i.data["draft"]),
            currency,
        )


def _archived(_world: World, value: str) -> Predicate:
    if value not in ("only", "exclude", "include"):
        raise ValueError("must be only, exclude or include")
    return lambda workspace: value == "include" or workspace.data["archived"] is (value == "only")


def _has_participant(world: World, value: str) -> Predicate:
    user_id = ident(value)
    joined = {member.links["workspace"] for member in world.linking("participations", "user", user_id)}
    return lambda workspace: workspace.sid in joined


_DERIVED = Field(anything, writable=False)
_ON_REQUEST = Field(whole, default=0, writable=False, on_request=True)
_OFF = Field(flag, default=False)

WORKSPACES = Resource(
    "workspaces",
    "workspace",
    {
        "title": Field(text, required="Please give your project a title"),
        "description": Field(text),
        "account_id": Field(whole, default=1, writable=False),
        "start_date": Field(day),
        "due_date": Field(day),
        "effective_due_date": Field(day, writable=False),
        "archived": _OFF,
        "access_level": Field(one_of("invitation", "open", "admin", "admins"), default="invitation"),
        "budgeted": _OFF,
        "price": Field(number),
        "price_in_cents": Field(whole),
        "budget_used": _DERIVED,
        "budget_used_in_cents": _DERIVED,
        "budget_remaining": _DERIVED,
        "percent_of_budget_used": _DERIVED,
        "over_budget": _DERIVED,
        "total_expenses_in_cents": _DERIVED,
        "total_invoiced": Field(anything, writable=False, on_request=True),
        "currency": Field(short_text(3), create_only=True),
        "currency_symbol": _DERIVED,
        "currency_base_unit": Field(whole, default=100, writable=False),
        "rate_card_id": Field(whole),
        "default_rate": Field(text),
        "target_margin": Field(number),
        "percentage_complete": Field(whole, default=0, writable=False),
        "change_orders_enabled": _OFF,
        "consultant_role_name": Field(text, default="Consultants"),
        "client_role_name": Field(text, default="Clients"),
        "status": _DERIVED,
        "stage": Field(one_of("estimate", "project"), default="project", on_request=True),
        "require_time_approvals": _OFF,
        "require_expense_approvals": _OFF,
        "require_notes_on_time_entries": _OFF,
        "tasks_default_non_billable": _OFF,
        "stories_are_fixed_fee_by_default": _OFF,
        "time_trackable": Field(flag, default=True),
        "task_status_set_id": Field(whole),
        "revenue_recognition_method_id": Field(text, on_request=True),
        "revenue_recognition_method_name": Field(text, default="Time & Materials", writable=False),
        "workspace_invoice_preference_id": Field(whole, writable=False),
        "invoice_preference": Field(anything, on_request=True),
        "estimated_minutes": _ON_REQUEST,
        "billable_minutes": _ON_REQUEST,
        "non_billable_minutes": _ON_REQUEST,
        "minutes_logged": _ON_REQUEST,
        "total_minutes_approved": _ON_REQUEST,
        "lock_date": Field(day, on_request=True),
    },
    {
        "creator": Association("users", "creator_id"),
        "approver": Association("users", "approver_id", writable=True),
        "approvers": Association("users", "approver_ids", many=True),
        "primary_maven": Association("users", "primary_maven_id", writable=True),
        "primary_counterpart": Association("users", "primary_counterpart_id", writable=True),
        "participants": Association("users", "participant_ids", many=True, find=_participants),
        "participations": of_workspace("participations"),
        "workspace_groups": Association("workspace_groups", "workspace_group_ids", many=True, writable=True),
        "primary_workspace_group": Association("workspace_groups", "primary_workspace_group_id", writable=True),
        "custom_field_values": Association("custom_field_values", "custom_field_value_ids", many=True),
        "external_references": Association("external_references", "external_reference_ids", many=True),
        "billing_milestones": of_workspace("billing_milestones"),
        "workspace_resources": of_workspace("workspace_resources", named=True),
        "workspace_resources_with_unnamed": of_workspace("workspace_resources", named=False),
        "timesheet_submissions": of_workspace("timesheet_submissions"),
    },
    subject="Workspace",
    event="workspace",
    orders={name: name for name in ("created_at", "updated_at", "due_date", "start_date", "title")},
    order="updated_at:desc",
    filters={
        "archived": _archived,
        "include_archived": filters.everything,
        "has_participant": _has_participant,
        "creator": filters.link("creator"),
        "except": lambda _world, value: lambda record: record.sid not in value.split(","),
        "due_date_after": filters.after("due_date"),
        "due_date_before": filters.before("due_date"),
        "workspace_groups": filters.has_link("workspace_groups"),
    },
    defaults={"archived": "exclude"},
    search=("title", "description"),
    prepare=_prepare_workspace,
    written=_workspace_written,
    may_delete=_workspace_deletable,
    deleted=_workspace_deleted,
    derive=_derive_workspace,
)
