"""Missing time is told to the person once, then to who leads, and to nobody once it has come."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.api.serving import desk_on
from tests.console.week import BusyWeek
from tests.observe.mailbox import MailServer, mail_server
from tests.security.listener import Listener, listening
from tieline.app.alert_delivery import deliver
from tieline.app.alerts import chase_missing_time, look
from tieline.app.site import Site, load_site
from tieline.app.views.alerts import list_alerts
from tieline.app.views.missing_time import at_risk, read_missing_time
from tieline.model.staffing import Resource
from tieline.model.working_time import SubmittedTime
from tieline.store.capacity import keep_people, keep_submitted_time
from tieline.store.database import Database

LENA, DANA = "lena.brandt@haldenmarsh.example", "dana.whitfield@haldenmarsh.example"
WEEK = date(2026, 10, 5)
CUT_OFF = datetime(2026, 10, 12, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

BOOKED = """
insert into project_transaction (connection, kind, source_id, source_version, project_id, person, work_date, quantity,
  unit, currency, amount, state)
select 'kantata', 'time', gen_random_uuid()::text, 1, id, %s, %s, %s, 'min', 'EUR', %s, 'checked'
from project order by id limit 1
"""


class Chase:
    """Lena has approved 16 of 40 hours of a week, on a project Dana leads."""

    def __init__(self, database: Database, site: Site, hook: Listener, mail: MailServer) -> None:
        self.database, self.site, self.hook, self.mail = database, site, hook, mail
        with database.transaction() as db:
            keep_people(db, "kantata", [Resource(id="res_1", ref="1", name="Lena Brandt", email=LENA)])
            db.execute("delete from project_transaction")
            db.execute("update project set body = body || %s::jsonb", [json.dumps({"delivery_leads": [DANA]})])
        self.book(WEEK, 16)

    def book(self, day: date, hours: int) -> None:
        with self.database.transaction() as db:
            db.execute(BOOKED, [LENA, day, hours * 60, hours * 150])

    def look(self, now: datetime) -> None:
        chase_missing_time(self.database, self.site, now)
        deliver(self.database, self.site)

    def to(self) -> list[str]:
        return [letter["To"] for letter in self.mail.letters]


@pytest.fixture
def chase(database: str, tmp_path: Path) -> Iterator[Chase]:
    opened = Database(database)
    BusyWeek(opened).fill()
    with listening() as hook, mail_server() as mail:
        folder = tmp_path / "site"
        desk_on(opened, folder)
        (folder / "secrets" / "alerts").write_text(SECRET)
        with (folder / "site.toml").open("a") as toml:
            toml.write(
                "\n[missing_time]\nremind = true\nweeks = 1\n"
                f'\n[[alert_channel]]\nname = "ops"\nkind = "webhook"\nurl = "http://{hook.place}/alerts"\n'
                f'secret = "file:secrets/alerts"\nallow = ["{hook.place}"]\nonly = ["missing_time"]\n'
                f'\n[[alert_channel]]\nname = "mail"\nkind = "email"\nserver = "{mail.place}"\nsecurity = "none"\n'
                'sender = "tieline@haldenmarsh.example"\nto = ["sam.ortiz@haldenmarsh.example"]\n'
                'only = ["missing_time"]\n'
            )
        site = load_site(folder)
        yield Chase(opened, replace(site, alerts=site.alerts.model_copy(update={"calm_seconds": 0.0})), hook, mail)
    opened.close()


def test_the_person_is_told_once_after_the_cut_off_and_who_leads_once_a_day_later(chase: Chase) -> None:
    chase.look(CUT_OFF - timedelta(minutes=1))
    assert chase.to() == []
    for _ in range(3):
        chase.look(CUT_OFF)
    assert chase.to() == [LENA]
    letter = chase.mail.letters[0]
    assert letter["Subject"] == "[Tieline] Halden Marsh: 24 hours of Lena Brandt are missing in the week of 2026-10-05"
    assert "16 of 40 hours are approved" in letter.get_content()
    for hours in (23, 24, 48):
        chase.look(CUT_OFF + timedelta(hours=hours))
    assert chase.to() == [LENA, DANA]
    assert [json.loads(body)["data"]["to"] for _, _, body in chase.hook.came] == [LENA, DANA]


def test_time_that_was_handed_in_is_told_to_who_leads_alone(chase: Chase) -> None:
    with chase.database.transaction() as db:
        sheet = [SubmittedTime(id="1", person=LENA, day=WEEK, minutes=24 * 60)]
        keep_submitted_time(db, "kantata", sheet)
    chase.look(CUT_OFF)
    assert chase.to() == [DANA]
    letter = chase.mail.letters[0]
    assert "24 hours of Lena Brandt wait for approval in the week of 2026-10-05" in letter["Subject"]
    assert "16 of 40 hours are approved, 24 more are handed in" in letter.get_content()
    with chase.database.connection() as db:
        (row,) = read_missing_time(db, chase.site.firm, CUT_OFF)
    assert (row.step, str(row.missing), str(row.worth)) == ("approve", "0.00", "3600.00")
    assert row.escalated_at is not None


def test_time_that_arrives_ends_it_without_a_word_and_time_taken_back_tells_nobody_twice(chase: Chase) -> None:
    chase.look(CUT_OFF)
    chase.book(WEEK + timedelta(days=2), 24)
    chase.look(CUT_OFF + timedelta(hours=30))
    with chase.database.connection() as db:
        assert read_missing_time(db, chase.site.firm, CUT_OFF) == []
        db.execute("delete from project_transaction where work_date = %s", [WEEK + timedelta(days=2)])
    chase.look(CUT_OFF + timedelta(hours=31))
    assert chase.to() == [LENA, DANA], "the second step is new, the first is not told again"


def test_what_nobody_was_told_yet_is_not_told_any_more_when_time_has_come(chase: Chase) -> None:
    chase_missing_time(chase.database, chase.site, CUT_OFF)
    chase.book(WEEK + timedelta(days=2), 24)
    chase.look(CUT_OFF + timedelta(hours=1))
    assert chase.to() == []


def test_the_other_alerts_neither_end_it_nor_show_it_and_it_ends_none_of_them(chase: Chase) -> None:
    look(chase.database, chase.site)
    with chase.database.connection() as db:
        before = [one.cause for one in list_alerts(db)]
    chase.look(CUT_OFF)
    look(chase.database, chase.site)
    chase.look(CUT_OFF)
    with chase.database.connection() as db:
        assert [one.cause for one in list_alerts(db)] == before
        (row,) = db.execute("select resolved_at from alert where kind = 'missing_time'").fetchall()
    assert row["resolved_at"] is None
    assert chase.to() == [LENA]


def test_it_is_told_what_the_hours_may_be_worth_and_who_was_told(chase: Chase) -> None:
    chase.look(CUT_OFF)
    with chase.database.connection() as db:
        (row,) = read_missing_time(db, chase.site.firm, CUT_OFF)
    assert (row.currency, str(row.worth), row.leads, row.step) == ("EUR", "3600.00", (DANA,), "remind")
    assert row.reminded_at is not None
    assert row.escalated_at is None
    assert [(currency, str(amount)) for currency, amount in at_risk([row, row])] == [("EUR", "7200.00")]


def test_nobody_is_written_to_where_the_site_does_not_want_it(chase: Chase) -> None:
    quiet = chase.site.firm.missing_time.model_copy(update={"remind": False})
    chase.site = replace(chase.site, firm=chase.site.firm.model_copy(update={"missing_time": quiet}))
    chase.look(CUT_OFF + timedelta(hours=48))
    assert chase.to() == []
