"""Writes mapping files and value tables into a folder and loads them as a site would."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tieline.mapping import Mapping as LoadedMapping
from tieline.mapping import ValueTables, load_mapping

HEADING = 'record = "{record}"\nvendor = "thing"\nversion = 1\n'

Load = Callable[..., LoadedMapping]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """`load(rows, record=…, tables={name: csv}, site=rows, **options of load_mapping)`."""

    def load_rows(
        rows: str,
        *,
        record: str = "customer",
        tables: Mapping[str, str] | None = None,
        site: str | None = None,
        **options: Any,
    ) -> LoadedMapping:
        shipped = tmp_path / "mapping.toml"
        shipped.write_text(HEADING.format(record=record) + rows, "utf-8")
        override = tmp_path / "site.toml"
        if site is not None:
            override.write_text(site, "utf-8")
        for name, content in (tables or {}).items():
            (tmp_path / f"{name}.csv").write_text(content, "utf-8")
        return load_mapping(shipped, overrides=override, tables=ValueTables([tmp_path]), **options)

    return load_rows


@pytest.fixture
def one(load: Load) -> Load:
    """A mapping of one row: `one('transform = "date"')` maps canonical `it` to the vendor's `It`."""

    def load_one(row: str = "", **options: Any) -> LoadedMapping:
        return load(f'[[field]]\ncanonical = "it"\nvendor = "It"\n{row}\n', **options)

    return load_one
