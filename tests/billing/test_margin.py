"""Margins of a project: as planned, to date and at completion, by hand."""

from decimal import Decimal
from typing import Any

import pytest

from tests.billing.test_outlook import TODAY, milestone, project
from tieline.billing.margin import margins

PLANNED = {"hours_budgeted": 100, "planned_cost": 6000}
"""10,000 for 100 hours that cost 6,000."""


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"cost": 0}, ("40.0", None, "40.0")),
        ({}, ("40.0", None, None)),
        ({"hours": 50, "worked": 5000, "cost": 4000}, ("40.0", "20.0", "30.0")),
        ({"hours": 50, "cost": 4000, "milestones": (milestone("a", TODAY),)}, ("40.0", "20.0", "30.0")),
        ({"hours": 120, "worked": 9000, "cost": 9900}, ("40.0", "-10.0", "-10.0")),
        ({"hours": 120, "cost": 9900, "milestones": (milestone("a", TODAY),)}, ("40.0", "1.0", "1.0")),
        ({"hours": 50, "worked": 5000}, ("40.0", None, None)),
        ({"planned_cost": None, "hours": 50, "worked": 5000, "cost": 4000}, (None, "20.0", None)),
        ({"hours_budgeted": 0, "value": 0, "planned_cost": None}, (None, None, None)),
    ],
)
def test_what_is_not_worked_yet_counts_as_planned(known: dict[str, Any], expected: tuple[str | None, ...]) -> None:
    found = margins(project(**(PLANNED | known)))
    told = (found.plan, found.to_date, found.at_completion)
    assert told == tuple(None if one is None else Decimal(one) for one in expected)
