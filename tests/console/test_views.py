"""What people ask of the thread is read from the books as they are."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.console.week import CLAIMS, GRID, ROBOTICS, TREASURY, BusyWeek
from tests.console.world import cards
from tieline.app.alerts import early_warnings
from tieline.app.desk import Desk
from tieline.app.outlooks import look_ahead, look_at_all, say_satisfaction
from tieline.app.views.burn import burn_of
from tieline.app.views.engagement import EngagementPage, read_engagement
from tieline.app.views.engagements import list_engagements, page_engagements
from tieline.app.views.exception_detail import read_history, read_lines
from tieline.app.views.exceptions import list_exceptions, page_exceptions, read_exception
from tieline.app.views.operations import read_operations
from tieline.app.views.paging import BadCursor, place_of, snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.app.views.thread import columns, thread_rows, waiting_rows
from tieline.app.views.timeline import read_newest, read_timeline, read_waiting
from tieline.engine.controls import pause
from tieline.exception_queue.filter import Filter
from tieline.lane.own_charges import add_charge, milestone_charge
from tieline.model.money import Money
from tieline.model.project import Milestone, Project
from tieline.store.canonical import contract_of_engagement, loaded, put_project
from tieline.store.database import Database


def page_of(week: BusyWeek, engagement: str) -> EngagementPage:
    with snapshot(week.database) as db:
        page = read_engagement(db, engagement, week.now.date())
    assert page is not None
    return page


def test_each_engagement_says_where_it_stands_why_and_who_acts(week: BusyWeek) -> None:
    with snapshot(week.database) as db:
        rows = {row.id: row for row in list_engagements(db)}
    assert [(rows[name].stage, rows[name].health) for name in (GRID, TREASURY, ROBOTICS, CLAIMS)] == [
        ("billing", "trouble"),
        ("paid", "ok"),
        ("contract & project set-up", "waiting"),
        ("contract & project set-up", "trouble"),
    ]
    assert rows[GRID].stands == "Role 'Sr. Architect' has no service item in NetSuite"
    assert rows[GRID].acts == "finance"
    assert rows[ROBOTICS].stands.startswith("Staffing shown in CRM: Salesforce is busy")
    assert rows[ROBOTICS].acts is None
    assert rows[TREASURY].stands == "all invoices are paid"
    assert (rows[GRID].invoiced, rows[GRID].paid) == (Decimal("74662.50"), Decimal("24750.00"))


def test_pages_of_engagements_neither_repeat_nor_skip(week: BusyWeek) -> None:
    seen, cursor = [], None
    with snapshot(week.database) as db:
        while True:
            page = page_engagements(db, limit=1, cursor=cursor)
            seen += [row.id for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        everything = [row.id for row in list_engagements(db)]
    assert seen == everything == [CLAIMS, ROBOTICS, GRID, TREASURY]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("grid settle", [GRID]),
        ("o'brien", [CLAIMS]),
        ("INV-20311", [TREASURY]),
        ("0068dGRIDQ4", [GRID]),
        ("eng_rob", [ROBOTICS]),
        ("%", []),
        ("nothing like this", []),
    ],
)
def test_search_finds_names_and_ids_of_any_system(week: BusyWeek, search: str, found: list[str]) -> None:
    with snapshot(week.database) as db:
        assert [row.id for row in list_engagements(db, search=search)] == found


def test_only_engagements_with_open_exceptions_need_a_person(week: BusyWeek) -> None:
    with snapshot(week.database) as db:
        assert [row.id for row in list_engagements(db, show="trouble")] == [CLAIMS, GRID]


def test_the_figures_of_an_engagement_add_up(week: BusyWeek) -> None:
    page = page_of(week, GRID)
    amounts = {state.state: (state.lines, state.amount) for state in page.lines}
    assert amounts == {
        "paid": (20, Decimal("24750.00")),
        "invoiced": (22, Decimal("31350.00")),
        "posted": (15, Decimal("18562.50")),
        "waiting": (3, Decimal("3712.50")),
        "in_exception": (5, Decimal("11062.50")),
    }
    assert page.burn is not None
    assert page.burn.used == sum(amount for _, amount in amounts.values())
    used = [month.used for month in page.burn.months if month.used is not None]
    assert used[-1] == page.burn.used
    assert used == sorted(used)
    assert page.burn.months[-1].plan == page.burn.budget


def test_a_reversal_is_netted_in_every_figure(week: BusyWeek) -> None:
    before = page_of(week, TREASURY)
    with week.database.transaction() as db:
        db.execute(
            "insert into project_transaction (connection, kind, source_id, source_version, seq, sign, live, project_id,"
            " work_date, quantity, unit, currency, amount, state) select connection, kind, source_id, 2, 1, -1, false,"
            " project_id, work_date, quantity, unit, currency, amount, 'checked' from project_transaction"
            " where project_id = %s order by id limit 1",
            [before.projects[0].id],
        )
    after = page_of(week, TREASURY)
    assert before.burn is not None
    assert after.burn is not None
    assert sum(item.amount for item in after.lines) == Decimal("25650.00") == after.burn.used
    assert sum(item.lines for item in after.lines) == 19
    assert before.burn.hours_used - after.burn.hours_used == Decimal("7.50")


def test_the_contract_shows_its_versions_and_the_project_its_records(week: BusyWeek) -> None:
    page = page_of(week, GRID)
    assert page.contract is not None
    assert [(v.version, v.value, v.in_force) for v in page.contract.versions] == [
        (2, Decimal("128400.00"), True),
        (1, Decimal("96000.00"), False),
    ]
    assert {record.connection for record in page.projects[0].records} == {"netsuite", "kantata", "salesforce"}
    assert [(i.number, i.status, i.outstanding) for i in page.invoices] == [
        (None, "draft", Decimal("18562.50")),
        ("INV-20466", "open", Decimal("31350.00")),
        ("INV-20417", "paid", Decimal("0.00")),
    ]
    assert page.opportunities[0].external_id == "0068dGRIDQ4"


def test_the_timeline_joins_the_writes_of_one_step_and_names_the_systems(week: BusyWeek) -> None:
    with snapshot(week.database) as db:
        rows = thread_rows(read_newest(db, GRID), cards())
        waits = waiting_rows(read_waiting(db, CLAIMS), cards())
        assert [item.number for item in read_timeline(db, GRID)] == sorted(i.number for i in read_newest(db, GRID))
    tasks = next(row for row in rows if row.title == "Tasks in PSA")
    assert tasks.cells["psa"].count == 4
    assert tasks.cells["psa"].url is not None
    assert tasks.cells["psa"].url.startswith("https://kantata.example/wbs_element/")
    assert [row.title for row in rows[:2]] == ["15 time entries posted", "Burn and billing in CRM"]
    assert [(row.title, row.hot) for row in waits] == [("Customer in ERP", True), ("Project in ERP", False)]
    assert columns(rows, cards()) == {"crm": ("Salesforce",), "psa": ("Kantata",), "erp": ("NetSuite",)}


def test_the_queue_counts_money_by_currency_and_finds_engagements_of_lines(week: BusyWeek) -> None:
    with snapshot(week.database) as db:
        rows = {row.kind: row for row in list_exceptions(db)}
        counts = count_exceptions(db)
        lines = read_lines(db, rows["mapping"].id, limit=2)
        rest = read_lines(db, rows["mapping"].id, after=lines[-1].number)
        history = read_history(db, rows["mapping"].id)
    mapping = rows["mapping"]
    assert (mapping.waiting, mapping.lines, mapping.engagements) == (5, 5, (GRID,))
    assert mapping.money == (("USD", Decimal("11062.50")),)
    assert rows["approval"].approval_id is not None
    assert (counts.open, counts.approvals, dict(counts.owners)["finance"]) == (5, 1, 3)
    assert len({line.record for line in (*lines, *rest)}) == 5
    assert lines[0].engagement == "Grid settlement platform, phase 2"
    assert [(item.actor, item.detail) for item in history] == [
        ("Dana Whitfield", "SVC-EM is right until the new rate card comes.")
    ]


def test_the_queue_pages_the_nearest_deadline_first_and_by_owner(week: BusyWeek) -> None:
    with snapshot(week.database) as db:
        first = page_exceptions(db, limit=2)
        second = page_exceptions(db, limit=200, cursor=first.next)
        finance = page_exceptions(db, limit=200, wanted=Filter(owner="finance"))
        everything = [row.id for row in list_exceptions(db, sort="due")]
    assert [row.id for row in (*first.items, *second.items)] == everything
    assert second.next is None
    assert first.items[0].kind == "mapping"
    assert {row.owner for row in finance.items} == {"finance"}


@pytest.mark.parametrize("cursor", ["x", "🦊", "bm90IGEgZGF0ZXwx", "MjAyNi0wMS0wMVQwMDowMDowMHwx", "", "A" * 5000])
def test_a_cursor_nobody_made_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        place_of(cursor)


def test_a_closed_exception_is_found_by_its_number_only(week: BusyWeek) -> None:
    with week.database.transaction() as db:
        db.execute("update exception_item set closed_at = clock_timestamp(), closed_by = 'x' where kind = 'mapping'")
        row = db.execute("select id from exception_item where kind = 'mapping'").fetchone()
        assert row is not None
    with snapshot(week.database) as db:
        assert row["id"] not in [item.id for item in list_exceptions(db)]
        found = read_exception(db, row["id"])
        assert found is not None
        assert found.closed_by == "x"
        assert read_exception(db, 2**40) is None


def test_operations_tell_which_connection_does_not_do_well_and_why(week: BusyWeek) -> None:
    pause(week.database, "connection", "netsuite", "month-end close", "Dana Whitfield")
    with snapshot(week.database) as db:
        operations = read_operations(db, cards())
    health = {row.name: (row.health, row.why) for row in operations.connections}
    assert health == {
        "salesforce": ("healthy", None),
        "kantata": ("failing", "HTTP 503: Service Unavailable"),
        "netsuite": ("paused", "month-end close"),
    }
    assert operations.inbox_hour == 18
    assert operations.unclear == 1
    assert operations.workers == 0
    assert [(effect.label, effect.state) for effect in operations.effects] == [
        ("Invoice shown in CRM", "in_doubt"),
        ("Customer in ERP", "rejected"),
    ]


def test_an_open_circuit_is_told(week: BusyWeek) -> None:
    with week.database.transaction() as db:
        db.execute(
            "insert into circuit (connection, failures, opened_at, retry_at, reason) values"
            " ('kantata', 5, now(), now() + interval '15 seconds', 'connection refused')"
        )
    with snapshot(week.database) as db:
        kantata = next(row for row in read_operations(db, cards()).connections if row.name == "kantata")
    assert (kantata.health, kantata.why) == ("down", "connection refused")


def test_work_outside_the_contract_widens_the_burn(week: BusyWeek) -> None:
    with snapshot(week.database) as db:
        contract = contract_of_engagement(db, GRID)
    assert contract is not None
    late = date(contract.end_date.year + 1, 5, 1)
    burn = burn_of(contract, {late: Decimal(10)}, Decimal(90), contract.start_date)
    assert burn.months[-1].month == late
    assert burn.months[-1].used == Decimal(10)
    assert burn.hours_used == Decimal("1.50")


def test_an_engagement_nobody_opened_is_none(books: Database) -> None:
    with snapshot(books) as db:
        assert read_engagement(db, "eng_none", date(2026, 1, 1)) is None


def test_the_outlook_of_an_engagement_is_read_from_its_books_and_says_where_nothing_is_known(
    week: BusyWeek, desk: Desk
) -> None:
    today, site = week.now.date(), desk.site
    with week.database.transaction() as db:
        due = (today - timedelta(40)).isoformat()
        db.execute(
            "update invoice set state = state || jsonb_build_object('due_on', %s::text) where number = 'INV-20466'",
            [due],
        )
        (body,) = db.execute("select body from project where engagement_id = %s", [GRID]).fetchall()
        project = loaded(Project, body["body"])
        amount = Money(amount=Decimal(1000), currency="USD")
        done, late = (
            Milestone(id=f"mst_{name}", project_id=project.id, name=name, due_on=today - timedelta(3), amount=amount)
            for name in ("design", "build")
        )
        project = project.model_copy(update={"milestones": (done, late)})
        put_project(db, project)
        add_charge(db, milestone_charge("kantata", project, done, today, "Dana"))
    assert say_satisfaction(week.database, GRID, Decimal(45), "Ida Berg")
    assert not say_satisfaction(week.database, "eng_nowhere", Decimal(45), "Ida Berg")
    with snapshot(week.database) as db:
        (found,) = look_ahead(db, site.firm, today, GRID)
    values = {one.id: (one.value, one.points) for one in found.signals}
    assert (found.colour, found.customer) == ("red", "Bluepeak Energy")
    assert values["overdue"] == (Decimal(40), 2)
    assert values["milestones"] == (Decimal(3), 1)
    assert values["satisfaction"] == (Decimal(55), 2)
    assert values["exceptions"] == (Decimal("8.6"), 2)
    assert set(found.missing) == {"late_time", "margin"}
    assert [one.title for one in found.warnings] == [
        f"Milestone 'build' of {project.code} is late",
        f"{project.code}: work of 2026-10-01 is not invoiced",
    ]
    assert "1 of 2 milestones delivered (design), 0 in time" in found.outcomes

    assert look_at_all(week.database, site, today) == 4
    assert look_at_all(week.database, site, today) == 0, "the same is told once"
    with week.database.connection() as db:
        assert [row.id for row in list_engagements(db, colour="red")] == [GRID]
        assert {row.colour for row in list_engagements(db)} == {"red", "green"}
        assert [cause.cause for cause in early_warnings(db, site)] == [f"risk:{one.id}" for one in found.warnings]
        assert db.execute("select from agenda where flow = 'outlook'").fetchone() is None, "nobody wants to be told"
        db.execute("update engagement set closed_at = now() where id = %s", [GRID])
    look_at_all(week.database, site, today)
    with week.database.connection() as db:
        assert list_engagements(db, colour="red") == []
