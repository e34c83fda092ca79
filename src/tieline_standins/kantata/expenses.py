"""Expenses and their categories (fact sheet, section 4)."""

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import invalid
from tieline_standins.kantata.fields import Field, anything, day, flag, text, whole
from tieline_standins.kantata.money import SYMBOLS
from tieline_standins.kantata.resource import Association, Change, Predicate, Resource, Session
from tieline_standins.kantata.world import Record, World


def _prepare(world: World, change: Change) -> None:
    record = change.record
    if record and record.data["is_invoiced"] and {"amount_in_cents", "date", "billable"} & change.raw.keys():
        raise invalid("base", "This expense cannot be changed because it has been invoiced")
    if change.link("story") and change.raw.get("expense_budget_id"):
        raise invalid("story_id", "Story cannot be combined with an expense budget")
    workspace = world.linked_id("workspaces", change.link("workspace"))
    assert workspace is not None
    story = world.linked_id("stories", change.link("story"))
    if story and story.links["workspace"] != workspace.sid:
        raise invalid("story_id", "Story must be in the same project")
    if change.creating:
        if not change.session.admin or not change.links.get("user"):
            change.links["user"] = change.session.user_id
        currency = workspace.data["currency"]
        change.data |= {"currency": currency, "currency_symbol": SYMBOLS.get(currency, currency)}


def _deletable(_world: World, record: Record, _session: Session) -> None:
    if record.data["is_invoiced"]:
        raise invalid("base", f"Expense {record.sid} cannot be deleted because it has been invoiced")


def _deleted(world: World, record: Record, _session: Session) -> None:
    submission = world.linked("expense_report_submissions", record, "recent_submission")
    if submission and record.sid in submission.links["expenses"]:
        submission.links["expenses"].remove(record.sid)
        world.refresh(submission)


def _weigh(world: World, record: Record, sign: int) -> None:
    for plural, name in (("workspaces", "workspace"), ("stories", "story")):
        if record.links[name]:
            world.totals[plural, record.links[name]].expense_cents += sign * record.data["amount_in_cents"]


def amount(data: dict[str, Json]) -> int:
    """Billable amount in cents."""
    return int(data["amount_in_cents"]) if data["billable"] else 0


def _approved(world: World, _value: str) -> Predicate:
    def accepts(record: Record) -> bool:
        workspace = world.linked("workspaces", record, "workspace")
        return record.data["approved"] or (workspace is not None and not workspace.data["require_expense_approvals"])

    return accepts


EXPENSES = Resource(
    "expenses",
    "expense",
    {
        "date": Field(day, required="Date can't be blank"),
        "category": Field(text, required="Category can't be blank"),
        "amount_in_cents": Field(whole, required="Amount in cents can't be blank"),
        "foreign_exchange_amount": Field(anything),
        "notes": Field(text),
        "billable": Field(flag, default=True),
        "reimbursable": Field(flag, default=False),
        "fixed_fee": Field(flag, default=False),
        "currency": Field(text, writable=False),
        "currency_symbol": Field(text, writable=False),
        "currency_base_unit": Field(whole, default=100, writable=False),
        "approved": Field(flag, default=False, writable=False),
        "is_invoiced": Field(flag, default=False, writable=False),
        "taxable": Field(flag, default=False),
    },
    {
        "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
        "expense_category": Association(
            "expense_categories", "expense_category_id", writable=True, required="Expense category can't be blank"
        ),
        "user": Association("users", "user_id", writable=True),
        "story": Association("stories", "story_id", writable=True),
        "role": Association("roles", "role_id", writable=True),
        "invoice": Association("invoices", "invoice_id"),
        "active_submission": Association("expense_report_submissions", "active_submission_id"),
        "recent_submission": Association("expense_report_submissions", "recent_submission_id"),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="Expense",
    event="expense",
    indexed=("workspace",),
    orders={name: name for name in ("created_at", "date", "updated_at")},
    order="date:desc",
    filters={
        "approved": _approved,
        "invoiced": filters.present(lambda record: bool(record.data["is_invoiced"])),
        "uninvoiced": filters.present(lambda record: not record.data["is_invoiced"]),
        "billable": filters.is_true("billable"),
        "reimbursable": filters.is_true("reimbursable"),
        "workspace_id": filters.link("workspace"),
        "workspace_ids": filters.link_in("workspace"),
        "with_user_ids": filters.link_in("user"),
        "with_expense_report_id": filters.link("active_submission"),
        "with_recent_expense_report_ids": filters.link_in("recent_submission"),
        "date_between": filters.between("date"),
        "from_archived_workspaces": filters.not_archived(),
    },
    defaults={"from_archived_workspaces": "false"},
    bulk=100,
    bulk_delete=100,
    prepare=_prepare,
    may_delete=_deletable,
    deleted=_deleted,
    weigh=_weigh,
)

EXPENSE_CATEGORIES = Resource(
    "expense_categories",
    "expense_category",
    {"name": Field(text, required="Name can't be blank"), "billable": Field(flag, default=True)},
    orders={name: name for name in ("created_at", "updated_at", "name")},
    order="name:asc",
    admin=frozenset({"create", "update", "delete"}),
)
