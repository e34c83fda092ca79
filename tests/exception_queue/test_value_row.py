"""A missing code is added to the site's value table as a consultant would type it."""

from pathlib import Path

import pytest

from tests.engine.conftest import Bench
from tieline.exception_queue.actions import NoSuchException, NotPossible
from tieline.exception_queue.value_row import add_code, append_row, table_of
from tieline.mapping.value_tables import ValueTables


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """The site's folder with one row, and the shipped one with another."""
    site, shipped = tmp_path / "site", tmp_path / "shipped"
    for folder, text in (
        (site, "ours,theirs\nConsultant,3\n"),
        (shipped, "# theirs: service item\nours,theirs\nA,1\n"),
    ):
        folder.mkdir()
        (folder / "item.csv").write_text(text, "utf-8")
    return [site, shipped]


def missing_code(bench: Bench, key: str = "Sr. Architect", kind: str = "mapping") -> int:
    (row,) = bench.rows(
        "insert into exception_item (kind, cause, connection, field, key, message, owner)"
        " values (%s, 'c', 'netsuite', 'item', %s, 'm', 'finance') returning id",
        kind,
        key,
    )
    return int(row["id"])


def test_the_code_is_added_to_the_sites_file_and_audited(bench: Bench, folders: list[Path]) -> None:
    exception = missing_code(bench)
    file = add_code(bench.database, exception, folders, "9", "Dana Whitfield")
    assert file.read_text("utf-8") == "ours,theirs\nConsultant,3\nSr. Architect,9\n"
    assert (folders[1] / "item.csv").read_text("utf-8").count("\n") == 3
    (event,) = bench.rows("select actor, detail from audit_event where action = 'exception.fixed'")
    detail = {"code": "Sr. Architect = 9", "table": "netsuite/item", "concerned": []}
    assert event == {"actor": "Dana Whitfield", "detail": detail}


def test_the_second_of_two_people_changes_nothing(bench: Bench, folders: list[Path]) -> None:
    exception = missing_code(bench)
    for _ in range(2):
        add_code(bench.database, exception, folders, "9", "Dana Whitfield")
    assert (folders[0] / "item.csv").read_text("utf-8").count("Architect") == 1
    with pytest.raises(NotPossible, match="has the code '9' already"):
        add_code(bench.database, exception, folders, "8", "Sam Ortiz")


def test_the_sites_file_is_made_when_there_is_none(bench: Bench, folders: list[Path]) -> None:
    (folders[0] / "item.csv").unlink()
    folders[0].rmdir()
    add_code(bench.database, missing_code(bench), folders, "9", "Dana Whitfield")
    assert ValueTables(folders).table("item").theirs_of == {"Sr. Architect": "9", "A": "1"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ours;theirs\nA;1\n", 'ours;theirs\nA;1\n"B;C";7\n'),
        ("# note: hand-made\ntheirs,preferred,ours\n1,,A", "# note: hand-made\ntheirs,preferred,ours\n1,,A\n7,,B;C\n"),
        ("\ufeffours,theirs\n", "\ufeffours,theirs\nB;C,7\n"),
    ],
)
def test_a_row_fits_the_file_as_its_owner_keeps_it(folders: list[Path], before: str, after: str) -> None:
    file = folders[0] / "item.csv"
    file.write_text(before, "utf-8")
    append_row(file, folders, "item", "B;C", "7")
    assert file.read_text("utf-8") == after
    assert ValueTables(folders).table("item").theirs_of["B;C"] == "7"


@pytest.mark.parametrize("code", ["", " 9", "9 ", "a\nb", "a\0b", "=1+1", "@x", "-cmd", "#9", "x" * 201, "\u202e1"])
def test_a_code_that_would_harm_a_table_or_a_spreadsheet_is_refused(folders: list[Path], code: str) -> None:
    before = (folders[0] / "item.csv").read_bytes()
    with pytest.raises(NotPossible):
        append_row(folders[0] / "item.csv", folders, "item", "B", code)
    with pytest.raises(NotPossible):
        append_row(folders[0] / "item.csv", folders, "item", code, "9")
    assert (folders[0] / "item.csv").read_bytes() == before


@pytest.mark.parametrize("code", ["-5", "O'Brien & Söhne", 'say "hi", twice', "🦊"])
def test_odd_but_honest_codes_are_kept_exactly(folders: list[Path], code: str) -> None:
    append_row(folders[0] / "item.csv", folders, "item", code, code)
    assert ValueTables(folders).table("item").theirs_of[code] == code


def test_only_a_missing_code_of_a_known_table_is_mended_so(bench: Bench, folders: list[Path]) -> None:
    with pytest.raises(NotPossible):
        add_code(bench.database, missing_code(bench, kind="business_rule"), folders, "9", "x")
    with pytest.raises(NoSuchException):
        add_code(bench.database, 99, folders, "9", "x")
    assert table_of("mapping", "../../etc/passwd", "x", folders) is None
    assert table_of("mapping", "item", "a very long value…", folders) is None
    assert table_of("mapping", "item", "x", folders) is not None
