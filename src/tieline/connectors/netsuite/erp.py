"""NetSuite in the role of the ERP: what `sdk.roles.Erp` promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tieline.connectors.netsuite.billing_schedule import ensure_billing_schedule
from tieline.connectors.netsuite.billing_setup import read_billing_differences
from tieline.connectors.netsuite.books import NetSuiteBooks
from tieline.connectors.netsuite.changes import list_changed_invoices
from tieline.connectors.netsuite.contract import ensure_contract
from tieline.connectors.netsuite.cost_forecast import ensure_cost_forecast
from tieline.connectors.netsuite.costs import list_changed_costs, list_cost_refs
from tieline.connectors.netsuite.credit_memo import ensure_credit_memo
from tieline.connectors.netsuite.customer import ensure_customer
from tieline.connectors.netsuite.invoice import ensure_invoice
from tieline.connectors.netsuite.labor_terms import ensure_labor_terms
from tieline.connectors.netsuite.people import list_people
from tieline.connectors.netsuite.project import ensure_project, ensure_wbs_element
from tieline.connectors.netsuite.receivables import read_credit_memo, read_invoice, read_payments
from tieline.connectors.netsuite.records import Site
from tieline.connectors.netsuite.settings import host_label
from tieline.connectors.netsuite.time_lines import TimeLines
from tieline.model.contract import BillingSchedule
from tieline.model.customer import Customer
from tieline.model.invoice import Invoice, InvoiceState, Payment
from tieline.model.labor_terms import LaborTerms
from tieline.model.project import ContractPart, Project, WbsElement
from tieline.model.staffing import CostForecast
from tieline.sdk.billing_setup import AgreedBilling, SetupDifference
from tieline.sdk.feed import Changed, Changes, CostDocument, IdSet
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import Links, Operation

PAGES = {
    "customer": "common/entity/custjob.nl",
    "project": "accounting/project/project.nl",
    "wbs_element": "accounting/project/projecttask.nl",
    "contract": "accounting/transactions/salesord.nl",
    "invoice": "accounting/transactions/custinvc.nl",
    "time": "accounting/transactions/timebill.nl",
    "bill": "accounting/transactions/vendbill.nl",
    "credit": "accounting/transactions/vendcred.nl",
    "expense_report": "accounting/transactions/exprept.nl",
}
"""Pages of NetSuite's own screens, from practice; `?id=` names the record."""


@dataclass(frozen=True, kw_only=True)
class NetSuiteErp:
    """The role object of one connection."""

    site: Site
    account: str
    connection: str
    system: str
    books: NetSuiteBooks
    time: LineSink
    ensure_customer: Operation[Customer]
    ensure_project: Operation[Project]
    ensure_wbs_element: Operation[WbsElement]
    ensure_contract: Operation[ContractPart]
    ensure_billing_schedule: Operation[BillingSchedule]
    ensure_cost_forecast: Operation[CostForecast]
    ensure_credit_memo: Operation[Invoice]
    ensure_labor_terms: Operation[LaborTerms]
    ensure_invoice: Operation[Invoice]

    def record_url(self, target: str, external_id: str) -> str | None:
        """Where a person opens this record in NetSuite."""
        page = PAGES.get(target)
        return f"https://{host_label(self.account)}.app.netsuite.com/app/{page}?id={external_id}" if page else None

    def read_billing_differences(self, agreed: AgreedBilling, links: Links) -> Sequence[SetupDifference]:
        """What project, sales order and billing schedule say of billing otherwise than the contract."""
        return read_billing_differences(self.site, agreed, links)

    def read_invoice(self, ref: str, *, credit: bool = False) -> InvoiceState:
        """Number, tax and payment state, of a credit memo too."""
        return (read_credit_memo if credit else read_invoice)(self.site, self.account, ref)

    def read_payments(self, invoice_ref: str) -> Sequence[Payment]:
        """Money applied to an invoice."""
        return read_payments(self.site, self.account, invoice_ref)

    def list_changed_invoices(self, cursor: str | None) -> Changes[Changed]:
        """Invoices changed or paid since the cursor, also ones made in NetSuite."""
        return list_changed_invoices(self.site, cursor)

    def list_changed_costs(self, cursor: str | None) -> Changes[CostDocument]:
        """Bills and credits of vendors and expense reports changed since the cursor."""
        return list_changed_costs(self.site, self.account, cursor)

    def list_cost_refs(self) -> IdSet:
        """Ids of those that are booked and name a project."""
        return list_cost_refs(self.site)

    def list_people(self) -> Mapping[str, str]:
        """Employee ids by lower-cased e-mail."""
        return list_people(self.site.client)


def erp_of(site: Site, account: str) -> NetSuiteErp:
    """The role object, with its operations built once."""
    time = site.facts.operation["time"]
    return NetSuiteErp(
        site=site,
        account=account,
        connection=site.connection,
        system=site.facts.system,
        books=NetSuiteBooks(site),
        time=TimeLines(
            client=site.client,
            options=site.options,
            connection=site.connection,
            system=site.facts.system,
            safety=time.creates,
            quarantine=time.quarantine,
        ),
        ensure_customer=ensure_customer(site),
        ensure_project=ensure_project(site),
        ensure_wbs_element=ensure_wbs_element(site),
        ensure_contract=ensure_contract(site),
        ensure_billing_schedule=ensure_billing_schedule(site),
        ensure_cost_forecast=ensure_cost_forecast(site),
        ensure_credit_memo=ensure_credit_memo(site),
        ensure_labor_terms=ensure_labor_terms(site),
        ensure_invoice=ensure_invoice(site),
    )
