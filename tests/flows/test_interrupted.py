"""A run that ends early: whom its news concerns is woken all the same, since the next run finds nothing new."""

from types import SimpleNamespace
from typing import Any, NoReturn

from tests.engine.conftest import Bench
from tests.flows.test_invoices import proposal, told
from tieline.engine.run import Run
from tieline.flows.billing import still_open
from tieline.flows.invoice_feedback import invoice_feedback
from tieline.flows.invoices import keep_proposal, read_stored
from tieline.store.canonical import read_project, refer

INVOICE = "inv_1"


class Died(RuntimeError):
    """The process, or its session, at this place."""


def die(*asked: object) -> NoReturn:
    raise Died


def invoiced(bench: Bench) -> Any:
    """The only project of the engagement, with an invoice that was sent and then paid in the ERP."""
    (row,) = bench.rows("select id from project")
    with bench.database.transaction() as db:
        project = read_project(db, row["id"])
        keep_proposal(db, proposal(INVOICE).model_copy(update={"project_id": row["id"]}), "netsuite")
        refer(db, "netsuite", "invoice", INVOICE, "77")
    erp = SimpleNamespace(connection="netsuite", read_invoice=lambda ref, *, credit=False: told(7, "paid", id=INVOICE))
    return project, erp


def woken(bench: Bench) -> set[str]:
    return {row["flow"] for row in bench.rows("select flow from agenda where behind")}


def test_what_the_erp_says_of_an_invoice_reaches_psa_and_billing_though_the_run_dies(active: Bench) -> None:
    _, erp = invoiced(active)
    systems = SimpleNamespace(erp=lambda one: erp, crm=lambda deal: SimpleNamespace(connection="salesforce"))
    erp.read_payments = die
    active.flows["invoice_feedback"] = lambda run, key, _: invoice_feedback(run, key, systems)  # type: ignore[arg-type]
    assert active.look("invoice_feedback", INVOICE) == "blocked"
    assert woken(active) == {"project_feedback", "billing"}
    (told_once,) = active.rows("select detail from audit_event where action = 'invoice.changed'")
    assert told_once["detail"]["label"] == "Invoice INV-1 paid"


def test_an_invoice_finance_has_posted_reaches_sales_though_the_run_of_billing_dies(active: Bench) -> None:
    project, erp = invoiced(active)

    def billing(run: Run, key: str, _: object) -> None:
        assert still_open(run, erp, read_stored(run.db, INVOICE)) is None
        die()

    active.flows["billing"] = billing
    assert active.look("billing", project.id) == "blocked"
    assert woken(active) == {"invoice_feedback"}
