"""What the commands share: the site option, the database of the site, and JSON output."""

import dataclasses
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from tieline.app import logs
from tieline.app.assembly import Tieline, assemble
from tieline.app.site import Site, load_site
from tieline.engine.schema import migrate_database
from tieline.sdk import jsontext
from tieline.store.database import Database
from tieline.store.embedded import EmbeddedPostgres

SiteOption = Annotated[
    Path, typer.Option("--site", help="The site folder.", envvar="TIELINE_SITE", show_default="this folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
AsOption = Annotated[str, typer.Option("--as", help="Who you are; recorded in the audit trail as claimed.")]

out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
"""A file or a pipe has no width of its own: lines there are as long as a wide terminal takes them."""


def log_to_stderr(level: str = "WARNING") -> None:
    """Structured logs on stderr, as JSON unless a person watches."""
    logs.configure(os.environ.get("TIELINE_LOG", level))


def conninfo_of(site: Site) -> str:
    """The site's database: TIELINE_DATABASE_URL, else the embedded server, started when needed."""
    given = os.environ.get("TIELINE_DATABASE_URL")
    return given or EmbeddedPostgres(site.state).start()


@contextmanager
def database_of(folder: Path) -> Iterator[Database]:
    """The migrated database of a site, without its connections."""
    conninfo = conninfo_of(load_site(folder))
    migrate_database(conninfo)
    database = Database(conninfo, size=4)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def tieline_of(folder: Path, *, threads: int = 8) -> Iterator[Tieline]:
    """The whole of a site, connected."""
    site = load_site(folder)
    conninfo = conninfo_of(site)
    migrate_database(conninfo)
    tieline = assemble(site, conninfo, threads=threads)
    try:
        yield tieline
    finally:
        tieline.close()


def table_of(*columns: str) -> Table:
    """A table with these headings, for `out`."""
    return Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)


def print_json(value: Any) -> None:
    """Machine-readable output, exact decimals."""
    sys.stdout.write(jsontext.dumps(plain(value)).decode() + "\n")


def plain(value: Any) -> Any:
    """Dataclasses, dates and decimals as JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | str | int | float | bool) or value is None:
        return value
    return str(value)
