"""The figures as tables for people."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print one part: a line for each figure, a column for each row."""
    table = Table(title=title, title_justify="left")
    table.add_column("figure")
    for _ in rows:
        table.add_column(justify="right")
    for name in dict.fromkeys(name for row in rows for name in row):
        table.add_row(name.replace("_", " "), *(_text(row.get(name)) for row in rows))
    Console().print(table)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(one)}" for key, one in value.items())
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
