"""Utilization: approved billable hours by the hours people could work, worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.insights.firm import CLAIMS, GRID, SETTING, SmallFirm
from tieline.insights.definition import definitions
from tieline.insights.figure import By, Figure, Scope, read_figures, read_records
from tieline.insights.words import known_by, told
from tieline.insights.working_days import WorkingPeople
from tieline.model.firm import Firm, LegalEntity, Person
from tieline.store.canonical import read_project
from tieline.store.database import Connection, Database

UTILIZATION = definitions()["utilization"]
NOVEMBER = Scope(since=date(2026, 11, 1), until=date(2026, 11, 30))
ENTITIES = (
    LegalEntity(id="DE", name="DE", country="DE", currency="EUR", region="EMEA"),
    LegalEntity(id="US", name="US", country="US", currency="USD"),
)
PEOPLE = (
    Person(id="lena@x.example", name="Lena", role="Consultant", legal_entity="DE", practice="Advisory"),
    Person(id="tom@x.example", name="Tom", role="Architect", legal_entity="US", hours_per_week=Decimal(20)),
)
FIRM = Firm(id="firm", name="Firm", legal_entities=ENTITIES, service_lines=(), people=PEOPLE)


@pytest.fixture
def db(books: Database) -> Iterator[Connection]:
    """Lena worked 30 billable hours in November and 10 others, Tom 4 on a Saturday, a stranger 8."""
    firm = SmallFirm(books)
    firm.count = 1_000_000
    with books.connection() as open_, open_.transaction(force_rollback=True):
        project = read_project(open_, f"prj_{GRID}")
        assert project is not None
        for person, day, minutes, billable in (
            ("Lena@x.example", "2026-11-03", 1200, True),
            ("lena@x.example", "2026-11-04", 600, True),
            ("lena@x.example", "2026-11-05", 600, False),
            ("tom@x.example", "2026-11-07", 240, True),
            ("stranger@x.example", "2026-11-06", 480, True),
        ):
            line = firm.line(open_, project, day, minutes, "0.00", billable=billable)
            open_.execute("update project_transaction set person = %s where id = %s", [person, line])
        open_.execute("delete from project_transaction where person is null")
        open_.execute("insert into time_off values ('kantata', '1', 'lena@x.example', '2026-11-02', 20)")
        yield open_


def figures(db: Connection, scope: Scope = NOVEMBER, by: By | None = None) -> list[Figure]:
    return read_figures(db, UTILIZATION, scope, replace(SETTING, people=WorkingPeople(FIRM)), by)


def test_it_is_billable_hours_by_what_the_calendar_leaves_up_to_today(db: Connection) -> None:
    (whole,) = figures(db)
    # 20 November is today: 15 days of Lena less one off; Tom four hours a day less Veterans Day
    assert [whole.numerator, whole.denominator] == [34, 14 * 8 + 14 * 4]
    assert told(UTILIZATION, whole) == "20.2 %"
    assert known_by(UTILIZATION, whole).endswith("1 more not known"), "the stranger's day"


def test_it_is_told_by_entity_and_by_role_and_its_records_add_up(db: Connection) -> None:
    found = {one.key: [one.numerator, one.denominator] for one in figures(db, by="entity") if one.key}
    assert found == {"DE": [30, 112], "US": [4, 56]}
    assert {one.key: told(UTILIZATION, one) for one in figures(db, by="part") if one.key} == {
        "Consultant": "26.8 %",
        "Architect": "7.1 %",
    }
    records = read_records(db, UTILIZATION, NOVEMBER, replace(SETTING, people=WorkingPeople(FIRM)), limit=1000)
    known = [one for one in records if one.numerator is not None and one.denominator is not None]
    assert sum(one.numerator or 0 for one in known) == 34
    assert sum(one.denominator or 0 for one in known) == 168


def test_without_a_period_it_ends_today_and_a_day_nobody_works_is_not_enough_data(db: Connection) -> None:
    for_ever = Scope(since=date.min, until=date(9999, 12, 31))
    (whole,) = figures(db, for_ever)
    assert whole.numerator == 34
    saturday = date(2020, 1, 4)
    (nothing,) = figures(db, Scope(since=saturday, until=saturday))
    assert told(UTILIZATION, nothing) == "not enough data"


def test_by_practice_customer_and_region_a_day_goes_where_its_time_went_and_the_rest_stays_at_home(
    db: Connection,
) -> None:
    found = {one.key: [one.numerator, one.denominator] for one in figures(db, by="practice") if one.records}
    # Lena's three days with time are Data's; she overworked. Tom's Saturday has no hours, and he has no practice.
    assert found == {"Data": [34, 24], "Advisory": [0, 88], None: [0, 56]}
    customers = [[one.numerator, one.denominator] for one in figures(db, by="customer") if one.records]
    assert sorted(customers) == [[0, 144], [34, 24]]
    regions = {one.key: [one.numerator, one.denominator] for one in figures(db, by="region") if one.records}
    assert regions == {"EMEA": [30, 112], None: [4, 56]}
    (own,) = figures(db, replace(NOVEMBER, practice="Advisory"))
    assert [own.numerator, own.denominator] == [0, 88]


def test_a_day_for_two_engagements_is_split_by_the_time_each_got(books: Database, db: Connection) -> None:
    firm = SmallFirm(books)
    firm.count = 2_000_000
    claims = read_project(db, f"prj_{CLAIMS}")
    assert claims is not None
    line = firm.line(db, claims, "2026-11-04", 1800, "0.00", billable=False)
    db.execute("update project_transaction set person = 'lena@x.example' where id = %s", [line])
    found = [[one.numerator, one.denominator] for one in figures(db, by="customer") if one.records]
    assert [34, 18] in found, "a quarter of the eight hours of the fourth"
    assert [0, 6] in found
    assert sum(below or 0 for _, below in found) == 168
