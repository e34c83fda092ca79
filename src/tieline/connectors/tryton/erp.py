"""Tryton in the role of the ERP: what `sdk.roles.Erp` promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tieline.connectors.tryton.billing_setup import read_billing_differences
from tieline.connectors.tryton.books import TrytonBooks
from tieline.connectors.tryton.changes import list_changed_invoices
from tieline.connectors.tryton.costs import list_changed_costs, list_cost_refs
from tieline.connectors.tryton.invoice import INVOICE, ensure_invoice
from tieline.connectors.tryton.party import PARTY, ensure_customer
from tieline.connectors.tryton.receivables import read_invoice, read_payments
from tieline.connectors.tryton.records import Site, part
from tieline.connectors.tryton.sale import SALE, ensure_contract
from tieline.connectors.tryton.timesheet import LINE, Timesheets
from tieline.connectors.tryton.work import WORK, ensure_project, ensure_wbs_element
from tieline.model.contract import BillingSchedule
from tieline.model.customer import Customer
from tieline.model.invoice import Invoice, InvoiceState, Payment
from tieline.model.labor_terms import LaborTerms
from tieline.model.project import ContractPart, Project, WbsElement
from tieline.model.staffing import CostForecast
from tieline.sdk.billing_setup import AgreedBilling, SetupDifference
from tieline.sdk.feed import Changed, Changes, CostDocument, IdSet
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import Links, Operation, kept_in_tieline

MODELS = {
    "customer": PARTY,
    "project": WORK,
    "wbs_element": WORK,
    "contract": SALE,
    "invoice": INVOICE,
    "time": LINE,
    "bill": INVOICE,
    "credit": INVOICE,
}


@dataclass(frozen=True, kw_only=True)
class TrytonErp:
    """The role object of one connection."""

    site: Site
    url: str
    connection: str
    system: str
    books: TrytonBooks
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
        """Where a person opens this record in Tryton's web client."""
        model = MODELS.get(target)
        return f"{self.url}/#{self.site.options.database}/model/{model}/{external_id}" if model else None

    def read_billing_differences(self, agreed: AgreedBilling, links: Links) -> Sequence[SetupDifference]:
        """What project and sale say of billing otherwise than the contract."""
        return read_billing_differences(self.site, agreed, links)

    def read_invoice(self, ref: str, *, credit: bool = False) -> InvoiceState:
        """Number, tax and payment state, of a credit note too."""
        return read_invoice(self.site, ref)

    def read_payments(self, invoice_ref: str) -> Sequence[Payment]:
        """Money applied to an invoice."""
        return read_payments(self.site, invoice_ref)

    def list_changed_invoices(self, cursor: str | None) -> Changes[Changed]:
        """Invoices changed or paid since the cursor, also ones made in Tryton."""
        return list_changed_invoices(self.site, cursor)

    def list_changed_costs(self, cursor: str | None) -> Changes[CostDocument]:
        """Invoices and credit notes of suppliers changed since the cursor."""
        return list_changed_costs(self.site, cursor)

    def list_cost_refs(self) -> IdSet:
        """Ids of those that are booked."""
        return list_cost_refs(self.site)

    def list_people(self) -> Mapping[str, str]:
        """Employee ids by lower-cased e-mail."""
        company = self.site.client.company
        rows = self.site.client.every("company.employee", [["company", "=", company]], ["party.email"])
        emails = ((part(row, "party.", "email"), str(row["id"])) for row in rows)
        return {email.strip().lower(): identifier for email, identifier in emails if isinstance(email, str) and email}


def erp_of(site: Site, url: str) -> TrytonErp:
    """The role object, with its operations built once."""
    facts = site.facts
    kept = ("time", "billing_schedule", "cost_forecast", "labor_terms")
    time, schedule, forecast, labor = (facts.operation[name] for name in kept)
    return TrytonErp(
        site=site,
        url=url.rstrip("/"),
        connection=site.connection,
        system=facts.system,
        books=TrytonBooks(site),
        time=Timesheets(
            site=site,
            connection=site.connection,
            system=facts.system,
            safety=time.creates,
            quarantine=time.quarantine,
        ),
        ensure_customer=ensure_customer(site),
        ensure_project=ensure_project(site),
        ensure_wbs_element=ensure_wbs_element(site),
        ensure_contract=ensure_contract(site),
        ensure_billing_schedule=kept_in_tieline(site.connection, facts.system, "billing_schedule", schedule.support),
        ensure_cost_forecast=kept_in_tieline(site.connection, facts.system, "cost_forecast", forecast.support),
        ensure_credit_memo=ensure_invoice(site),  # a credit note is an invoice whose lines are below nothing
        ensure_labor_terms=kept_in_tieline(site.connection, facts.system, "labor_terms", labor.support),
        ensure_invoice=ensure_invoice(site),
    )
