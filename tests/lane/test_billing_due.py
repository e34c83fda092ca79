"""Days on which billing looks at a project again though nothing happens."""

from datetime import date

from tests.lane.world import World, a_project
from tieline.lane.billing_facts import look_on, wake_billing_due

PROJECT = a_project()


def test_billing_is_woken_once_when_its_day_has_come(world: World) -> None:
    with world.database.transaction() as db:
        look_on(db, PROJECT, date(2026, 3, 2))
        look_on(db, PROJECT, date(2026, 3, 1))
    assert _woken(world, date(2026, 2, 28)) == 0
    assert _woken(world, date(2026, 3, 1)) == 1
    assert _woken(world, date(2026, 3, 9)) == 0
    assert world.rows("select flow, key, reasons from agenda") == [
        {"flow": "billing", "key": "prj_1", "reasons": ["timer"]}
    ]


def _woken(world: World, today: date) -> int:
    with world.database.transaction() as db:
        return wake_billing_due(db, today)
