"""A firm without a PSA: the project goes to the ERP and to sales, and nothing waits for what the firm does not have."""

from pathlib import Path

from tests.e2e.deals import netsuite_record, shown, win
from tests.e2e.oracle import count, doubled
from tests.e2e.world import world


def test_without_a_psa_the_project_is_in_the_erp_and_shown_to_sales(tmp_path: Path, database: str) -> None:
    with world(tmp_path, database, vendors=("salesforce", "netsuite")) as here:
        here.begin()
        deal = win(here, "Deal without PSA")
        project = here.until(lambda: shown(here, deal, "AND ERP_Id__c != null"), "project in Salesforce")
        here.settled()
        assert project["PSA_Id__c"] is None
        assert netsuite_record(here, "job", project["ERP_Id__c"])["companyName"] == deal.name
        assert count(here, "netsuite", "salesOrder") == 1
        assert here.exceptions() == []
        assert doubled(here) == []
        assert here.rows("select flow from agenda where state in ('blocked', 'waiting', 'retrying')") == []
