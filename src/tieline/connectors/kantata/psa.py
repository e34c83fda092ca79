"""Kantata in the role of the PSA: what `sdk.roles.Psa` promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tieline.connectors.kantata.books import KantataBooks
from tieline.connectors.kantata.changes import ProjectFeed
from tieline.connectors.kantata.lines import EXPENSES, TIME, LineFeed
from tieline.connectors.kantata.notice import notify
from tieline.connectors.kantata.project import FINANCIALS, ensure_project, read_status, show_financials
from tieline.connectors.kantata.records import Account
from tieline.connectors.kantata.staffing import (
    ensure_resource_request,
    list_people,
    list_submitted_time,
    list_time_off,
    read_assignments,
)
from tieline.connectors.kantata.tasks import ensure_milestone, ensure_wbs_element, read_milestones
from tieline.model.invoice import ProjectFinancials
from tieline.model.notice import Notice
from tieline.model.project import Milestone, Project, ResourceRequest, WbsElement
from tieline.model.staffing import Assignment, Resource
from tieline.model.working_time import SubmittedTime, TimeOff
from tieline.sdk.feed import Changed, Changes, IdSet, LinePage
from tieline.sdk.operation import Operation


@dataclass(frozen=True, kw_only=True)
class KantataPsa:
    """The role object of one connection."""

    account: Account
    connection: str
    system: str
    books: KantataBooks
    projects: ProjectFeed
    time: LineFeed
    expenses: LineFeed
    ensure_project: Operation[Project]
    ensure_wbs_element: Operation[WbsElement]
    ensure_milestone: Operation[Milestone]
    ensure_resource_request: Operation[ResourceRequest]
    show_financials: Operation[ProjectFinancials]
    notify: Operation[Notice]

    def record_url(self, target: str, external_id: str) -> str | None:
        """Where a person opens a project in Kantata; other records have no page of their own."""
        shown = target in ("project", FINANCIALS)
        return f"{self.account.options.app_url.rstrip('/')}/workspaces/{external_id}" if shown else None

    def read_assignments(self, project_ref: str) -> Sequence[Assignment]:
        """All allocations of a project, planned (soft) and confirmed (hard)."""
        return read_assignments(self.account, project_ref)

    def read_project_status(self, project_ref: str) -> str | None:
        """The status of a project, as people read it in Kantata."""
        return read_status(self.account, project_ref)

    def read_milestones(self, project_ref: str) -> Sequence[Milestone]:
        """Our milestones of a project as they stand there."""
        return read_milestones(self.account, project_ref)

    def list_people(self) -> Sequence[Resource]:
        """Everyone who may book time."""
        return list_people(self.account)

    def list_time_off(self, since: date) -> Sequence[TimeOff]:
        """Hours people are away, from a day on."""
        return list_time_off(self.account, since)

    def list_submitted_time(self, since: date) -> Sequence[SubmittedTime]:
        """Time on pending timesheets, from a day on."""
        return list_submitted_time(self.account, since)

    def list_changed_projects(self, cursor: str | None) -> Changes[Changed]:
        """Projects whose staffing, milestones or settings changed; also ones made by hand."""
        return self.projects.page(cursor)

    def list_changed_time(self, cursor: str | None) -> LinePage:
        """Time entries changed since the cursor: approved, un-approved and corrected ones."""
        return self.time.page(cursor)

    def list_changed_expenses(self, cursor: str | None) -> LinePage:
        """Expenses changed since the cursor."""
        return self.expenses.page(cursor)

    def read_lines(self, kind: str, refs: Sequence[str]) -> LinePage:
        """Time entries or expenses by id, as they stand now."""
        return {"time": self.time, "expense": self.expenses}[kind].named(refs)

    def list_approved_refs(self, kind: str) -> IdSet:
        """Ids of all approved time entries (`time`) or expenses (`expense`) that exist now."""
        return {"time": self.time, "expense": self.expenses}[kind].approved()


def psa_of(account: Account) -> KantataPsa:
    """The role object, with its operations built once."""
    time, expenses = LineFeed(account, TIME), LineFeed(account, EXPENSES)
    return KantataPsa(
        account=account,
        connection=account.connection,
        system=account.facts.system,
        books=KantataBooks(account, {"time": time, "expense": expenses}),
        projects=ProjectFeed(account),
        time=time,
        expenses=expenses,
        ensure_project=ensure_project(account),
        ensure_wbs_element=ensure_wbs_element(account),
        ensure_milestone=ensure_milestone(account),
        ensure_resource_request=ensure_resource_request(account),
        show_financials=show_financials(account),
        notify=notify(account),
    )
