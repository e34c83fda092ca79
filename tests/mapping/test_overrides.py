"""The site's file over the shipped one: replace, add, remove, field by field and direction by direction."""

from pathlib import Path

import pytest

from tests.mapping.conftest import HEADING, Load
from tieline.mapping import MappingFileError, ValueTables, check_mapping

SHIPPED = (
    '[[constant]]\nvendor = "kind"\nvalue = "A"\n'
    '[[field]]\ncanonical = "name"\nvendor = "Name"\n'
    '[[field]]\ncanonical = "phone"\nvendor = "Phone"\n'
)


def test_a_site_row_replaces_the_shipped_row_of_its_field(load: Load) -> None:
    mapping = load(SHIPPED, site='[[field]]\ncanonical = "name"\nvendor = "Legal_Name__c"\n')
    assert mapping.write({"name": "B", "phone": "1"}) == {"kind": "A", "Phone": "1", "Legal_Name__c": "B"}
    assert mapping.read({"Name": "old", "Legal_Name__c": "new"}) == {"name": "new"}


def test_a_site_row_of_one_direction_leaves_the_other_as_shipped(load: Load) -> None:
    mapping = load(SHIPPED, site='[[field]]\ncanonical = "name"\nvendor = "N2"\ndirection = "write"\n')
    assert mapping.write({"name": "B"}) == {"kind": "A", "N2": "B"}
    assert mapping.read({"Name": "shipped", "N2": "site"}) == {"name": "shipped"}


def test_a_site_row_for_both_replaces_shipped_rows_of_each_direction(load: Load) -> None:
    split = (
        '[[field]]\ncanonical = "name"\nvendor = "R"\ndirection = "read"\n'
        '[[field]]\ncanonical = "name"\nvendor = "W"\ndirection = "write"\n'
    )
    mapping = load(split, site='[[field]]\ncanonical = "name"\nvendor = "X"\n')
    assert mapping.write({"name": "B"}) == {"X": "B"}
    assert mapping.read({"R": "1", "X": "2"}) == {"name": "2"}


def test_a_site_may_write_one_field_to_two_places(load: Load) -> None:
    site = (
        '[[field]]\ncanonical = "name"\nvendor = "A"\ndirection = "write"\n'
        '[[field]]\ncanonical = "name"\nvendor = "B"\ndirection = "write"\n'
    )
    assert load(SHIPPED, site=site).write({"name": "x"}) == {"kind": "A", "A": "x", "B": "x"}


def test_a_site_adds_and_removes_rows_and_constants(load: Load) -> None:
    site = (
        '[[remove]]\ncanonical = "phone"\n[[remove]]\nvendor = "kind"\n'
        '[[field]]\ncanonical = "email"\nvendor = "Mail"\n[[constant]]\nvendor = "source"\nvalue = "tieline"\n'
    )
    mapping = load(SHIPPED, site=site)
    assert mapping.write({"name": "B", "phone": "1", "email": "a"}) == {"source": "tieline", "Name": "B", "Mail": "a"}


def test_a_site_constant_replaces_the_shipped_one(load: Load) -> None:
    assert load(SHIPPED, site='[[constant]]\nvendor = "kind"\nvalue = "B"\n').write({}) == {"kind": "B"}


@pytest.mark.parametrize(
    ("site", "message"),
    [
        ('[[remove]]\ncanonical = "fax"\n', "site.toml:1: [[remove]] names 'fax', which mapping.toml does not have"),
        ('[[remove]]\nvendor = "Name"\n', "site.toml:1: [[remove]] names 'Name', which mapping.toml does not have"),
        ("[[remove]]\n", "site.toml:1: [[remove]] names either"),
        ('record = "project"\n', "site.toml:1: is for the record 'project', not 'customer'"),
        ('[[field]]\ncanonical = "x"\nvendor = "X"\ncut = true\n', "site.toml:1: transform text: cut = true needs"),
        ('[[field]]\ncanonical = "x"\nvendor = "Name"\n', "site.toml:1: writes Name, which line 7 of mapping.toml"),
    ],
)
def test_a_mistake_of_the_site_is_told_with_the_sites_file_and_line(load: Load, site: str, message: str) -> None:
    with pytest.raises(MappingFileError) as caught:
        load(SHIPPED, site=site)
    assert message in str(caught.value)


def test_an_override_of_an_older_version_is_a_doubt_for_a_person(load: Load) -> None:
    assert load(SHIPPED, site="version = 1\n").checks() == []
    doubts = load(SHIPPED, site="version = 2\n").checks()
    assert [doubt.message for doubt in doubts] == [
        "was written over version 2 of mapping.toml, which is now 1: compare"
    ]


def check(folder: Path, rows: str, record: str = "customer") -> list[str]:
    """The defects `tieline check` would print, without the folder."""
    path = folder / "mapping.toml"
    path.write_text(HEADING.format(record=record) + rows, "utf-8")
    found = check_mapping(path, overrides=None, tables=ValueTables([folder]))
    return [str(defect).removeprefix(f"{folder}/") for defect in found]


def test_an_unknown_canonical_field_is_found_with_a_hint(tmp_path: Path) -> None:
    assert check(tmp_path, '[[field]]\ncanonical = "city"\nvendor = "City"\n') == [
        "mapping.toml:4: customer has no field 'city'; did you mean billing_address.city?"
    ]


def test_an_unknown_record_is_found(tmp_path: Path) -> None:
    (defect,) = check(tmp_path, "", record="client")
    assert defect.startswith("mapping.toml:1: record = 'client' is no canonical record; there are: address, ")


def test_a_transform_that_does_not_fit_the_field_is_found(tmp_path: Path) -> None:
    rows = (
        '[[field]]\ncanonical = "minutes"\nvendor = "m"\n'
        '[[field]]\ncanonical = "work_date"\nvendor = "d"\ntransform = "date"\n'
    )
    assert check(tmp_path, rows, record="time_entry") == [
        "mapping.toml:4: transform text makes str, but time_entry.minutes is int"
    ]


def test_paths_into_lists_free_keys_and_money_are_known(tmp_path: Path) -> None:
    rows = (
        '[[field]]\ncanonical = "lines.0.item"\nvendor = "a"\n'
        '[[field]]\ncanonical = "dimensions.department"\nvendor = "b"\n'
        '[[field]]\ncanonical = "net.amount"\nvendor = "c"\ntransform = "money"\n'
        '[[field]]\ncanonical = "period_start"\nvendor = "d"\ntransform = "date"\n'
        '[[field]]\ncanonical = "customer"\nvendor = "e"\ntransform = "link"\n'
    )
    assert check(tmp_path, rows, record="invoice") == []


def test_a_mapping_that_does_not_load_is_checked_too(tmp_path: Path) -> None:
    (defect,) = check(tmp_path, '[[field]]\ncanonical = "name"\nvendor = "a"\nmax = 3\n')
    assert defect == "mapping.toml:4: 'max' is no option of the transform text"


def test_a_mapping_without_its_heading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text("", "utf-8")
    found = check_mapping(path, overrides=None, tables=ValueTables([]))
    assert [defect.message for defect in found] == [
        f"'{key}' is missing above the rows" for key in ("record", "vendor", "version")
    ]


def test_a_file_that_is_missing_or_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name in ("none.toml", "bytes.toml"):
        (defect,) = check_mapping(tmp_path / name, overrides=None, tables=ValueTables([]))
        assert "cannot be read" in defect.message
