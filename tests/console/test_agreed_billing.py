"""What is agreed besides the work, on the page of its engagement."""

from datetime import date
from decimal import Decimal

import httpx2

from tests.cli.test_billing import AGREED, YEAR
from tests.lane.world import World
from tests.scenarios.scenario import Scenario, contract
from tests.scenarios.stored import StoredBooks
from tieline.store.database import Database


def test_limits_retainer_and_charges_stand_on_the_page_with_what_is_invoiced(
    client: httpx2.Client, books: Database
) -> None:
    day = date(YEAR, 1, 1)
    agreed = StoredBooks(Scenario("any", ((day, contract(1, AGREED)),), (), (), core=False), World(books))
    for name, role, hours in (("1", "Engineer", 12), ("2", "Support", 14)):
        agreed.take({"id": name, "on": day, "day": day, "hours": Decimal(hours), "role": role})
    agreed.bill(date(YEAR, 2, 1))
    page = client.get("/engagements/eng_1").text
    assert "Agreed besides the work" in page
    assert "120 %</span> of the limit of USD 1,000.00 is used" in page
    assert f"Over the limit of USD 1,000.00, {YEAR}-01" in page
    assert f"Retainer {YEAR}" in page
    found = client.get("/lineage", params={"id": f"prj_1:cap:total:{YEAR}-01"}, follow_redirects=True)
    assert "of contract version 1: the limit of USD 1,000.00" in found.text
