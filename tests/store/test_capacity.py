"""People, time off, assignments and open deals: what was last read is there, what is gone is gone."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from tieline.model.opportunity import Opportunity
from tieline.model.staffing import Assignment, Resource
from tieline.model.working_time import SubmittedTime, TimeOff
from tieline.store.canonical import refer
from tieline.store.capacity import (
    keep_assignments,
    keep_open_deal,
    keep_people,
    keep_submitted_time,
    keep_time_off,
    list_open_deals,
    list_time_off,
    roles_in_psa,
)
from tieline.store.database import Connection, connect

MARCH = date(2026, 3, 1)


@pytest.fixture
def db(database: str) -> Iterator[Connection]:
    with connect(database) as opened:
        yield opened


def off(name: str, day: date, hours: str = "8") -> TimeOff:
    return TimeOff(id=name, person="lena@x.example", day=day, hours=Decimal(hours))


def test_people_are_those_of_the_last_reading(db: Connection) -> None:
    people = [Resource(id=name, ref=name, name=name, email=f"{name}@X.example", role="Consultant") for name in "ab"]
    keep_people(db, "kantata", people)
    keep_people(db, "kantata", [people[0].model_copy(update={"role": "Architect"})])
    keep_people(db, "other", [people[1]])
    assert roles_in_psa(db) == {"a@x.example": "Architect", "b@x.example": "Consultant"}


def test_time_off_that_is_gone_is_gone_and_what_lies_before_the_reading_stays(db: Connection) -> None:
    keep_time_off(db, "kantata", date(2026, 1, 1), [off("1", date(2026, 2, 2)), off("2", date(2026, 3, 3))])
    keep_time_off(db, "kantata", MARCH, [off("3", date(2026, 3, 4), "4.5")])
    assert [one.id for one in list_time_off(db, date.min, date.max)] == ["1", "3"]
    assert list_time_off(db, MARCH, date(2026, 3, 4))[0].hours == Decimal("4.5")


def test_what_was_handed_in_is_that_of_the_last_reading_with_the_project_we_know(db: Connection) -> None:
    refer(db, "kantata", "project", "prj_1", "7")
    one = SubmittedTime(id="1", person="lena@x.example", day=MARCH, minutes=90, project_ref="7")
    keep_submitted_time(db, "kantata", [one, one.model_copy(update={"id": "2", "project_ref": "8"})])
    keep_submitted_time(db, "other", [one])
    rows = db.execute("select connection, id, project_id from submitted_time order by 1, 2").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("kantata", "1", "prj_1"),
        ("kantata", "2", None),
        ("other", "1", None),
    ]
    keep_submitted_time(db, "kantata", [])
    assert [row["connection"] for row in db.execute("select connection from submitted_time").fetchall()] == ["other"]


def test_assignments_of_a_project_are_those_of_the_last_look_and_others_stay(db: Connection) -> None:
    one = Assignment(
        id="asg_1", project_ref="7", person="Lena@X.example", role="Consultant", start_date=MARCH, end_date=MARCH,
        minutes=480, confirmed=False,
    )  # fmt: skip
    two = one.model_copy(update={"id": "asg_2"})
    for project, found in (("prj_2", [two]), ("prj_1", [one]), ("prj_1", [one.model_copy(update={"confirmed": True})])):
        keep_assignments(db, project, found)
    rows = db.execute("select id, project_id, person, confirmed from assignment order by id").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("asg_1", "prj_1", "lena@x.example", True),
        ("asg_2", "prj_2", "lena@x.example", False),
    ]
    keep_assignments(db, "prj_1", [])
    assert len(db.execute("select from assignment").fetchall()) == 1


@pytest.mark.parametrize("ended", ["is_committed", "is_lost", "is_deleted"])
def test_a_deal_is_open_until_it_is_won_lost_or_deleted(db: Connection, ended: str) -> None:
    deal = Opportunity(id="opp_1", name="Rollout", stage="Proposal", source_version=2)
    keep_open_deal(db, deal)
    keep_open_deal(db, deal.model_copy(update={"name": "Older", "source_version": 1}))
    keep_open_deal(db, deal.model_copy(update={"stage": "Negotiation", "source_version": 3}))
    assert [(one.name, one.stage) for one in list_open_deals(db)] == [("Rollout", "Negotiation")]
    keep_open_deal(db, deal.model_copy(update={ended: True}))
    assert list_open_deals(db) == []
