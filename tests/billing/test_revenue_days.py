"""The days an invoice line's revenue belongs to, for each kind of line."""

from datetime import date

import pytest

from tests.billing.test_accruals import version
from tieline.billing.revenue_days import revenue_days

CUT = {"start_date": date(2026, 1, 15), "end_date": date(2026, 11, 20)}
AGREED = version(
    billing={
        "subscriptions": [{"id": "care:eu", "name": "Care", "price": 90, "period": "quarter", **CUT}],
        "retainer": {"id": "run", "fee": 300, "hours": 3, **CUT},
    }
)
DUE, LATER = date(2026, 2, 1), date(2026, 2, 9)


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        (None, (DUE, LATER)),
        ("prj_1:subscription:care:eu:2026-Q1", (date(2026, 1, 15), date(2026, 3, 31))),
        ("prj_1:subscription:gone:2026-Q1", (DUE, LATER)),
        ("prj_1:retainer:run:2026-11:fee", (date(2026, 11, 1), date(2026, 11, 20))),
        ("prj_1:retainer:run:2026-02:overage", (date(2026, 2, 1), date(2026, 2, 28))),
        ("prj_1:retainer:run:2026-02:top-up:more", (DUE, date(2026, 11, 20))),
        ("prj_1:cap:total:2026-02", (DUE, LATER)),
        ("adjustment:7", (DUE, LATER)),
    ],
)
def test_a_fee_belongs_to_its_period_and_work_to_its_days(charge: str | None, expected: tuple[date, date]) -> None:
    assert revenue_days(AGREED, charge, [LATER, DUE]) == expected
