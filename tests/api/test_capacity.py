"""Capacity over HTTP."""

from datetime import UTC, datetime

import httpx2

from tests.capacity.ahead import fill_ahead
from tests.console.week import GRID, BusyWeek


def test_roles_weeks_and_free_people_are_told_and_nothing_that_somebody_costs(
    client: httpx2.Client, week: BusyWeek
) -> None:
    with week.database.transaction() as db:
        fill_ahead(db, f"prj_{GRID}", datetime.now(UTC).date())
    answer = client.get("/api/capacity?weeks=4")
    found = answer.json()
    architect = next(row for row in found["roles"] if row["role"] == "Sr. Architect")
    assert [cell["unstaffed"] for cell in architect["cells"][1:]] == ["66.25"] * 3
    assert found["not_counted"] == {"deals": ["No roles yet"], "people": ["sam@x.example"]}
    assert "cost" not in answer.text
    assert client.get("/api/capacity?weeks=0").status_code == 422
