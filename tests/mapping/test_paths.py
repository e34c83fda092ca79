"""Dotted paths: reading through records and lists, making them on writing, and paths that collide."""

from typing import Any

import pytest

from tieline.mapping.paths import ABSENT, clearer, getter, overlapping, setter, split
from tieline.mapping.problems import RefusalError


def test_a_path_reads_through_records_and_lists() -> None:
    record = {"addressBook": {"items": [{"city": "Berlin"}]}}
    assert getter("addressBook.items.0.city")(record) == "Berlin"


def test_a_missing_key_is_absent_and_an_empty_one_is_none() -> None:
    assert getter("a.b")({"a": {}}) is ABSENT
    assert getter("a.b")({"a": {"b": None}}) is None
    assert getter("a.b")({"a": None}) is None
    assert getter("a.1")({"a": ["only"]}) is ABSENT
    assert getter("a")({}) is ABSENT


@pytest.mark.parametrize("record", [{"a": "text"}, {"a": 5}, {"a": ["list"]}])
def test_a_path_through_something_that_is_no_record_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(RefusalError, match="a record was expected"):
        getter("a.b")(record)


def test_an_index_into_something_that_is_no_list_is_refused() -> None:
    with pytest.raises(RefusalError, match="a list was expected"):
        getter("a.0")({"a": {"0": "x"}})


def test_writing_makes_the_records_and_lists_on_the_way() -> None:
    out: dict[str, object] = {}
    setter("book.items.1.address.city")(out, "Berlin")
    setter("book.items.0.address.city")(out, "Hamburg")
    setter("book.tags.0")(out, "x")
    addresses = [{"address": {"city": "Hamburg"}}, {"address": {"city": "Berlin"}}]
    assert out == {"book": {"items": addresses, "tags": ["x"]}}


def test_a_dot_inside_a_name_is_escaped() -> None:
    path = r"parent@odata\.bind"
    out: dict[str, object] = {}
    setter(path)(out, "/accounts(1)")
    assert out == {"parent@odata.bind": "/accounts(1)"}
    assert getter(path)(out) == "/accounts(1)"


def test_an_empty_reference_is_null_as_a_whole_but_never_overwrites() -> None:
    clear = clearer("currency.id")
    assert clear is not None
    out: dict[str, object] = {}
    clear(out, None)
    assert out == {"currency": None}
    out = {"currency": {"refName": "EUR"}}
    clear(out, None)
    assert out == {"currency": {"refName": "EUR"}}


def test_a_nested_empty_reference_leaves_its_neighbours_alone() -> None:
    clear = clearer("billing.country.id")
    assert clear is not None
    out: dict[str, object] = {"billing": {"city": "Berlin"}}
    clear(out, None)
    assert out == {"billing": {"city": "Berlin", "country": None}}


def test_an_empty_value_inside_a_list_makes_no_row() -> None:
    assert clearer("book.items.0.city") is None


@pytest.mark.parametrize("path", ["", "a..b", ".a", "a.", "0.a", "a.100", "a. .b"])
def test_a_malformed_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"must start with a name|empty part"):
        split(path)


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("a", "a", True),
        ("currency", "currency.id", True),
        ("a.0.b", "a.c", True),
        ("a.b", "a.c", False),
        ("a.0.b", "a.1.b", False),
        ("ab", "a.b", False),
    ],
)
def test_paths_collide_when_they_cannot_both_be_written(one: str, other: str, collide: bool) -> None:
    assert overlapping(one, other) is collide
    assert overlapping(other, one) is collide
