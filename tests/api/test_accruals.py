"""Accruals over HTTP."""

from datetime import timedelta

import httpx2

from tests.console.week import GRID, BusyWeek


def test_accruals_are_told_by_entity_and_by_obligation(client: httpx2.Client, week: BusyWeek) -> None:
    month = (week.now.date().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    found = client.get(f"/api/v1/accruals?at={month}&engagement={GRID}").json()
    (us,) = found["sums"]
    assert (us["accrued"], us["accrued_change"], us["deferred"]) == ("18562.50", "18562.50", "0.00")
    assert [(row["obligation"], row["method"], row["earned"]) for row in found["rows"]] == [
        ("work", "as_delivered", "18562.50")
    ]
    assert client.get("/api/v1/accruals?at=soon").status_code == 422
