"""The project (workspace) and what finance shows on it."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tieline.connectors.kantata.client import Page, Row, named
from tieline.connectors.kantata.records import Account, Kind, content, ensured
from tieline.connectors.kantata.references import REFERENCE
from tieline.model.invoice import ProjectFinancials
from tieline.model.project import Project
from tieline.sdk.errors import Unavailable
from tieline.sdk.operation import Found, Links, Operation, Payload, Written

PROJECT = Kind(
    target="project",
    plural="workspaces",
    subject_type="Workspace",
    words="Project",
    create_only=("currency", "invoice_preference"),
    includes=("custom_field_values", "primary_workspace_group"),
)
GROUP = "Customer group"
FINANCIALS = "project.financials"
PARTS = ("customer", "leads", "custom_fields", "document_url")
"""Parts of a payload that are sent in another form."""


def ensure_project(account: Account) -> Operation[Project]:
    """The project of a contract, in the group of its customer; time and expenses need approval there.

    Without required approvals an entry would count as approved as soon as it is written.
    """
    groups = CustomerGroups(account)

    def prepare(payload: Payload, creating: bool) -> Payload:
        body = {name: value for name, value in payload.items() if name not in PARTS}
        code = payload.get("invoice_preference", {}).get("project_code")
        if code:
            signed = [f"Signed document: {payload['document_url']}"] if payload.get("document_url") else []
            body["description"] = "\n".join([f"{code} for {payload['customer']['name']}", *signed])
        if payload.get("custom_fields"):
            body["custom_fields"] = account.directory.custom_fields("Workspace", payload["custom_fields"])
        leads = [account.directory.user_id(email) for email in payload.get("leads") or ()] if creating else []
        if leads:
            participations = [{"user_id": lead, "access": "admin"} for lead in leads]
            body |= {"primary_maven_id": leads[0], "approver_id": leads[0], "participations": participations}
        return body | {"primary_workspace_group_id": groups.ensure(payload["customer"])}

    def candidates(payload: Payload) -> Sequence[Found]:
        """Projects of the same title and customer that somebody made by hand."""
        found = []
        for page in account.kantata.pages(
            "workspaces", search=payload["title"], include="primary_workspace_group,external_references"
        ):
            for row in page.rows:
                group = page.text_of(row, "primary_workspace_group_id", "workspace_groups", "name")
                same = (row.get("title"), group) == (payload["title"], payload["customer"]["name"])
                if same and account.references.subject_of(row, page, "project") is None:
                    found.append(Found(str(row["id"]), str(row["title"])))
        return found

    def stored(row: Row, page: Page) -> Row:
        """Values that Kantata keeps under other names than it takes them."""
        return {
            "price": row.get("price_in_cents"),
            "description": row.get("description"),
            "customer": row.get("primary_workspace_group_id"),
            "custom_fields": custom_values(row, page),
        }

    return ensured(account, PROJECT, prepare=prepare, candidates=candidates, stored=stored)


def show_financials(account: Account) -> Operation[ProjectFinancials]:
    """Billing of a project in custom fields of the workspace; of the cost only what suppliers charged. Link `project`.

    An update of the workspace by its id, so the same content may be sent again at once.
    """
    facts, mapping = account.facts.operation[FINANCIALS], account.mappings[FINANCIALS]

    def render(record: ProjectFinancials, links: Links) -> Payload:
        reference = account.references.of(FINANCIALS, record.subject)
        return {REFERENCE: reference, "workspace_id": links["project"]} | mapping.write(record.model_dump(), links)

    def update(external_id: str, payload: Payload) -> Written:
        with named(f"Financials of project {external_id}"):
            values = account.directory.custom_fields("Workspace", content(payload)["custom_fields"])
            return Written(account.kantata.update("workspaces", external_id, {"custom_fields": values}))

    def read_back(external_id: str) -> Payload:
        with named(f"Financials of project {external_id}"):
            page = account.kantata.show("workspaces", external_id, include="custom_field_values")
        names = {path.split(".")[1] for path in mapping.vendor_fields("write")}
        values = custom_values(page.rows[0], page)
        return {"custom_fields": {name: value for name, value in values.items() if name in names}}

    return Operation(
        connection=account.connection,
        system=account.facts.system,
        target=FINANCIALS,
        render=render,
        create=lambda payload, key: update(payload["workspace_id"], payload),
        update=update,
        read_back=read_back,
        creates=facts.creates,
        updates=facts.updates,
        quarantine=facts.quarantine,
        support=facts.support,
    )


def read_status(account: Account, project_ref: str) -> str | None:
    """The words of a project's status; every account has its own list of them."""
    with named(f"Project {project_ref}"):
        status = account.kantata.show("workspaces", project_ref).rows[0].get("status")
    words = status.get("message") if isinstance(status, dict) else None
    return words if isinstance(words, str) else None


class CustomerGroups:
    """Groups of projects by customer: Kantata has no customers of its own."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()

    def ensure(self, customer: Row) -> int:
        """The group with our reference, else one of the same name nobody of ours uses, else a new one.

        Two processes may make the group at once; the one with the lower id is then used by both.
        """
        references = self._account.references
        reference = references.of("customer", customer["id"])
        with self._lock, named(f"{GROUP} '{customer['name']}'"):
            found = references.find("WorkspaceGroup", reference, GROUP)
            if not found:
                self._make(customer, reference)
                found = references.find("WorkspaceGroup", reference, GROUP)
            if not found:
                raise Unavailable(self._account.connection, f"does not show the group of '{customer['name']}' yet")
            return min(int(item.external_id) for item in found)

    def _make(self, customer: Row, reference: Row) -> None:
        """Give our reference to a group of this name that carries none, or to a new one."""
        kantata = self._account.kantata
        for page in kantata.pages("workspace_groups", include="external_references"):
            for row in page.rows:
                ours = self._account.references.subject_of(row, page, "customer")
                if row.get("name") == customer["name"] and ours is None:
                    body = {"subject_type": "WorkspaceGroup", "subject_id": int(row["id"]), **reference}
                    kantata.create("external_references", body)
                    return
        kantata.create("workspace_groups", {"name": customer["name"], "company": True, REFERENCE: reference})


def custom_values(row: Row, page: Page) -> Mapping[str, Any]:
    """The custom fields of a record that was read with `include=custom_field_values`, by name."""
    values = page.linked(row, "custom_field_value_ids", "custom_field_values")
    return {str(value.get("custom_field_name")): value.get("value") for value in values}
