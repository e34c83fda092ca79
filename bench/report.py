"""The figures as tables for people."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show(figures: dict[str, Any]) -> None:
    """Print what was measured."""
    console = Console(width=None)
    for title, rows in figures.items():
        if title == "about":
            continue
        table = Table(title=title, title_justify="left")
        names = list(dict.fromkeys(name for row in rows for name in row))
        table.add_column("figure")
        for _ in rows:
            table.add_column(justify="right")
        for name in names:
            table.add_row(name.replace("_", " "), *(_text(row.get(name)) for row in rows))
        console.print(table)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(one)}" for key, one in value.items())
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
