"""What has changed since a baseline, measured or brought by the firm; a wrong file is refused with every reason."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.insights.firm import SETTING, SmallFirm
from tieline.insights.baseline import (
    BadBaseline,
    Change,
    brought,
    change_of,
    keep,
    known_before,
    list_baselines,
    measured,
)
from tieline.insights.definition import definitions
from tieline.insights.figure import By, Scope, read_figures
from tieline.insights.words import told_change
from tieline.store.database import Database

ALL = Scope()


@pytest.fixture
def own(database: str) -> Iterator[Database]:
    """Books of the small firm that a test may change."""
    opened = Database(database, size=4)
    SmallFirm(opened).fill()
    yield opened
    opened.close()


def changes(books: Database, name: str, scope: Scope = ALL, by: By | None = None) -> dict[object, Change | None]:
    definition = definitions()[name]
    with books.connection() as db:
        before = known_before(db, [name])
        figures = read_figures(db, definition, scope, SETTING, by)
    return {(one.key, one.currency): change_of(before, definition, scope, by, one) for one in figures}


def bring(books: Database, text: str, name: str = "before the start") -> None:
    with books.transaction() as db:
        keep(
            db,
            name,
            "brought",
            "Dana",
            ALL,
            brought("old.csv", f"kpi,value,legal_entity,currency\n{text}", ["US", "DE"]),
        )


def test_measured_figures_are_as_before_and_a_later_change_is_seen(own: Database) -> None:
    with own.transaction() as db:
        keep(db, "first", "measured", "Dana", ALL, measured(db, ALL, SETTING))
    for name in definitions():
        for change in [*changes(own, name).values(), *changes(own, name, by="entity").values()]:
            assert change is None or (change.verdict, change.difference) == ("same", Decimal(0)), name
    with own.transaction() as db:
        db.execute("update exception_item set closed_at = clock_timestamp() where legal_entity = 'US'")
    assert changes(own, "open-exceptions") == {
        (None, None): Change(before=Decimal(1), since="first", difference=Decimal(-1), verdict="better")
    }


def test_what_a_firm_brings_stands_beside_today_by_entity_and_currency(own: Database) -> None:
    bring(own, "dso,52,,\ndso,40,US,\nbacklog,90000,,USD\nmargin,14.2,,")
    assert changes(own, "dso") == {
        (None, "EUR"): Change(
            before=Decimal(52), since="before the start", difference=Decimal("-42.0"), verdict="better"
        ),
        (None, "USD"): Change(
            before=Decimal(52), since="before the start", difference=Decimal("-21.0"), verdict="better"
        ),
    }
    entities = changes(own, "dso", by="entity")
    assert entities[("DE", "EUR")] is None
    assert entities[("US", "USD")] == changes(own, "dso", Scope(entity="US"))[(None, "USD")]
    grown = changes(own, "backlog")[(None, "USD")]
    assert grown is not None
    assert told_change(definitions()["backlog"], grown, "USD") == (
        "USD 8,200.00 better than USD 90,000.00 (before the start)"
    )
    fallen = changes(own, "margin")[(None, "USD")]
    assert fallen is not None
    assert told_change(definitions()["margin"], fallen, "USD") == "2.6 points worse than 14.2 % (before the start)"


def test_the_newest_baseline_counts_and_none_for_other_records(own: Database) -> None:
    bring(own, "dso,52,,", "old")
    bring(own, "dso,45,,", "new")
    newest = changes(own, "dso")[(None, "USD")]
    assert newest is not None
    assert (newest.before, newest.since) == (Decimal(45), "new")
    assert changes(own, "dso", Scope(practice="Data")) == {(None, "USD"): None}
    assert set(changes(own, "dso", by="month").values()) == {None}
    with own.connection() as db:
        assert [(one.name, one.figures) for one in list_baselines(db)] == [("new", 1), ("old", 1)]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", ["old.csv, row 1: the columns must be kpi,value and, where needed, legal_entity, currency, note, not "]),
        ("kpi,figure\n", ["old.csv, row 1: the columns must be"]),
        ("kpi,value\n", ["old.csv: there is no figure in it"]),
        (
            "kpi,value,legal_entity,currency,note\ndos,1,,,\ndso,x,,,\ndso,1,FR,,\nwip,1,,,\nwip,1,,ZZZ,\ndso,NaN,,,\n"
            "dso,1,,,\ndso,2,,,\ndso,1,US,,,,7\n",
            [
                "old.csv, row 2: kpi: there is no key figure 'dos'; tieline kpi lists them",
                "old.csv, row 3: value: 'x' is no number such as 52.5",
                "old.csv, row 4: legal_entity: 'FR' is not one of the site's",
                "old.csv, row 5: currency: wip is an amount and needs one",
                "old.csv, row 6: currency: 'ZZZ' is no ISO 4217 code",
                "old.csv, row 7: value: 'NaN' is no number below",
                "old.csv, row 9: this figure is there twice; remove one",
                "old.csv, row 10: it has more cells than the heading",
            ],
        ),
        ("kpi,value\n" + "dso,1\n" * 6000, ["old.csv: more than 5,000 rows; bring only the figures of one time"]),
    ],
)
def test_a_wrong_file_is_refused_with_every_row_and_reason(text: str, reasons: list[str]) -> None:
    with pytest.raises(BadBaseline) as told:
        brought("old.csv", text, ["US"])
    assert [problem[: len(reason)] for problem, reason in zip(told.value.problems, reasons, strict=True)] == reasons
