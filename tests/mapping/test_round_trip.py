"""Every shipped mapping carries a record there and back unchanged, and takes any rubbish without a traceback."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.mapping.strategies import load, mapping_files, nested, records, tables_of, two_way
from tieline.mapping import Mapping, MappingFailed
from tieline.mapping.paths import ABSENT, getter, setter
from tieline.mapping.problems import RefusalError

FILES = mapping_files()
every_mapping = pytest.mark.parametrize("path", FILES, ids=[f"{path.parts[-3]}-{path.stem}" for path in FILES])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.decimals() | st.floats() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
LENIENT = settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])


@every_mapping
def test_a_record_written_and_read_back_is_the_same(path: Path, tmp_path: Path) -> None:
    mapping = two_way(load(path, tmp_path))

    @LENIENT
    @given(records(mapping, tables_of(path, tmp_path)))
    def there_and_back(values: dict[str, object]) -> None:
        read = mapping.read(mapping.write(nested(values)))
        assert {name: found for name in values if (found := getter(name)(read)) is not ABSENT} == {
            name: value for name, value in values.items() if value is not None
        }

    there_and_back()


@every_mapping
def test_a_shipped_mapping_has_no_defects(path: Path, tmp_path: Path) -> None:
    assert load(path, tmp_path).checks() == []


@every_mapping
def test_rubbish_from_a_vendor_is_a_problem_and_never_a_traceback(path: Path, tmp_path: Path) -> None:
    mapping = load(path, tmp_path)
    feed(mapping.vendor_fields("read"), lambda vendor: (mapping.read(vendor), mapping.explain(vendor)))


@every_mapping
def test_rubbish_from_us_is_a_problem_and_never_a_traceback(path: Path, tmp_path: Path) -> None:
    mapping = load(path, tmp_path)
    feed([field.row.canonical for field in mapping.fields], mapping.write)


def feed(paths: list[str], target: Callable[[dict[str, object]], object]) -> None:
    """Puts rubbish under each path, and rubbish in place of the records on the way."""

    @LENIENT
    @given(st.dictionaries(st.sampled_from(paths), JUNK), st.dictionaries(st.sampled_from(paths), JUNK, max_size=1))
    def with_rubbish(inside: dict[str, object], instead: dict[str, object]) -> None:
        record: dict[str, object] = {path.split(".")[0]: value for path, value in instead.items()}
        for path, value in inside.items():
            if path.split(".")[0] not in record:
                setter(path)(record, value)
        with suppress(MappingFailed):
            target(record)

    if paths:
        with_rubbish()


def test_every_transform_but_links_is_carried_by_a_sample(tmp_path: Path) -> None:
    used = {field.row.transform for path in FILES for field in load(path, tmp_path).fields}
    assert used >= {"text", "code", "date", "money", "money_minor", "duration_minutes", "boolean", "stamp", "reference"}


def test_the_property_finds_a_mapping_that_loses_something(tmp_path: Path) -> None:
    lossy = tmp_path / "lossy" / "mappings" / "customer.toml"
    lossy.parent.mkdir(parents=True)
    lossy.write_text(
        'record = "customer"\nvendor = "c"\nversion = 1\n'
        '[[field]]\ncanonical = "amount"\nvendor = "a"\ntransform = "decimal"\nplaces = 1\nround = true\n',
        "utf-8",
    )
    mapping: Mapping = two_way(load(lossy, tmp_path))
    assert mapping.read(mapping.write({"amount": Decimal("0.25")})) != {"amount": Decimal("0.25")}


def test_a_refusal_never_escapes_a_mapping(tmp_path: Path) -> None:
    mapping = load(FILES[0], tmp_path)
    with pytest.raises(MappingFailed):
        mapping.read(["no record"])
    assert not issubclass(MappingFailed, RefusalError)
