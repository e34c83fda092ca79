"""Every key figure of a small firm is the one worked out by hand, and its records add up to it."""

from datetime import date
from decimal import Decimal

import pytest
from psycopg import Rollback

from tests.insights.firm import GRID, SETTING
from tieline.insights.definition import definitions
from tieline.insights.figure import By, Figure, Scope, read_figures, read_records
from tieline.insights.words import known_by, told
from tieline.store.database import Database

# Figure -> currency -> what is told, from how many records, and how many more are not known; worked out from firm.py.
BY_HAND = {
    "quote-to-project": {None: ("2.8 days", 1, 1)},  # 2.75; Claims is not in the PSA
    "staffing-lead-time": {None: ("10.5 days", 1, 1)},
    "backlog": {"USD": ("USD 98,200.00", 1, 0), "EUR": ("EUR 12,000.00", 1, 0)},  # value - issued
    "billable-share": {None: ("80.0 %", 7, 0)},  # (480+180+480+60+120+600) / (these + 480) minutes
    "utilization": {None: ("not enough data", 0, 6)},  # nobody is in people.csv: six days of work by strangers
    "unapproved-time": {None: ("20.0 %", 8, 0)},  # 600 / (600 + 2400) minutes
    "time-latency": {None: ("15.3 days", 7, 0)},  # (19+27+2+3+31+18+7) / 7
    "posted-in-time": {None: ("90.0 %", 2, 0)},
    "readiness-lag": {None: ("2.0 days", 3, 0)},  # (2 + 1 + 3) / 3
    "invoice-cycle": {None: ("3.5 days", 2, 1)},  # (5 + 2) / 2, and a draft
    "wip": {"USD": ("USD -150.00", 2, 1)},  # 450 - 600, and an hour without a price
    "wip-age": {"USD": ("66.0 days", 2, 1)},  # all of 15 September
    "write-off-rate": {"USD": ("9.5 %", 4, 1), "EUR": ("0.0 %", 1, 0)},  # 300 / (1200 + 450 + 1200 + 300)
    "billing-accuracy": {None: ("75.0 %", 4, 0)},  # one of four was corrected
    "revenue-leakage": {"USD": ("USD 750.00", 2, 1)},  # 300 written off, 450 of September
    "close-duration": {None: ("6.0 days", 2, 2)},  # US August 10, DE October 2; US September and October are open
    "dso": {"USD": ("31.0 days", 1, 0), "EUR": ("10.0 days", 1, 0)},  # 1800 x 31 / 1800; 4760 x 20 / 9520
    "days-to-pay": {"USD": ("30.0 days", 1, 0), "EUR": ("10.0 days", 1, 0)},
    "contract-position": {"USD": ("USD 100,000.00", 5, 0), "EUR": ("EUR 20,000.00", 5, 0)},
    "margin": {"USD": ("11.6 %", 3, 0), "EUR": ("not enough data", 0, 1)},  # (2850 - 2520) / 2850
    "margin-variance": {"USD": ("-28.4 %", 1, 0), "EUR": ("not enough data", 0, 1)},  # (330 - 0.4 x 2850) / 2850
    "forecast-accuracy": {None: ("not enough data", 0, 0)},  # no project has ended
    "realization": {"USD": ("90.9 %", 3, 0), "EUR": ("533.3 %", 1, 0)},  # 3000 / 3300; 8000 / 1500
    "rate-realization": {"USD": ("73.5 %", 3, 0), "EUR": ("not enough data", 0, 1)},  # 2850 / (1600 + 600 + 1680)
    "dispute-rate": {None: ("50.0 %", 2, 0)},
    "satisfaction": {None: ("85.0 %", 2, 0)},
    "renewal-conversion": {None: ("50.0 %", 2, 0)},
    "manual-decisions": {None: ("3", 3, 0)},  # an exception, an approval, a pair
    "open-exceptions": {None: ("1", 1, 0)},
    "exception-age": {None: ("10.0 days", 1, 0)},
    "time-to-mend": {None: ("2.5 days", 1, 0)},
    "throughput": {None: ("101", 3, 0)},
}
ALL = Scope()


def figures_of(books: Database, name: str, scope: Scope = ALL, by: By | None = None) -> list[Figure]:
    with books.connection() as db:
        return read_figures(db, definitions()[name], scope, SETTING, by)


def test_every_figure_is_worked_out_by_hand() -> None:
    assert set(BY_HAND) == set(definitions())


def test_every_figure_is_the_one_worked_out_by_hand(books: Database) -> None:
    found = {
        name: {
            one.currency: (told(definition, one), one.records, one.missing) for one in figures_of(books, definition.id)
        }
        for name, definition in definitions().items()
    }
    assert found == BY_HAND


def test_what_was_written_down_counts_as_given_up(books: Database) -> None:
    usd = Scope(currency="USD")
    with books.transaction() as db:
        for source, amount in (("adjustment:1", "-120"), ("adjustment:2", "50"), ("adjustment:3", "-40")):
            db.execute(
                "insert into project_transaction (connection, kind, source_id, source_version, project_id, work_date,"
                " quantity, unit, currency, amount, disposition, state) values ('tieline', 'adjustment', %s, 1, %s,"
                " '2026-11-10', 1, 'each', 'USD', %s, 'billable', 'checked')",
                [source, f"prj_{GRID}", amount],
            )
        db.execute(
            "insert into invoice_line (transaction_id, invoice_id) select t.id, i.id"
            " from project_transaction t, invoice i where i.status = 'draft'"
            " and t.source_id in ('adjustment:1', 'adjustment:2')"
        )
        (rate,) = read_figures(db, definitions()["write-off-rate"], usd, SETTING)
        assert rate.numerator == 300 + 120 + 40
        assert rate.denominator == 1200 + 450 + 1200 + 300
        parts = read_figures(db, definitions()["revenue-leakage"], usd, SETTING, "part")
        leaked = {one.key: one.numerator for one in parts if one.numerator}
        assert leaked == {"written off": 300, "not invoiced in time": 450, "written down": 120}
        raise Rollback  # others read the same books


def test_its_records_add_up_to_every_figure_and_so_do_its_groups(books: Database) -> None:
    groupings: tuple[By, ...] = ("entity", "region", "practice", "customer", "month", "part")
    for name, definition in definitions().items():
        with books.connection() as db:
            records = read_records(db, definition, ALL, SETTING, limit=1000)
        for whole in figures_of(books, name):
            mine = [one for one in records if one.currency == whole.currency]
            known = [one for one in mine if one.numerator is not None]
            assert (whole.records, whole.missing) == (len(known), len(mine) - len(known)), name
            assert whole.numerator == sum(one.numerator or 0 for one in known), name
            assert (whole.denominator or 0) == sum(one.denominator or 0 for one in known), name
            for by in groupings:
                parts = [one for one in figures_of(books, name, by=by) if one.currency == whole.currency]
                assert whole.numerator == sum(one.numerator for one in parts), (name, by)
                assert whole.records == sum(one.records for one in parts), (name, by)


def test_the_parts_of_a_contract_add_up_to_its_value(books: Database) -> None:
    found = figures_of(books, "contract-position", by="part")
    assert list(dict.fromkeys(one.key for one in found)) == [*definitions()["contract-position"].order]
    parts = {(one.key, one.currency): one.numerator for one in found}
    assert parts == {
        ("collected", "USD"): 1800, ("collected", "EUR"): 4000,
        ("owed", "USD"): 0, ("owed", "EUR"): 4000,
        ("on drafts", "USD"): 1200, ("on drafts", "EUR"): 0,
        ("unbilled work", "USD"): -150, ("unbilled work", "EUR"): 0,
        ("still to be delivered", "USD"): 97150, ("still to be delivered", "EUR"): 12000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "told_as"),
    [
        (Scope(entity="US"), ["USD 98,200.00"]),
        (Scope(practice="Data"), ["USD 98,200.00"]),
        (Scope(practice="Implementation"), ["EUR 12,000.00"]),  # its service line, as it has no practice
        (Scope(customer=f"Customer of {GRID}"), ["USD 98,200.00"]),
        (Scope(customer=f"cus_{GRID}"), ["USD 98,200.00"]),
        (Scope(currency="EUR"), ["EUR 12,000.00"]),
        (Scope(entity="none"), ["0"]),
        (Scope(until=date(2020, 1, 1)), ["0"]),
    ],
)
def test_a_scope_leaves_the_others_out(books: Database, scope: Scope, told_as: list[str]) -> None:
    assert [told(definitions()["backlog"], one) for one in figures_of(books, "backlog", scope)] == told_as


def test_a_period_takes_the_records_of_its_days_only(books: Database) -> None:
    october = Scope(since=date(2026, 10, 1), until=date(2026, 10, 31))
    (share,) = figures_of(books, "billable-share", october)
    assert [share.numerator, share.denominator, share.records] == [1080, 1080, 2]
    (owed,) = figures_of(books, "dso", october)
    assert (owed.currency, owed.value) == ("USD", Decimal("31.0"))
    for_ever = Scope(since=date.min, until=date(9999, 12, 31))
    assert figures_of(books, "dso", for_ever) == figures_of(books, "dso")


def test_a_month_is_named_and_a_customer_too(books: Database) -> None:
    assert [one.key for one in figures_of(books, "margin", by="month") if one.currency == "USD"] == [
        "2026-09", "2026-10", "2026-11",
    ]  # fmt: skip
    assert {(one.key, one.name) for one in figures_of(books, "backlog", by="customer")} == {
        ("cus_eng_grid", "Customer of eng_grid"),
        ("cus_eng_claims", "Customer of eng_claims"),
    }


def test_nothing_is_not_enough_data_for_a_share_and_none_for_a_sum(books: Database) -> None:
    nowhere = Scope(entity="none")
    assert {name: told(definitions()[name], figures_of(books, name, nowhere)[0]) for name in ("margin", "wip")} == {
        "margin": "not enough data",
        "wip": "0",
    }


def test_a_figure_says_what_it_rests_on(books: Database) -> None:
    share, (figure,) = definitions()["write-off-rate"], figures_of(books, "write-off-rate", Scope(currency="USD"))
    assert known_by(share, figure) == "300 of 3,150, 4 lines; 1 more not known"


def test_pages_of_records_neither_repeat_nor_skip(books: Database) -> None:
    definition = definitions()["billable-share"]
    with books.connection() as db:
        whole = read_records(db, definition, ALL, SETTING)
        pages = [read_records(db, definition, ALL, SETTING, after=after, limit=3) for after in (0, 3, 6)]
    assert [one for each in pages for one in each] == whole
    assert len(whole) == 7


def test_the_cost_of_a_finished_project_is_compared_with_what_was_planned(books: Database) -> None:
    """Grid cost 2,520 of planned 60,000; of Claims there is no plan."""
    accuracy = definitions()["forecast-accuracy"]
    with books.connection() as db, db.transaction(force_rollback=True):
        db.execute("update project set body = jsonb_set(body, '{end_date}', '\"2026-11-15\"')")
        found = {one.currency: one for one in read_figures(db, accuracy, ALL, SETTING)}
    grid, claims = found["USD"], found["EUR"]
    assert (told(accuracy, grid), grid.records, grid.missing) == ("4.2 %", 1, 0)
    assert (claims.value, claims.records, claims.missing) == (None, 0, 1)
