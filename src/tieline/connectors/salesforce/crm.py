"""The role crm: what flows can read from and show in Salesforce."""

from collections.abc import Mapping as Values
from collections.abc import Sequence
from dataclasses import dataclass

from tieline.connectors.salesforce.books import SalesforceBooks
from tieline.connectors.salesforce.change_orders import ChangeOrders
from tieline.connectors.salesforce.changes import OpportunityFeed
from tieline.connectors.salesforce.customers import Customers
from tieline.connectors.salesforce.follow_up import create_follow_up
from tieline.connectors.salesforce.operations import Writing, upsert
from tieline.connectors.salesforce.opportunities import Opportunities
from tieline.connectors.salesforce.readiness import show_readiness
from tieline.model.change_order import ChangeOrder
from tieline.model.closing import ProjectOutcome
from tieline.model.collection import InvoiceCollection
from tieline.model.customer import Customer
from tieline.model.invoice import InvoiceSummary, ProjectFinancials
from tieline.model.notice import CustomerLink
from tieline.model.opportunity import Opportunity, Readiness
from tieline.model.outlook import FollowUp, HealthSummary
from tieline.model.project import ProjectSummary
from tieline.model.staffing import StaffingSummary
from tieline.sdk.feed import Changed, Changes, IdSet
from tieline.sdk.operation import Operation


@dataclass(frozen=True, kw_only=True)
class SalesforceCrm:
    """Salesforce as the CRM of the firm."""

    connection: str
    system: str
    url: str
    objects: Values[str, str]
    """The vendor's object of each target."""
    books: SalesforceBooks
    opportunities: Opportunities
    change_orders: ChangeOrders
    customers: Customers
    feed: OpportunityFeed
    link_customer: Operation[CustomerLink]
    show_readiness: Operation[Readiness]
    show_project: Operation[ProjectSummary]
    show_staffing: Operation[StaffingSummary]
    show_financials: Operation[ProjectFinancials]
    show_outcome: Operation[ProjectOutcome]
    show_invoice: Operation[InvoiceSummary]
    show_collection: Operation[InvoiceCollection]
    show_health: Operation[HealthSummary]
    create_task: Operation[FollowUp]
    create_opportunity: Operation[FollowUp]

    def record_url(self, target: str, external_id: str) -> str | None:
        """Where a person opens the record."""
        sobject = self.objects.get(target)
        return f"{self.url}/lightning/r/{sobject}/{external_id}/view" if sobject else None

    def read_opportunity(self, ref: str) -> Opportunity:
        """The deal with its lines; a deleted one has `is_deleted`. Raises Rejected when it never existed."""
        return self.opportunities.read(ref)

    def read_customer(self, ref: str) -> Customer:
        """The buyer with its contacts."""
        return self.customers.read(ref)

    def read_change_orders(self, opportunity_ref: str) -> Sequence[ChangeOrder]:
        """The change orders of a deal's contract, in whatever state."""
        return self.change_orders.read(opportunity_ref)

    def list_changed_opportunities(self, cursor: str | None) -> Changes[Changed]:
        """Opportunities, their lines and change orders changed since the cursor, deletes included."""
        return self.feed.page(cursor)

    def list_opportunity_refs(self) -> IdSet:
        """Ids of all committed opportunities that exist now."""
        return self.opportunities.refs()


def crm_role(
    writing: Writing,
    *,
    url: str,
    opportunities: Opportunities,
    change_orders: ChangeOrders,
    customers: Customers,
    feed: OpportunityFeed,
    follow_ups: Sequence[str] = (),
) -> SalesforceCrm:
    """The role with its operations."""
    return SalesforceCrm(
        connection=writing.salesforce.connection,
        system=writing.facts.system,
        url=url.rstrip("/"),
        objects={name: mapping.vendor for name, mapping in writing.mappings.items()},
        books=SalesforceBooks(writing),
        opportunities=opportunities,
        change_orders=change_orders,
        customers=customers,
        feed=feed,
        link_customer=upsert(CustomerLink, "customer.erp_number", "ERP number", writing),
        show_readiness=show_readiness(writing),
        show_project=upsert(ProjectSummary, "project", "Project", writing),
        show_staffing=upsert(StaffingSummary, "project.staffing", "Staffing of project", writing, part=True),
        show_financials=upsert(ProjectFinancials, "project.financials", "Financials of project", writing, part=True),
        show_outcome=upsert(ProjectOutcome, "project.outcome", "Outcome of project", writing, part=True),
        show_invoice=upsert(InvoiceSummary, "invoice", "Invoice", writing),
        show_collection=upsert(InvoiceCollection, "invoice.collection", "Collection of invoice", writing, part=True),
        show_health=upsert(HealthSummary, "health", "Health", writing),
        create_task=create_follow_up("task", writing, follow_ups),
        create_opportunity=create_follow_up("opportunity", writing, follow_ups),
    )
