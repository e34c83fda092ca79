"""People of the account: users, memberships, roles, rates and time off (fact sheet, section 4)."""

from tieline_standins.kantata import filters
from tieline_standins.kantata.fields import Field, anything, day, flag, ident, number, text, whole
from tieline_standins.kantata.resource import Association, Predicate, Resource, Target, owned_by_caller
from tieline_standins.kantata.world import Record, World

_READ = frozenset({"list", "show"})
_WRITE = frozenset({"create", "update", "delete"})
_REFERENCES = Association("external_references", "external_reference_ids", many=True)


def membership_of(world: World, user_id: str) -> Record | None:
    return next(iter(world.linking("account_memberships", "user", user_id)), None)


def bill_rate(world: World, user_id: str, role_id: str | None) -> int | None:
    """Cents an hour: the rate of the person's membership, else of the role on the default rate card."""
    membership = membership_of(world, user_id)
    if membership and membership.data["bill_rate_in_cents"] is not None:
        return int(membership.data["bill_rate_in_cents"])
    return next((r.data["rate_in_cents"] for r in world.all("rate_card_roles") if r.links["role"] == role_id), None)


def cost_rate(world: World, user_id: str, on: str) -> int | None:
    """Cents an hour on a day: the newest cost rate that has started."""
    membership = membership_of(world, user_id)
    if membership is None:
        return None
    rates = world.linking("cost_rates", "account_membership", membership.sid)
    started = [r for r in rates if (r.data["start_date"] or "") <= on]
    newest = max(started, key=lambda r: (r.data["start_date"] or "", r.id), default=None)
    return newest.data["rate_in_cents"] if newest else None


def _account_membership(world: World, user: Record) -> list[Target]:
    membership = membership_of(world, user.sid)
    return [("account_memberships", membership.sid)] if membership else []


def _participant_in(world: World, value: str) -> Predicate:
    workspace_id = ident(value)
    joined = {member.links["user"] for member in world.linking("participations", "workspace", workspace_id)}
    return lambda user: user.sid in joined


def _by_email(_world: World, value: str) -> Predicate:
    wanted = value.strip().lower()
    return lambda user: (user.data["email_address"] or "").lower() == wanted


USERS = Resource(
    "users",
    "user",
    {
        "full_name": Field(text),
        "email_address": Field(text, writable=False),
        "headline": Field(text),
        "photo_path": Field(text, writable=False),
        "account_id": Field(whole, default=1, writable=False),
        "classification": Field(text, on_request=True),
        "city": Field(text, on_request=True),
        "state": Field(text, on_request=True),
        "country": Field(text, on_request=True),
        "website": Field(text, on_request=True),
        "bio": Field(text, on_request=True),
    },
    {
        "role": Association("roles", "role_id"),
        "manager": Association("users", "manager_id"),
        "account_membership": Association("account_memberships", "account_membership_id", find=_account_membership),
        "custom_field_values": Association("custom_field_values", "custom_field_value_ids", many=True),
        "external_references": _REFERENCES,
    },
    subject="User",
    event="user",
    orders={name: name for name in ("created_at", "updated_at", "full_name")},
    order="full_name:asc",
    filters={
        "on_my_account": filters.everything,
        "participant_in": _participant_in,
        "by_email_address": _by_email,
        "account_id": filters.everything,
    },
    search=("full_name", "email_address"),
    verbs=_READ | {"update"},
)

ACCOUNT_MEMBERSHIPS = Resource(
    "account_memberships",
    "account_membership",
    {
        "account_id": Field(whole, default=1, writable=False),
        "full_name": Field(text, writable=False),
        "email_address": Field(text, writable=False),
        "title": Field(text),
        "permission": Field(text, default="Project Creator"),
        "billability_target": Field(number),
        "billable_utilization_target": Field(number),
        "bill_rate_in_cents": Field(whole, on_request=True),
        "cost_rate_in_cents": Field(whole, cost=True, writable=False),
        "disabled_at": Field(text, writable=False),
        "is_owner": Field(flag, default=False, writable=False),
    },
    {
        "user": Association("users", "user_id"),
        "default_role": Association("roles", "default_role_id", writable=True),
        "manager": Association("users", "manager_id", writable=True),
        "cost_rates": Association(
            "cost_rates",
            "cost_rate_ids",
            many=True,
            find=lambda world, membership: [
                ("cost_rates", rate.sid) for rate in world.linking("cost_rates", "account_membership", membership.sid)
            ],
        ),
    },
    subject="AccountMembership",
    filters={"user_id": filters.link("user"), "user_ids": filters.link_in("user")},
    indexed=("user",),
    verbs=_READ | {"update"},
    admin=_READ | {"update"},
)

COST_RATES = Resource(
    "cost_rates",
    "cost_rate",
    {
        "rate_in_cents": Field(whole, required="Rate in cents can't be blank"),
        "currency": Field(text, default="USD"),
        "start_date": Field(day),
        "end_date": Field(day),
    },
    {
        "account_membership": Association(
            "account_memberships", "account_membership_id", writable=True, required="Account membership can't be blank"
        )
    },
    subject="CostRate",
    event="cost_rate",
    filters={"account_membership_id": filters.link("account_membership")},
    indexed=("account_membership",),
    admin=_READ | _WRITE,
)

ROLES = Resource(
    "roles",
    "role",
    {"name": Field(text, required="Name can't be blank"), "deleted_at": Field(text, writable=False)},
    {"external_references": _REFERENCES},
    subject="Role",
    event="role",
    orders={name: name for name in ("created_at", "updated_at", "name")},
    order="name:asc",
    search=("name",),
    admin=_WRITE,
)

RATE_CARDS = Resource(
    "rate_cards",
    "rate_card",
    {
        "title": Field(text),
        "currency": Field(text),
        "default": Field(flag, default=False),
        "active": Field(flag, default=True),
    },
    {
        "rate_card_versions": Association(
            "rate_card_versions",
            "rate_card_version_ids",
            many=True,
            find=lambda world, card: [
                ("rate_card_versions", v.sid)
                for v in world.all("rate_card_versions")
                if v.links["rate_card"] == card.sid
            ],
        ),
        "external_references": _REFERENCES,
    },
    subject="RateCard",
    verbs=_READ,
)

RATE_CARD_VERSIONS = Resource(
    "rate_card_versions",
    "rate_card_version",
    {"effective_date": Field(day), "currency": Field(text)},
    {
        "rate_card": Association("rate_cards", "rate_card_id"),
        "rate_card_roles": Association(
            "rate_card_roles",
            "rate_card_role_ids",
            many=True,
            find=lambda world, version: [
                ("rate_card_roles", r.sid)
                for r in world.all("rate_card_roles")
                if r.links["rate_card_version"] == version.sid
            ],
        ),
    },
    filters={"rate_card_id": filters.link("rate_card")},
    verbs=_READ,
)

RATE_CARD_ROLES = Resource(
    "rate_card_roles",
    "rate_card_role",
    {"rate_in_cents": Field(whole)},
    {
        "rate_card_version": Association("rate_card_versions", "rate_card_version_id"),
        "role": Association("roles", "role_id"),
    },
    filters={"rate_card_version_id": filters.link("rate_card_version"), "role_id": filters.link("role")},
    verbs=_READ,
)

TIME_OFF_ENTRIES = Resource(
    "time_off_entries",
    "time_off_entry",
    {
        "requested_date": Field(day, required="Requested date can't be blank"),
        "hours": Field(number, required="Hours can't be blank"),
        "notes": Field(anything),
    },
    {
        "user": Association("users", "user_id", writable=True),
        "external_references": _REFERENCES,
    },
    subject="TimeOffEntry",
    event="time_off_entry",
    orders={name: name for name in ("created_at", "updated_at", "requested_date")},
    order="requested_date:desc",
    filters={
        "start_date": filters.after("requested_date", inclusive=True),
        "end_date": lambda _world, value: lambda entry: entry.data["requested_date"] <= value,
        "user_id": filters.link("user"),
        "user_ids": filters.link_in("user"),
    },
    prepare=owned_by_caller("user"),
    bulk=100,
)
