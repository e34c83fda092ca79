"""How a real Tryton is set up to bill a project: as written all agrees, a change by finance is told with both sides."""

from tests.connectors.tryton.books import Books
from tests.connectors.tryton.records import Story, begun, ensured
from tieline.model.contract import BillingSchedule
from tieline.sdk.billing_setup import AgreedBilling
from tieline.sdk.roles import Erp


def test_what_finance_changed_is_told_and_so_is_an_invoice_tryton_would_make(
    erp: Erp, books: Books, story: Story
) -> None:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    odd = story.part("Engagement Manager", "10", "260.12345", "2601.23")  # Tryton has four digits
    contract = story.contract(lines=(*story.contract().lines, odd))
    links["contract"] = ensured(erp.ensure_contract, contract, **links)
    schedule = BillingSchedule(id=f"prj_{story.tag}", contract_id=f"con_{story.tag}", method="time_and_materials")
    agreed = AgreedBilling(story.project(), contract, schedule)
    assert list(erp.read_billing_differences(agreed, links)) == []

    sale = int(links["contract"])
    books.call("sale.sale", "draft", [sale])
    (term,) = books.rows("account.invoice.payment_term", [["name", "=", "Net 60"]], "id")
    line = books.rows("sale.line", [["sale", "=", sale], ["product.code", "=", "SVC-DE"]], "id")[0]["id"]
    changes = {"payment_term": term["id"], "invoice_method": "order", "lines": [["delete", [line]]]}
    books.call("sale.sale", "write", [sale], changes)
    number = books.row("sale.sale", links["contract"], "number")["number"]
    assert [str(one) for one in erp.read_billing_differences(agreed, links)] == [
        f"Payment terms: NET30 is agreed, Sale {number} has Net 60",
        f"Invoices: none made by Tryton is agreed, Sale {number} has order",
        f"Rate of Data Engineer: 180.00 is agreed, Sale {number} has no such line",
    ]
