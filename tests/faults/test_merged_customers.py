"""Two customers become one in the CRM: what runs goes on, what is new goes to the one that is left, none is doubled."""

from collections.abc import Iterator

import pytest

from tests.e2e.deals import Deal, money, offer, shown, stage, win, workday
from tests.e2e.world import World
from tests.faults.books import books, doubles
from tests.faults.firm import firm, vendors
from tests.faults.workload import DESIGN, TOM, book, says, settle

PLACE = {"BillingCountry": "United States", "Tax_Nexus__c": "US-CA"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


@pytest.mark.parametrize("known", ["both", "one"])
def test_after_a_merge_both_engagements_go_on_and_a_new_one_makes_no_further_customer(
    here: World, database: str, known: str
) -> None:
    with firm(here, database) as run:
        gone = win(here, "Deal of the one that goes")
        if known == "both":
            kept = win(here, "Deal of the one that is kept").account
        else:
            kept = here.sales.create("Account", Name="Kept Ltd", CurrencyIsoCode="USD", **PLACE)
        settle(run)
        project = shown(here, gone)
        assert project is not None, says(run)
        customers = customers_of(here)
        assert len(customers) == (2 if known == "both" else 1)

        here.control("salesforce", "POST", "salesforce/merge", {"master": kept, "merged": [gone.account]})
        settle(run)
        book(run, project["PSA_Id__c"], DESIGN, TOM, (workday(), 60))
        late = win_for(here, kept)
        settle(run)
        another = shown(here, late)
        assert another is not None, says(run)
        book(run, another["PSA_Id__c"], DESIGN, TOM, (workday(), 30))
        settle(run)

        assert run.rows("select message from exception_item where closed_at is null") == []
        assert customers_of(here) == customers
        assert doubles(books(here)) == {}
        assert here.finance.draft(project["ERP_Id__c"], money(210)) is not None, says(run)
        assert here.finance.draft(another["ERP_Id__c"], money(105)) is not None, says(run)
        shown_at = here.sales.query("SELECT Account__c, Legal_Entity__c FROM Tieline_Customer_Link__c")
        assert {row["Account__c"] for row in shown_at} == {kept}


def customers_of(here: World) -> set[tuple[str, str]]:
    """Customers in the ERP: our reference and its id."""
    return {(str(one["external_key"]), str(one["key"])) for one in here.ledger("netsuite", "customer.*")}


def win_for(here: World, account: str) -> Deal:
    """A further deal of a customer who is there."""
    deal = offer(here, "Deal after the merge")
    here.sales.change("Opportunity", deal.id, AccountId=account)
    stage(here, deal, "Closed Won")
    return deal
