"""`tieline lineage`: the way of a line as text and as JSON, lists when an id means more, and costs only when asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.lane.world import entry
from tests.lineage.conftest import Books, furnished
from tieline.store.database import Database

HOSTILE = "O'Brien [/red] 🚀"


@pytest.fixture
def books(database: str, stored: Path) -> Iterator[Books]:
    with furnished(Database(database)) as here:
        here.pull(entry(71, 120, approved_by="dana@x", note=HOSTILE), entry(72, 60))
        here.post()
        here.bill("inv_1", "INV-7", paid="630")
        here.pay("inv_1", "630")
        yield here


def test_a_line_is_told_from_approval_to_payment(tieline: Command, stored: Path, books: Books) -> None:
    ran = tieline("lineage", "71", "--site", stored)
    assert ran.code == 0, ran.err
    for part in (
        "Time 71 of psa",
        "Build (Bluepeak Energy) · project P-1 Build",
        "wanted 2.00 h, booked 2.00 h, invoiced 2.00 h; USD 420.00 wanted, USD 420.00 invoiced",
        "by dana@x",
        HOSTILE,
        "Build, version 1 (con_1)",
        "USD 210.00 from 2026-01-01 (contract version 1)",
        "USD 420.00 billable",
        "erp 1 as psa:time:71:0",
        "INV-7 (inv_1), paid, line inv_1:1",
        "USD 630.00 of USD 630.00 paid",
        "USD 630.00 on 2026-03-20",
    ):
        assert part in ran.out, part
    assert "cost" not in ran.out
    assert (
        "USD 190.00 at 95 an hour, margin USD 230.00" in tieline("lineage", "71", "--with-costs", "--site", stored).out
    )


def test_an_invoice_lists_its_lines_page_by_page(tieline: Command, stored: Path, books: Books) -> None:
    ran = tieline("lineage", "INV-7", "--limit", "1", "--site", stored)
    assert "psa:time:71:0" in ran.out
    assert "psa:time:72:0" not in ran.out
    first = tieline("lineage", "INV-7", "--limit", "1", "--json", "--site", stored).json()
    assert f"tieline lineage inv_1 --after {first['next']}" in ran.out
    second = tieline("lineage", "INV-7", "--limit", "1", "--after", first["next"], "--json", "--site", stored).json()
    assert [row["source_id"] for row in (*first["lines"], *second["lines"])] == ["71", "72"]
    assert second["next"] is None


def test_an_id_of_several_records_lists_them(tieline: Command, stored: Path, books: Books) -> None:
    books.rows("update erp_line set erp_id = '72' where erp_id = '1' returning erp_id")
    ran = tieline("lineage", "72", "--site", stored)
    assert ran.out.startswith("2 records have this id")
    assert "psa:time:71" in ran.out
    matches = tieline("lineage", "72", "--json", "--site", stored).json()["matches"]
    assert [match["id"] for match in matches] == ["psa:time:71", "psa:time:72"]


def test_the_raw_record_is_shown_without_costs_unless_they_are_asked_for(
    tieline: Command, stored: Path, books: Books
) -> None:
    users, entries = b'{"71": {"id": "71", "a": 1, "b": 2}}', b'{"71": {"id": "71", "notes": "x", "cost_rate": 95}}'
    body = b'{"users": %s, "time_entries": %s}' % (users, entries)
    books.rows("update pull_page set body = %s returning id", body)
    assert tieline("lineage", "71", "--raw", "--json", "--site", stored).json()["raw"] == {"id": "71", "notes": "x"}
    whole = tieline("lineage", "71", "--raw", "--with-costs", "--json", "--site", stored).json()["raw"]
    assert whole["cost_rate"] == 95
    books.rows("update pull_page set body = %s returning id", b"\xff not json")
    assert "cannot be read" in tieline("lineage", "71", "--raw", "--site", stored).out


def test_an_unknown_id_is_told_in_a_sentence(tieline: Command, stored: Path, books: Books) -> None:
    assert "Nothing here has the id '[red]nobody'" in tieline("lineage", "[red]nobody", "--site", stored).sentence()
