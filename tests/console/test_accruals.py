"""The page of accruals: what to book by entity and currency, each engagement with the way to it, and a table."""

from datetime import timedelta

import httpx2

from tests.console.test_pages import read
from tests.console.week import GRID, BusyWeek


def test_the_page_says_what_to_book_and_leads_to_each_engagement(client: httpx2.Client, week: BusyWeek) -> None:
    month = (week.now.date().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    page = read(client, f"/accruals?at={month}")
    assert "USD 18,562.50 accrued" in page.text
    assert "The ERP stays the record of revenue" in page.text
    assert f"/engagements/{GRID}" in page.links
    assert "18,562.50" not in read(client, f"/accruals?at={month}&entity=DE").text
    assert client.get("/accruals?at=soon").status_code == 422
    table = client.get(f"/accruals/csv?at={month}").text
    assert "Grid settlement platform, phase 2" in table
