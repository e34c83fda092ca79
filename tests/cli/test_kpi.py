"""The commands of the key figures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.insights.firm import SmallFirm
from tieline.store.database import Database


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    opened = Database(database)
    SmallFirm(opened).fill()
    yield opened
    opened.close()


def test_they_are_listed_shown_and_opened(tieline: Command, site: Path, books: Database) -> None:
    assert "Days sales outstanding" in tieline("kpi").out
    assert {"id", "formula", "known"} <= set(tieline("kpi", "--json").json()[0])
    shown = tieline("kpi", "backlog", "--by", "entity", "--site", site)
    assert shown.code == 0, shown.err
    assert "USD 98,200.00" in shown.out
    found = tieline("kpi", "show", "backlog", "--entity", "DE", "--site", site, "--json").json()
    assert [(one["currency"], one["value"], one["change"]) for one in found["figures"]] == [("EUR", 12000, None)]
    rows = tieline("kpi", "write-off-rate", "--records", "--limit", "2", "--site", site, "--json").json()
    assert len(rows) == 2
    assert "key,name,currency,value" in tieline("kpi", "backlog", "--csv", "--site", site).out


def test_currencies_become_one_at_named_rates_only(tieline: Command, site: Path, books: Database) -> None:
    rate = "USD=0.5@2026-10-31"
    found = tieline("kpi", "backlog", "--in", "EUR", "--rate", rate, "--site", site, "--json").json()["figures"]
    assert [(one["currency"], one["value"], one["converted"]) for one in found] == [
        ("EUR", 61100, "USD 0.5 (given, 2026-10-31)")
    ]
    share = tieline("kpi", "write-off-rate", "--in", "EUR", "--rate", rate, "--site", site, "--json").json()["figures"]
    assert [(one["value"], one["records"], one["missing"]) for one in share] == [(1.6, 5, 1)]  # 150 / (1575 + 8000)
    assert "There is no rate from USD into EUR" in tieline("kpi", "backlog", "--in", "EUR", "--site", site).sentence()
    for wrong in ("USD", "USD=x@2026-10-31", "USD=1@soon", "USD=-1@2026-10-31"):
        assert "is no rate" in tieline("kpi", "backlog", "--in", "EUR", "--rate", wrong, "--site", site).sentence()


def test_a_wrong_name_or_question_is_told_in_a_sentence(tieline: Command, site: Path, books: Database) -> None:
    assert "There is no key figure 'nothing'; there are" in tieline("kpi", "nothing", "--site", site).sentence()
    assert "has no parts" in tieline("kpi", "dso", "--by", "part", "--site", site).sentence()
    assert "is no period" in tieline("kpi", "dso", "--period", "soon", "--site", site).sentence()


def test_a_baseline_is_taken_brought_and_shown_beside_today(tieline: Command, site: Path, books: Database) -> None:
    assert "No baseline was taken yet." in tieline("kpi", "baseline", "--list", "--site", site).out
    file = site / "old.csv"
    file.write_text("kpi,value,currency\nbacklog,90000,USD\n", "utf-8")
    taken = tieline("kpi", "baseline", "--csv", file, "--site", site, "--as", "Dana", "--json").json()
    assert [(one["name"], one["origin"], one["taken_by"], one["figures"]) for one in taken] == [
        ("before the start", "brought", "Dana", 1)
    ]
    assert "8,200.00 better than USD 90,000.00 (before the start)" in tieline("kpi", "backlog", "--site", site).out
    assert tieline("kpi", "baseline", "--name", "go-live", "--site", site, "--json").json()[0]["figures"] > 20
    assert "as before: USD 98,200.00 (go-live)" in tieline("kpi", "backlog", "--site", site).out
    file.write_text("kpi,value,currency\nbacklog,x,USD\n", "utf-8")
    refused = tieline("kpi", "baseline", "--csv", file, "--site", site)
    assert (refused.code, "old.csv, row 2: value: 'x' is no number" in refused.err) == (1, True)
    file.write_bytes(b"kpi,value\nd\xe4,1\n")
    assert "is not UTF-8" in tieline("kpi", "baseline", "--csv", file, "--site", site).sentence()
    with books.connection() as db:
        rows = db.execute("select actor from audit_event where action = 'kpi.baseline_taken' order by id").fetchall()
    assert [row["actor"] for row in rows] == ["Dana", "operator"]
