"""Projects and their tasks in Tryton: a tree of `project.work`, each node open for timesheets."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.party import invoice_address
from tieline.connectors.tryton.records import MOST_FOUND, REFERENCE, STAMP, Site, part
from tieline.model.project import Project, WbsElement
from tieline.model.record import Record
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Found, Links, Operation, Payload

WORK = "project.work"
FIELDS = (
    "name",
    "comment",
    "party",
    "parent",
    "constraint_start_date",
    "constraint_finish_date",
    "effort_duration",
    "status",
    "rec_name",
    STAMP,
)
DATES = ("constraint_start_date", "constraint_finish_date")


def ensure_project(site: Site) -> Operation[Project]:
    """The project; link `customer`. We build the draft invoices, so Tryton's own project invoicing is manual."""

    def create(payload: Payload) -> int:
        party = site.number(part(payload, "party", "id"))
        values = {"type": "project", "party": party, "party_address": invoice_address(site, party)}
        return _create(site, payload, {**values, "project_invoice_method": "manual"})

    return site.operation(
        "project",
        render=lambda record, links: _titled(site, "project", record, links),
        create=create,
        update=lambda identifier, payload: _update(site, identifier, payload),
        find=lambda payload: find(site, payload),
        read_back=lambda identifier: _as_payload(site, identifier),
        withdraw=lambda identifier: _finish(site, identifier),
        take_up=lambda identifier: _open(site, identifier),
    )


def ensure_wbs_element(site: Site) -> Operation[WbsElement]:
    """A phase or task; links `project`, and `parent` for a child."""

    def create(payload: Payload) -> int:
        parent = part(payload, "parent", "id") or part(payload, "project", "id")
        return _create(site, payload, {"type": "task", "parent": site.number(parent)})

    return site.operation(
        "wbs_element",
        render=lambda record, links: _titled(site, "wbs_element", record, links),
        create=create,
        update=lambda identifier, payload: _update(site, identifier, payload),
        find=lambda payload: find(site, payload),
        read_back=lambda identifier: _as_payload(site, identifier),
        withdraw=lambda identifier: _finish(site, identifier),
    )


def find(site: Site, payload: Payload) -> Sequence[Found]:
    """By our reference, which begins the comment: the number of a work is Tryton's own and read-only (seen on 8.2)."""
    reference = str(payload[REFERENCE])
    pattern = reference.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"
    domain = [["comment", "like", pattern], ["company", "=", site.client.company]]
    rows = site.client.rows(WORK, domain, ["comment", "rec_name"], limit=MOST_FOUND)
    return [Found(str(row["id"]), str(row["rec_name"])) for row in rows if _first_word(row["comment"]) == reference]


def _titled(site: Site, name: str, record: Record, links: Links) -> Payload:
    """Tryton has no field for our code, so that it stands before the name."""
    payload = site.write(name, record, links)
    code = payload.pop("code", None)
    return {**payload, "name": f"{code} {payload['name']}"} if code else payload


def _create(site: Site, payload: Payload, fixed: Row) -> int:
    values = {**fixed, **_values(payload), "comment": payload[REFERENCE], "timesheet_available": True}
    return site.client.create(WORK, [{**values, "company": site.client.company}])[0]


def _update(site: Site, identifier: int, payload: Payload) -> None:
    stored = site.one(WORK, identifier, FIELDS)
    wanted = _values(payload)
    party, parent = part(payload, "party", "id"), part(payload, "parent", "id") or part(payload, "project", "id")
    if party:
        wanted["party"] = site.number(party)
    if parent:
        wanted["parent"] = site.number(parent)
    changes = {name: value for name, value in wanted.items() if stored.get(name) != value}
    if "party" in changes:
        changes["party_address"] = invoice_address(site, changes["party"])
    if changes:
        site.client.write(WORK, identifier, changes, stored[STAMP])


def _values(payload: Payload) -> Row:
    values: Row = {"name": payload["name"]}
    for name in DATES:
        if payload.get(name):
            values[name] = date.fromisoformat(payload[name])
    if payload.get("effort_hours") is not None:
        values["effort_duration"] = timedelta(hours=float(Decimal(str(payload["effort_hours"]))))
    return values


def _finish(site: Site, identifier: int) -> None:
    """Tasks first: Tryton finishes a project only when nothing under it is open."""
    done = site.catalog.done_status()
    for child in _children(site, identifier):
        _finish(site, child)
    site.client.write(WORK, identifier, {"status": done, "progress": 1.0})


def _open(site: Site, identifier: int) -> None:
    """A finished project and its tasks are worked on again, the project first; an open one stays as it is."""
    stored = site.one(WORK, identifier, ("status",))
    if stored["status"] == site.catalog.done_status():
        site.client.write(WORK, identifier, {"status": site.catalog.open_status(), "progress": None})
        for child in _children(site, identifier):
            _open(site, child)


def _children(site: Site, identifier: int) -> list[int]:
    children: Any = site.one(WORK, identifier, ("children",)).get("children")
    if not isinstance(children, list):
        raise Rejected(site.connection, "Tryton does not tell the tasks of the project", kind="schema_drift")
    return children


def _as_payload(site: Site, identifier: int) -> Payload:
    stored = site.one(WORK, identifier, FIELDS)
    payload: Payload = {REFERENCE: _first_word(stored.get("comment")), "name": stored["name"]}
    payload |= {name: stored[name].isoformat() if stored.get(name) else None for name in DATES}
    effort = stored.get("effort_duration")
    if isinstance(effort, timedelta):
        payload["effort_hours"] = Decimal(effort // timedelta(seconds=1)) / 3600
    for name in ("party", "parent"):
        if stored.get(name):
            payload[name] = {"id": str(stored[name])}
    return payload


def _first_word(comment: object) -> str | None:
    return str(comment).split()[0] if comment else None
