"""Tasks of a project (stories): the work breakdown, and milestones with their completion."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from tieline.connectors.kantata.client import Page, Row, named
from tieline.connectors.kantata.reading import moment_of, translated
from tieline.connectors.kantata.records import Account, Kind, ensured
from tieline.model.project import Milestone, WbsElement
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Links, Operation, Payload

TASK = Kind(
    target="wbs_element",
    plural="stories",
    subject_type="Story",
    words="Task",
    create_only=("workspace_id",),
    includes=("parent",),
)
MILESTONE = Kind(
    target="milestone", plural="stories", subject_type="Story", words="Milestone", create_only=("workspace_id",)
)
COMPLETED = frozenset({"completed", "resolved", "fixed"})


def ensure_wbs_element(account: Account) -> Operation[WbsElement]:
    """A phase or task; links `project`, and `parent` for a child."""
    base = account.rendered("wbs_element", "wbs_element")

    def render(element: WbsElement, links: Links) -> Payload:
        return {"story_type": "task" if element.parent_id else "deliverable"} | base(element, links)

    def prepare(payload: Payload, creating: bool) -> Payload:
        body = {name: value for name, value in payload.items() if name != "hours"}
        return body | ({"time_estimate_in_minutes": whole_minutes(payload["hours"])} if "hours" in payload else {})

    def stored(row: Row, page: Page) -> Row:
        return {"story_type": row.get("story_type"), "hours": row.get("time_estimate_in_minutes")}

    return ensured(account, TASK, render=render, prepare=prepare, stored=stored)


def ensure_milestone(account: Account) -> Operation[Milestone]:
    """A milestone task whose budget is its amount. Link `project`.

    Not a billing milestone: that would let somebody invoice in Kantata what is billed elsewhere.
    """
    return ensured(account, MILESTONE)


def read_milestones(account: Account, project_ref: str) -> Sequence[Milestone]:
    """Our milestones of a project as they stand in Kantata."""
    with named(f"Project {project_ref}"):
        project = account.kantata.show("workspaces", project_ref, include="external_references")
    row = project.rows[0]
    subject = account.references.subject_of(row, project, "project")
    if subject is None:
        message = f"the project '{row.get('title')}' does not carry our reference"
        raise Rejected(account.connection, message, kind="unlinked", field="project", key=project_ref, owner="delivery")
    return [
        _milestone(account, page, story, subject, row.get("currency"))
        for page in account.kantata.pages(
            "stories",
            workspace_id=project_ref,
            include="external_references,story_state_changes",
            external_reference_service_name=account.options.service_name,
            external_reference_service_model="milestone",
        )
        for story in page.rows
        if account.references.subject_of(story, page, "milestone")
    ]


def _milestone(account: Account, page: Page, story: Row, project_id: str, currency: object) -> Milestone:
    what = f"Milestone '{story.get('title')}'"
    subject = account.references.subject_of(story, page, "milestone")
    values = translated(account, "milestone", {**story, "currency": currency}, what)
    completed = completed_on(account, page, story)
    return Milestone(**values, id=str(subject), project_id=project_id, completed_on=completed)


def completed_on(account: Account, page: Page, story: Row) -> date | None:
    """The day (UTC) a story was last set to completed.

    From the audit trail of its states; where that shows nothing, from its last change.
    """
    if story.get("state") not in COMPLETED and story.get("percentage_complete") != 100:
        return None
    changes = page.linked(story, "story_state_change_ids", "story_state_changes")
    moments: list[datetime] = [
        moment_of(account.connection, change, "created_at") for change in changes if change.get("state") in COMPLETED
    ]
    latest = max(moments) if moments else moment_of(account.connection, story, "updated_at")
    return latest.astimezone(UTC).date()


def whole_minutes(hours: Decimal | int) -> int:
    """Hours as minutes, rounded half up: Kantata plans in whole minutes."""
    return int((Decimal(hours) * 60).quantize(Decimal(1), ROUND_HALF_UP))
