"""What the firm's systems can do for a flow: the roles Crm, Psa and Erp. Flows know these, never a vendor.

`read_*` changes nothing and reads fresh. `list_changed_*` pages since a cursor. An `ensure_*` or `show_*` is an
`Operation`, written by `run.ensure`. Vendor ids are strings; `*_ref` is a vendor's id.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from tieline.model.change_order import ChangeOrder
from tieline.model.closing import ProjectOutcome
from tieline.model.collection import InvoiceCollection
from tieline.model.contract import BillingSchedule
from tieline.model.customer import Customer
from tieline.model.invoice import Invoice, InvoiceState, InvoiceSummary, Payment, ProjectFinancials
from tieline.model.labor_terms import LaborTerms
from tieline.model.notice import CustomerLink, Notice
from tieline.model.opportunity import Opportunity, Readiness
from tieline.model.outlook import FollowUp, HealthSummary
from tieline.model.project import ContractPart, Milestone, Project, ProjectSummary, ResourceRequest, WbsElement
from tieline.model.staffing import Assignment, CostForecast, Resource, StaffingSummary
from tieline.model.working_time import SubmittedTime, TimeOff
from tieline.sdk.billing_setup import AgreedBilling, SetupDifference
from tieline.sdk.books import Books, SourceBooks
from tieline.sdk.feed import Changed, Changes, CostDocument, IdSet, LinePage
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import Links, Operation


class Connection(Protocol):
    """What every role object tells about the system behind it."""

    @property
    def connection(self) -> str:
        """The connection's name in the site."""

    @property
    def system(self) -> str:
        """The vendor's name for people."""

    def record_url(self, target: str, external_id: str) -> str | None:
        """Where a person opens this record in the vendor's own screens."""


class Crm(Connection, Protocol):
    """Where deals are won: Salesforce."""

    @property
    def books(self) -> Books:
        """What it lists of ours."""

    def read_opportunity(self, ref: str) -> Opportunity:
        """The deal with its lines; a deleted one has `is_deleted`. Raises Rejected when it never existed."""

    def read_customer(self, ref: str) -> Customer:
        """The buyer with its contacts."""

    def read_change_orders(self, opportunity_ref: str) -> Sequence[ChangeOrder]:
        """The change orders of a deal's contract, in whatever state; none where the CRM keeps none.

        Their changes wake the deal, as changes of the deal itself.
        """

    def list_changed_opportunities(self, cursor: str | None) -> Changes[Changed]:
        """Opportunities, their lines and change orders changed since the cursor, deletes included."""

    def list_opportunity_refs(self) -> IdSet:
        """Ids of all committed opportunities that exist now."""

    @property
    def link_customer(self) -> Operation[CustomerLink]:
        """The ERP's customer number on the CRM's customer; link `crm_customer` names the CRM record."""

    @property
    def show_readiness(self) -> Operation[Readiness]:
        """What a deal lacks, on the deal itself; link `opportunity` names the CRM record."""

    @property
    def show_project(self) -> Operation[ProjectSummary]:
        """The project on the opportunity; links `erp`, `psa` when known."""

    @property
    def show_staffing(self) -> Operation[StaffingSummary]:
        """Who is staffed; link `project` is the CRM's project record."""

    @property
    def show_financials(self) -> Operation[ProjectFinancials]:
        """Burn, billed, unbilled, collection; link `project`."""

    @property
    def show_outcome(self) -> Operation[ProjectOutcome]:
        """How a closed project turned out; link `project`."""

    @property
    def show_invoice(self) -> Operation[InvoiceSummary]:
        """One invoice on the project; link `project`."""

    @property
    def show_collection(self) -> Operation[InvoiceCollection]:
        """Dispute, reminders and promise on an invoice that is shown already."""

    @property
    def show_health(self) -> Operation[HealthSummary]:
        """Colour and reasons of an engagement or a customer."""

    @property
    def create_task(self) -> Operation[FollowUp]:
        """Something sales is to do about a deal; made once and never changed, since it is theirs from then on."""

    @property
    def create_opportunity(self) -> Operation[FollowUp]:
        """A deal sales may win; made once and never changed, since it is theirs from then on."""


class Psa(Connection, Protocol):
    """Where projects are staffed and time is approved: Kantata."""

    @property
    def books(self) -> SourceBooks:
        """What it lists of ours, and the approved work it holds."""

    @property
    def ensure_project(self) -> Operation[Project]:
        """The project shell with budget, dates and required approvals."""

    @property
    def ensure_wbs_element(self) -> Operation[WbsElement]:
        """A phase or task; links `project`, and `parent` for a child."""

    @property
    def ensure_milestone(self) -> Operation[Milestone]:
        """A deliverable to be completed there; link `project`."""

    @property
    def ensure_resource_request(self) -> Operation[ResourceRequest]:
        """People wanted; link `project`."""

    @property
    def show_financials(self) -> Operation[ProjectFinancials]:
        """Billed, paid, unbilled; link `project`."""

    @property
    def notify(self) -> Operation[Notice]:
        """A message to people on a project; link `project`."""

    def read_assignments(self, project_ref: str) -> Sequence[Assignment]:
        """All allocations of a project, planned and confirmed."""

    def read_project_status(self, project_ref: str) -> str | None:
        """The status people gave a project, as they read it there; None where it has none."""

    def read_milestones(self, project_ref: str) -> Sequence[Milestone]:
        """The milestones of a project as they stand there, by our ids."""

    def list_people(self) -> Sequence[Resource]:
        """Everyone who may book time."""

    def list_time_off(self, since: date) -> Sequence[TimeOff]:
        """Hours people are away, from a day on; none where the PSA keeps none."""

    def list_submitted_time(self, since: date) -> Sequence[SubmittedTime]:
        """Time that is handed in and not approved, from a day on; none where the PSA does not tell it from other."""

    def list_changed_projects(self, cursor: str | None) -> Changes[Changed]:
        """Projects whose staffing, milestones or settings changed; also ones made by hand."""

    def list_changed_time(self, cursor: str | None) -> LinePage:
        """Time entries changed since the cursor: approved, un-approved and corrected ones."""

    def list_changed_expenses(self, cursor: str | None) -> LinePage:
        """Expenses changed since the cursor."""

    def read_lines(self, kind: str, refs: Sequence[str]) -> LinePage:
        """Time entries (`time`) or expenses (`expense`) by id as they stand now, up to 100; deleted ones are left out.

        The page's cursor means nothing.
        """

    def list_approved_refs(self, kind: str) -> IdSet:
        """Ids of all approved time entries (`time`) or expenses (`expense`) that exist now."""


class Erp(Connection, Protocol):
    """Where money is booked: NetSuite, Tryton."""

    @property
    def books(self) -> Books:
        """What it lists of ours."""

    @property
    def ensure_customer(self) -> Operation[Customer]:
        """The bill-to under the legal entity `billed_by`."""

    @property
    def ensure_project(self) -> Operation[Project]:
        """The project; link `customer`."""

    @property
    def ensure_wbs_element(self) -> Operation[WbsElement]:
        """A task that may bear time; links `project`, `parent`."""

    @property
    def ensure_contract(self) -> Operation[ContractPart]:
        """The contract as the ERP has it (sales order); links `customer`, `project`."""

    @property
    def ensure_billing_schedule(self) -> Operation[BillingSchedule]:
        """The invoice plan; link `project`."""

    @property
    def ensure_cost_forecast(self) -> Operation[CostForecast]:
        """Planned cost of an assignment; link `project`."""

    @property
    def ensure_labor_terms(self) -> Operation[LaborTerms]:
        """Cost of an hour, target and calendar of a person; the person's record is there already."""

    @property
    def ensure_invoice(self) -> Operation[Invoice]:
        """A draft invoice; links `customer`, `project`, `contract`. Posted ones refuse changes."""

    def read_billing_differences(self, agreed: AgreedBilling, links: Links) -> Sequence[SetupDifference]:
        """What its own records say of a project's billing otherwise than the contract; none where it keeps nothing.

        Links `project`, `contract`, `customer`, and `billing_schedule` where it holds one. Fields we do not write
        there, since the site says so, do not count.
        """

    @property
    def ensure_credit_memo(self) -> Operation[Invoice]:
        """An invoice that is worth less than nothing, sent once; target `invoice`, links `customer`, `project`."""

    @property
    def time(self) -> LineSink:
        """Posts approved time as cost records."""

    def read_invoice(self, ref: str, *, credit: bool = False) -> InvoiceState:
        """Number, tax and payment state as the ERP has them; all amounts of a credit memo are below nothing."""

    def read_payments(self, invoice_ref: str) -> Sequence[Payment]:
        """Money applied to an invoice."""

    def list_changed_invoices(self, cursor: str | None) -> Changes[Changed]:
        """Invoices changed or paid since the cursor, also ones made in the ERP."""

    def list_changed_costs(self, cursor: str | None) -> Changes[CostDocument]:
        """Bills and credits of suppliers and expense reports changed since the cursor, each as it stands now."""

    def list_cost_refs(self) -> IdSet:
        """Ids of all such documents that are booked now and name a project."""

    def list_people(self) -> Mapping[str, str]:
        """Employee ids by lower-cased e-mail."""
