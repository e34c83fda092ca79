"""Who takes part in projects and what they say there: groups, participations, posts (fact sheet, section 4)."""

from tieline_standins.kantata import filters
from tieline_standins.kantata.fields import Field, flag, one_of, text, whole
from tieline_standins.kantata.resource import Association, Resource, owned_by_caller
from tieline_standins.kantata.world import Record, World

ACCESS: tuple[str, ...] = ("edit_tasks", "view_tasks", "edit_time_and_expenses", "view_time_and_expenses")
ACCESS += ("edit_financials", "view_financials", "admin")


def join(world: World, workspace_id: str, user_id: str, access: str | None = None) -> Record:
    """The participation of a user in a project, made when missing."""
    for existing in world.linking("participations", "workspace", workspace_id):
        if existing.links["user"] == user_id:
            return existing
    data = {"access": access or "edit_time_and_expenses", "role": "maven"}
    return world.insert("participations", data, {"workspace": workspace_id, "user": user_id})


WORKSPACE_GROUPS = Resource(
    "workspace_groups",
    "workspace_group",
    {
        "name": Field(text, required="Name can't be blank"),
        "company": Field(flag, default=False),
        "contact_name": Field(text),
        "email": Field(text),
        "phone_number": Field(text),
        "website": Field(text),
        "address": Field(text),
        "notes": Field(text),
    },
    {
        "workspaces": Association(
            "workspaces",
            "workspace_ids",
            many=True,
            find=lambda world, group: [
                ("workspaces", w.sid) for w in world.all("workspaces") if group.sid in w.links["workspace_groups"]
            ],
        ),
        "custom_field_values": Association("custom_field_values", "custom_field_value_ids", many=True),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="WorkspaceGroup",
    event="workspace_group",
    orders={name: name for name in ("created_at", "updated_at", "name")},
    order="name:asc",
    filters={"company": filters.is_true("company")},
    search=("name",),
    admin=frozenset({"create", "update", "delete"}),
)

PARTICIPATIONS = Resource(
    "participations",
    "participation",
    {
        "access": Field(one_of(*ACCESS), default="edit_time_and_expenses"),
        "role": Field(one_of("maven", "buyer"), default="maven"),
        "is_team_lead": Field(flag, default=False),
    },
    {
        "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
        "user": Association("users", "user_id", writable=True, required="User can't be blank"),
        "primary_role": Association("roles", "primary_role_id", writable=True),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="Participation",
    event="participation",
    indexed=("workspace", "user"),
    filters={"workspace_id": filters.link("workspace"), "user_id": filters.link("user")},
    bulk=100,
)

POSTS = Resource(
    "posts",
    "post",
    {
        "message": Field(text, required="Message can't be blank"),
        "subject_type": Field(text),
        "subject_id": Field(whole),
    },
    {
        "workspace": Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank"),
        "user": Association("users", "user_id"),
        "story": Association("stories", "story_id", writable=True),
        "recipients": Association("users", "recipient_ids", many=True, writable=True),
        "external_references": Association("external_references", "external_reference_ids", many=True),
    },
    subject="Post",
    event="post",
    indexed=("workspace",),
    filters={"workspace_id": filters.link("workspace"), "from_archived_workspaces": filters.not_archived()},
    defaults={"from_archived_workspaces": "false"},
    prepare=owned_by_caller("user"),
    bulk=100,
)
