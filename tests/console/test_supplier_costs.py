"""Costs born in the ERP on the page of their engagement: what counts, what does not, and at whose rate."""

from typing import Any

import httpx2
from psycopg.types.json import Jsonb

from tests.console.test_pages import read
from tests.console.week import GRID, BusyWeek


def book(week: BusyWeek, number: str, kind: str, amount: str, currency: str, cost: str | None, by: str) -> None:
    """A valued line of a bill."""
    body: dict[str, Any] = {"document_type": "bill", "number": number, "supplier": "Kestrel <Analytics>"}
    body |= {"text": "Data work in May", "net_cost": {"amount": amount, "currency": currency}}
    with week.database.transaction() as db:
        db.execute(
            "insert into erp_cost (connection, cost_id, document, version, project_ref, kind, day, body, source,"
            " project_id, cost, counted, valued_by) select 'netsuite', %s, %s, 1, '7', %s, current_date, %s, '{}', id,"
            " %s, %s, %s from project where engagement_id = %s",
            [number, number, kind, Jsonb(body), cost, not by.startswith("not counted"), by, GRID],
        )


def test_the_page_lists_what_the_erp_booked_and_sums_what_counts(client: httpx2.Client, week: BusyWeek) -> None:
    assert "Costs from the ERP" not in client.get(f"/engagements/{GRID}").text
    book(week, "KA-1", "subcontractor", "12000.00", "USD", "12000.00", "as booked")
    book(week, "KA-2", "subcontractor", "1000.00", "EUR", "1080.00", "EUR 1,000.00 at the ERP's rate")
    book(week, "EX-3", "expense", "350.00", "USD", "350.00", "not counted: the PSA tells this kind of cost")
    page = read(client, f"/engagements/{GRID}")
    assert "Subcontractors USD 13,080.00" in " ".join(page.text.split())
    assert "at the ERP's rate" in page.text
    assert "does not count: the PSA tells it" in page.text
    assert "Kestrel <Analytics>" in page.text
