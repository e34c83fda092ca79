"""Value tables: the site before the shipped, preferred codes, spreadsheets' habits, and defects with file and line."""

from pathlib import Path

import pytest

from tieline.mapping import MappingFileError, ValueTables


def write(folder: Path, content: str, name: str = "role") -> ValueTables:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text(content, "utf-8")
    return ValueTables([folder])


def test_a_table_translates_both_ways(tmp_path: Path) -> None:
    table = write(tmp_path, "ours,theirs,note\nConsultant,17,the usual\nO'Brien,é😀\n").table("role")
    assert table.theirs_of == {"Consultant": "17", "O'Brien": "é😀"}
    assert table.ours_of == {"17": "Consultant", "é😀": "O'Brien"}


def test_the_site_replaces_all_shipped_rows_of_a_code(tmp_path: Path) -> None:
    write(tmp_path / "shipped", "ours,theirs,preferred\nA,1,yes\nA,2,\nB,3,\n")
    write(tmp_path / "site", "ours,theirs\nA,9\nC,4\n")
    table = ValueTables([tmp_path / "site", tmp_path / "shipped"]).table("role")
    assert table.theirs_of == {"A": "9", "C": "4", "B": "3"}
    assert table.ours_of == {"9": "A", "4": "C", "3": "B"}


def test_several_vendor_codes_of_one_of_ours_need_a_preferred_one(tmp_path: Path) -> None:
    table = write(tmp_path, "ours,theirs,preferred\nA,1,\nA,2,yes\n").table("role")
    assert table.theirs_of == {"A": "2"}
    assert table.ours_of == {"1": "A", "2": "A"}


@pytest.mark.parametrize("marks", [("", ""), ("yes", "yes")])
def test_none_or_two_preferred_codes_are_a_defect_with_its_line(tmp_path: Path, marks: tuple[str, str]) -> None:
    tables = write(tmp_path, f"ours,theirs,preferred\nA,1,{marks[0]}\nB,2,\nA,3,{marks[1]}\n")
    with pytest.raises(MappingFileError, match=r"role\.csv:4: 'A' stands on lines 2, 4: mark exactly one"):
        tables.table("role")


def test_one_vendor_code_for_several_of_ours_is_noted_as_ambiguous(tmp_path: Path) -> None:
    table = write(tmp_path, "ours,theirs\nA,1\nB,1\nC,2\n").table("role")
    assert table.theirs_of == {"A": "1", "B": "1", "C": "2"}
    assert table.ours_of == {"2": "C"}
    assert [defect.line for defect in table.ambiguous] == [3]


def test_comment_lines_name_the_sides_and_do_not_shift_line_numbers(tmp_path: Path) -> None:
    content = "# ours: Kantata role\n# theirs: service item in NetSuite\n\nours,theirs\nA,1\n# aside\n,2\n"
    with pytest.raises(MappingFileError, match=r"role\.csv:7: needs both"):
        write(tmp_path, content).table("role")
    table = write(tmp_path, content.replace(",2", "B,2")).table("role")
    assert (table.ours_label, table.theirs_label) == ("Kantata role", "service item in NetSuite")
    assert table.theirs_of == {"A": "1", "B": "2"}


def test_a_spreadsheet_with_semicolons_and_a_byte_order_mark_is_understood(tmp_path: Path) -> None:
    table = write(tmp_path, '\ufeffours;theirs\n"A, or so";1\n').table("role")
    assert table.theirs_of == {"A, or so": "1"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1: needs a header row"),
        ("from,to\nA,1\n", "1: needs a header row"),
        ("ours,theirs,price\nA,1,2\n", "1: has a column 'price'"),
        ("ours,theirs\nA,1,2\n", "2: has 3 cells under 2 columns"),
        ("ours,theirs\nA\n", "2: needs both"),
        ("ours,theirs,preferred\nA,1,maybe\n", "2: preferred is 'maybe'"),
    ],
)
def test_a_malformed_table_is_a_defect_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(MappingFileError) as caught:
        write(tmp_path, content).table("role")
    assert f"role.csv:{message}" in str(caught.value)


def test_a_file_that_is_not_utf_8_is_a_defect(tmp_path: Path) -> None:
    (tmp_path / "role.csv").write_bytes(b"ours,theirs\nK\xf6ln,1\n")
    with pytest.raises(MappingFileError, match="cannot be read as UTF-8"):
        ValueTables([tmp_path]).table("role")


@pytest.mark.parametrize("name", ["none", "../role", "/etc/role", ""])
def test_a_table_that_is_not_in_the_folders_is_not_found(tmp_path: Path, name: str) -> None:
    write(tmp_path, "ours,theirs\nA,1\n")
    with pytest.raises(KeyError):
        ValueTables([tmp_path / "sub", tmp_path]).table(name)
