"""Staffing: people wanted (resource requests), allocations, the people, when they are away, what they handed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tieline.connectors.kantata.client import Kantata, Page, Row, is_id, named
from tieline.connectors.kantata.reading import moment_of, translated
from tieline.connectors.kantata.records import Account, content
from tieline.connectors.kantata.references import REFERENCE
from tieline.connectors.kantata.tasks import whole_minutes
from tieline.model.ids import born_outside
from tieline.model.project import ResourceRequest
from tieline.model.staffing import Assignment, Resource
from tieline.model.working_time import SubmittedTime, TimeOff
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation, Payload, Written

TARGET = "resource_request"
RESOURCE = "Resource"
CLOCK_SKEW = timedelta(minutes=5)


def ensure_resource_request(account: Account) -> Operation[ResourceRequest]:
    """People wanted, as Kantata has it: an unnamed resource of a role, its soft allocation, and a request to staff it.

    Requests carry no reference of ours, so the resource is what we look up and know by id. Each step looks whether it
    was done before, so that an update completes what broke off. Link `project`.
    """
    facts, wanted = account.facts.operation[TARGET], Wanted(account)
    return Operation(
        connection=account.connection,
        system=account.facts.system,
        target=TARGET,
        render=account.rendered(TARGET, TARGET),
        create=wanted.create,
        update=wanted.update,
        find=lambda payload: account.references.find("WorkspaceResource", payload[REFERENCE], RESOURCE),
        withdraw=wanted.withdraw,
        read_back=wanted.read_back,
        creates=facts.creates,
        updates=facts.updates,
        quarantine=facts.quarantine,
        support=facts.support,
    )


def allocation_of(payload: Payload) -> Row:
    """The soft allocation of a request; its notes tell what a resource manager should know besides hours and dates."""
    wanted = dict(payload["allocation"])
    remarks = wanted.pop("remarks", {})
    region, skills = remarks.get("region"), ", ".join(remarks.get("skills") or ())
    parts = (f"Region: {region}" if region else "", f"Skills: {skills}" if skills else "", remarks.get("note"))
    notes = "\n".join(part for part in parts if part) or None
    if "hours" in wanted:
        wanted["minutes"] = whole_minutes(wanted.pop("hours"))
    return {"notes": notes, **wanted}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The steps of a resource request."""

    account: Account

    @property
    def _kantata(self) -> Kantata:
        return self.account.kantata

    def create(self, payload: Payload, key: str) -> Written:
        """The resource, then all that belongs to it. What can be refused is looked up before anything is written."""
        with named(_label(payload)):
            role, approvers = self.account.directory.role_id(payload["role"]), self._approvers(payload)
            body = {"workspace_id": payload["workspace_id"], "role_id": role, REFERENCE: payload[REFERENCE]}
            resource = self._kantata.create("workspace_resources", body)
            self._allocate(resource, payload)
            self._request(resource, approvers)
        return Written(resource)

    def update(self, resource: str, payload: Payload) -> Written:
        """Bring role, allocation and request up to date; once somebody fills the resource it is Kantata's."""
        with named(_label(payload)):
            row = self._resource(resource).rows[0]
            if row.get("user_id"):
                return Written(resource)
            role, approvers = self.account.directory.role_id(payload["role"]), self._approvers(payload)
            if str(row.get("role_id")) != str(role):
                self._kantata.update("workspace_resources", resource, {"role_id": role})
            self._allocate(resource, payload)
            if not any(request.get("status") != "cancelled" for request in self._requests(row)):
                self._request(resource, approvers)
        return Written(resource)

    def withdraw(self, resource: str) -> None:
        """Cancel the open request and free its soft hours. Raises Rejected when somebody fills the resource."""
        with named(f"{RESOURCE} {resource}"):
            page = self._resource(resource)
            row = page.rows[0]
            if row.get("user_id"):
                message = f"{row.get('full_name')} is staffed on it: release the person in Kantata first"
                raise Rejected(self.account.connection, message, owner="resource")
            for request in self._requests(row):
                if request.get("status") in (None, "new"):
                    body = {"request_resolution_status": "cancel"}
                    self._kantata.update("resource_requests", str(request["id"]), body)
            for allocation in self._allocations(resource):
                if allocation.get("hard") is False and allocation.get("minutes"):
                    self._kantata.update("workspace_allocations", str(allocation["id"]), {"minutes": 0})

    def read_back(self, resource: str) -> Payload:
        """Role and soft allocation as stored."""
        with named(f"{RESOURCE} {resource}"):
            row = self._resource(resource).rows[0]
            names = ("start_date", "end_date", "minutes", "notes")
            stored = [{name: one.get(name) for name in names} for one in self._allocations(resource)]
        return {"role_id": row.get("role_id"), "allocation": stored}

    def _resource(self, resource: str) -> Page:
        return self._kantata.show("workspace_resources", resource, include="user,role")

    def _allocations(self, resource: str) -> Sequence[Row]:
        return list(self._kantata.rows("workspace_allocations", workspace_resource_ids=resource))

    def _allocate(self, resource: str, payload: Payload) -> None:
        """Hours and dates exactly; a request itself takes only a percentage. A hard allocation is Kantata's."""
        references, wanted = self.account.references, allocation_of(payload)
        reference = references.of(TARGET, payload[REFERENCE]["service_model_ref"])
        found = references.one("WorkspaceAllocation", reference, "Allocation")
        if found is None:
            body = {"resource_id": int(resource), "hard": False, **wanted, REFERENCE: reference}
            self._kantata.create("workspace_allocations", body)
        elif self._kantata.show("workspace_allocations", found).rows[0].get("hard") is False:
            self._kantata.update("workspace_allocations", found, wanted)

    def _request(self, resource: str, approvers: Sequence[int]) -> None:
        self._kantata.create("resource_requests", {"resource_id": int(resource), "approver_ids": list(approvers)})

    def _requests(self, resource: Row) -> Sequence[Row]:
        """Requests for a resource: there is no filter for it, but none is older than the resource."""
        since = moment_of(self.account.connection, resource, "created_at") - CLOCK_SKEW
        rows = self._kantata.rows("resource_requests", include="resource", created_after=since.isoformat())
        return [row for row in rows if row.get("resource_id") == resource["id"]]

    def _approvers(self, payload: Payload) -> Sequence[int]:
        emails = self.account.options.approvers
        if emails:
            return [self.account.directory.user_id(email) for email in emails]
        page = self._kantata.show("workspaces", str(payload["workspace_id"]), include="primary_maven")
        lead = str(page.rows[0].get("primary_maven_id"))
        if not is_id(lead):
            message = "nobody leads the project, so nobody can approve the request; or name approvers in the site"
            raise Rejected(self.account.connection, message, kind="missing_field", field="approvers", owner="delivery")
        return [int(lead)]


def read_assignments(account: Account, project_ref: str) -> Sequence[Assignment]:
    """All allocations of a project, soft and hard, with person and role."""
    with named(f"Project {project_ref}"):
        account.kantata.show("workspaces", project_ref)
    resources: dict[str, tuple[Row, Page]] = {}
    for page in account.kantata.pages("workspace_resources", workspace_id=project_ref, include="user,role,workspace"):
        resources |= {row["id"]: (row, page) for row in page.rows}
    allocations = account.kantata.rows(
        "workspace_allocations", workspace_ids=project_ref, include="workspace,workspace_resource"
    )
    return [
        _assignment(account, project_ref, row, resources.get(str(row.get("resource_id"))))
        for row in allocations
        if row.get("workspace_id") == project_ref
    ]


def _assignment(account: Account, project_ref: str, row: Row, resource: tuple[Row, Page] | None) -> Assignment:
    values = translated(account, "assignment", row, f"Allocation {row['id']}")
    base = {"id": born_outside(account.id, "assignment", str(row["id"])), "project_ref": project_ref}
    if resource is None:
        return Assignment(**values, **base)
    found, page = resource
    person, email = found.get("user_id"), page.text_of(found, "user_id", "users", "email_address")
    return Assignment(
        **values,
        **base,
        person_ref=person if isinstance(person, str) else None,
        person=email.lower() if email else None,
        role=page.text_of(found, "role_id", "roles", "name"),
    )


def list_people(account: Account) -> Sequence[Resource]:
    """Everyone on the account who has an e-mail: without one nobody can be told from another in other systems."""
    return [
        Resource(
            **translated(account, "resource", row, f"Person '{row.get('full_name')}'"),
            id=born_outside(account.id, "resource", str(row["id"])),
            ref=str(row["id"]),
            role=page.text_of(row, "role_id", "roles", "name"),
        )
        for page in account.kantata.pages("users", on_my_account="true", include="role")
        for row in page.rows
        if row.get("email_address")
    ]


def list_time_off(account: Account, since: date) -> Sequence[TimeOff]:
    """Hours off from a day on, of everyone who has an e-mail."""
    found = []
    for page in account.kantata.pages("time_off_entries", start_date=since.isoformat(), include="user"):
        for row in page.rows:
            email = page.text_of(row, "user_id", "users", "email_address")
            if email:
                values = translated(account, "time_off", row, f"Time off {row['id']}")
                made = born_outside(account.id, "time_off", str(row["id"]))
                found.append(TimeOff(**values, id=made, person=email.lower()))
    return found


def list_submitted_time(account: Account, since: date) -> Sequence[SubmittedTime]:
    """The entries of timesheets that wait for a decision (`new` to the filter, `pending` in the record)."""
    found = []
    params = {"statuses": "new", "start_date_after": since.isoformat(), "include": "user,workspace,time_entries"}
    for page in account.kantata.pages("timesheet_submissions", **params):
        for sheet in page.rows:
            email = page.text_of(sheet, "user_id", "users", "email_address")
            project = sheet.get("workspace_id")
            for row in page.linked(sheet, "time_entry_ids", "time_entries") if email else ():
                values = translated(account, "submitted_time", row, f"Time entry {row['id']}")
                made = born_outside(account.id, "time_entry", str(row["id"]))
                ref = project if isinstance(project, str) else None
                found.append(SubmittedTime(**values, id=made, person=str(email).lower(), project_ref=ref))
    return found


def _label(payload: Payload) -> str:
    return f"Request for {content(payload).get('role')}"
