"""Values a mapping must carry there and back unchanged: hypothesis strategies derived from its transforms."""

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tieline.mapping import Mapping, ValueTables, load_mapping
from tieline.mapping.mapping import CompiledField
from tieline.mapping.paths import setter
from tieline.mapping.transforms import amounts, codes, times, words
from tieline.model.money import digits

HERE = Path(__file__).parent
CONNECTORS = HERE.parents[1] / "src" / "tieline" / "connectors"
STAND_IN_ROWS = "ours,theirs\nDE,17\nUS,18\nGB,19\n"
"""Rows for tables that only a site can fill: codes of ours that are countries too, codes of theirs that are numbers."""

Values = dict[str, object]
Strategy = st.SearchStrategy[Any]
CURRENCIES = ("EUR", "USD", "JPY", "KWD")


def mapping_files() -> list[Path]:
    """All shipped mappings, and the samples of these tests."""
    return sorted((HERE / "samples").glob("*/mappings/*.toml")) + sorted(CONNECTORS.glob("*/mappings/*.toml"))


def load(path: Path, scratch: Path) -> Mapping:
    """A mapping with its shipped value tables, and stand-in tables where only a site has one."""
    return load_mapping(path, overrides=None, tables=tables_of(path, scratch))


def tables_of(path: Path, scratch: Path) -> ValueTables:
    """The value tables a mapping is loaded with."""
    shipped = path.parent.parent / "values"
    for row in tomllib.loads(path.read_text("utf-8")).get("field", []):
        name = row.get("table")
        if name and not (shipped / f"{name}.csv").exists():
            (scratch / f"{name}.csv").write_text(STAND_IN_ROWS, "utf-8")
    return ValueTables([shipped, scratch])


def two_way(mapping: Mapping) -> Mapping:
    """The mapping with only those rows that both write and read."""
    paths = {field.row.canonical for field in mapping.fields if len(field.row.ways) == 2}
    fields = [
        field for field in mapping.fields if len(field.row.ways) == 2 and (field.codec.beside or "") in {*paths, ""}
    ]
    return Mapping(mapping.file, mapping.name, fields, frozenset())


@st.composite
def records(draw: st.DrawFn, mapping: Mapping, tables: ValueTables) -> dict[str, object]:
    """Values by canonical path, for every row of the mapping; None where a row allows it."""
    values: Values = {}
    currencies = {field.codec.beside for field in mapping.fields if field.codec.beside}
    for field in sorted(mapping.fields, key=lambda field: bool(field.codec.beside)):
        path = field.row.canonical
        if path in currencies:
            values[path] = draw(st.sampled_from(CURRENCIES))
            continue
        places = digits(str(values[field.codec.beside])) if field.codec.beside else None
        strategy = _strategy(field, places, tables)
        values[path] = draw(strategy if field.row.required else st.none() | strategy)
    return values


def nested(values: Values) -> Values:
    """Values by path as the nested record a mapping takes."""
    record: Values = {}
    for path, value in values.items():
        setter(path)(record, value)
    return record


def _strategy(field: CompiledField, places: int | None, tables: ValueTables) -> Strategy:
    make = _STRATEGIES[type(field.options)]
    return make(field.options, places, tables)


def _text(options: words.Text, _: int | None, __: ValueTables) -> Strategy:
    plain = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
        min_size=1,
        max_size=options.max_length or 200,
    )
    return plain.filter(lambda text: bool(text) and (not options.trim or text == text.strip()))


def _email(options: words.Email, _: int | None, __: ValueTables) -> Strategy:
    letters = st.text("abcXYZ019.+-'_", min_size=1, max_size=20)
    return st.tuples(letters, letters).map("@".join).filter(lambda text: len(text) <= options.max_length)


def _list(options: words.ListOfText, _: int | None, __: ValueTables) -> Strategy:
    item = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00" + (options.separator or "")), min_size=1
    )
    return st.lists(item.filter(lambda text: bool(text) and text == text.strip()), max_size=5).map(tuple)


def _scaled(places: int | None) -> Strategy:
    scale = st.integers(0, 6) if places is None else st.just(places)
    return st.tuples(st.integers(-(10**12), 10**12), scale).map(lambda pair: Decimal(pair[0]).scaleb(-pair[1]))


def _money(options: amounts.Money | amounts.MoneyMinor, places: int | None, _: ValueTables) -> Strategy:
    return _scaled(options.digits if places is None else places)


def _percent(options: amounts.Percent, _: int | None, __: ValueTables) -> Strategy:
    return _scaled(None if options.places is None else options.places + 2)


def _moment(form: str) -> st.SearchStrategy[datetime]:
    unit = {"iso": 1, "python": 1, "seconds": 1_000_000, "epoch_s": 1_000_000}.get(form, 1_000)
    steps = st.integers(0, 4_000_000_000 * 1_000_000 // unit)
    return steps.map(lambda count: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count * unit))


def _stamp(options: times.Stamp, _: int | None, __: ValueTables) -> Strategy:
    return _moment(options.format).map(lambda moment: (moment - times.EPOCH) // times.MICROSECOND)


def _code(options: codes.Code | codes.Country, _: int | None, tables: ValueTables) -> Strategy:
    name = options.table_name
    return st.sampled_from(sorted(tables.table(name).theirs_of) if name else ["DE", "US", "GB"])


_STRATEGIES: dict[type, Callable[..., Strategy]] = {
    words.Text: _text,
    words.Email: _email,
    words.ListOfText: _list,
    words.Boolean: lambda *_: st.booleans(),
    words.Json: lambda *_: st.recursive(st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5),
    amounts.Integer: lambda *_: st.integers(-(2**63), 2**63 - 1),
    amounts.DecimalNumber: lambda options, *_: _scaled(options.places),
    amounts.Money: _money,
    amounts.MoneyMinor: _money,
    amounts.Percent: _percent,
    amounts.DurationMinutes: lambda *_: st.integers(-100_000, 100_000),
    times.Date: lambda *_: st.dates(date(1, 1, 1), date(9999, 12, 31)),
    times.DateTime: lambda options, *_: _moment(options.format),
    times.Stamp: _stamp,
    codes.Code: _code,
    codes.Country: _code,
    codes.Reference: lambda *_: st.integers(1, 10**15).map(str),
}
