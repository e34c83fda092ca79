"""A charge no source line stands behind tells the rule and the version of the contract it follows from."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.lane.world import a_project
from tests.lineage.conftest import Books
from tieline.billing.facts import DerivedCharge
from tieline.lane.own_charges import settle_charges

FEE = DerivedCharge(
    key="prj_1:subscription:helpdesk:2026-02",
    kind="subscription",
    project_id="prj_1",
    day=date(2026, 2, 1),
    amount=Decimal(100),
    text="Helpdesk 2026-02",
    rule="subscription 'helpdesk' of contract version 1",
    version=1,
)


def test_a_fee_and_its_later_difference_are_one_chain_with_rule_version_and_invoices(books: Books) -> None:
    for fee, invoice in ((FEE, "inv_1"), (replace(FEE, amount=Decimal(130)), "inv_2")):
        with books.database.transaction() as db:
            settle_charges(db, [a_project()], [fee])
        books.bill(invoice, f"INV-{invoice[-1]}")
    found = books.lineage(FEE.key)
    assert [(one.amount, one.invoice.number if one.invoice else None) for one in found.versions] == [
        (Decimal(100), "INV-1"),
        (Decimal(30), "INV-2"),
    ]
    rate, contract = found.versions[0].rate, found.versions[0].contract
    assert rate is not None
    assert contract is not None
    assert (rate.rule, contract.version, found.project) == (FEE.rule, 1, "Build")
