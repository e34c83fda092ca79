"""The project in NetSuite (record type job) and its tasks."""

from collections.abc import Sequence

from tieline.connectors.netsuite.records import Kind, Site, rendered, upsert
from tieline.model.project import Project, WbsElement
from tieline.sdk.operation import Found, Links, Operation, Payload

PROJECT = Kind(
    target="project",
    record_type="job",
    words="Project",
    label="entityId",
    closed={"entityStatus": {"id": "1"}},  # Closed
    opened={"entityStatus": {"id": "2"}},  # In Progress
)
TASK = Kind(
    target="wbs_element",
    record_type="projectTask",
    words="Task",
    label="title",
    made=("startDateTime",),
    closed={"status": {"id": "COMPLETE"}},
)

CANDIDATES = "select id, entityid, companyname from job where parent = ? and companyname = ? order by id"


def ensure_project(site: Site) -> Operation[Project]:
    """The project under its customer; link `customer`."""

    def candidates(payload: Payload) -> Sequence[Found]:
        rows = site.client.rows(CANDIDATES, (payload["parent"]["id"], payload["companyName"]))
        return [
            Found(str(row.get("id")), f"{row.get('entityid')} {row.get('companyname', '')}".strip()) for row in rows
        ]

    return upsert(site, PROJECT, candidates=candidates)


def ensure_wbs_element(site: Site) -> Operation[WbsElement]:
    """A task that may bear time; links `project`, `parent`."""
    base = rendered(site.mappings[TASK.target])

    def render(record: WbsElement, links: Links) -> Payload:
        # A moment at noon UTC is the same day in every time zone from -12 to +11.
        return {**base(record, links), "startDateTime": f"{record.start_date.isoformat()}T12:00:00Z"}

    return upsert(site, TASK, render=render)
