"""Commands about a site: init, check, discover, migrate, try."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from tieline.app.assembly import connect_one
from tieline.app.checks import check_live, check_site
from tieline.app.example import Example, write_example
from tieline.app.reference import Counterpart, counterparts, gaps
from tieline.app.site import load_site
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.mapping import draft_mapping
from tieline.mapping.draft import VendorField
from tieline.sdk.connected import Connected
from tieline.sdk.http import OpenGate


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("init")(init)
    app.command("check")(check)
    app.command("discover")(discover)
    app.command("migrate")(migrate)
    app.command("try")(try_record)


def init(folder: Annotated[Path, typer.Argument(help="A new folder.")], json: JsonOption = False) -> None:
    """Write an example site to change into your own."""
    write_example(folder, Example())
    if json:
        print_json({"site": str(folder)})
        return
    out.print(f"Wrote the example site [bold]{escape(str(folder))}[/]. Next:", soft_wrap=True)
    out.print("  tieline-standins run salesforce=9101 kantata=9102 netsuite=9103   (systems to try it on)")
    out.print(escape(f"  tieline check --site {folder}"), soft_wrap=True)
    out.print(escape(f"  tieline serve --site {folder}"), soft_wrap=True)


def check(
    site: SiteOption = Path(),
    live: Annotated[bool, typer.Option("--live", help="Ask the systems too.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="List codes; all must have a counterpart.")] = False,
    json: JsonOption = False,
) -> None:
    """Check a site: settings, mappings, value tables, routes, secrets; with --live also the systems."""
    loaded = load_site(site)
    findings = check_site(loaded) + (check_live(loaded) if live else [])
    wrong = [finding for finding in findings if not finding.ok]
    codes = counterparts(loaded)
    missing = gaps(codes)
    if json:
        listed = {"reference": codes} if reference else {}
        print_json({"ok": not wrong, "findings": findings, "gaps": missing, **listed})
    else:
        if reference:
            out.print(_reference(codes))
        if missing:
            out.print(_gaps(missing, reference), soft_wrap=True)
        for finding in findings if live else wrong:
            mark = "[green]ok[/]   " if finding.ok else "[red]mend[/] "
            out.print(mark + escape(f"{finding.subject}: {finding.message}"), soft_wrap=True)
        to_mend = len(wrong) + (len(missing) if reference else 0)
        out.print("[green]The site is in order.[/]" if not to_mend else f"[red]{to_mend} to mend.[/]")
    raise typer.Exit(1 if wrong or (reference and missing) else 0)


def _reference(codes: Sequence[Counterpart]) -> Table:
    table = table_of("what", "ours", "system", "value table", "theirs")
    for one in codes:
        nothing = "[red]missing[/]" if one.needed else "[dim]none; only if a deal has it[/]"
        theirs = escape(one.theirs) if one.theirs is not None else nothing
        table.add_row(one.domain, escape(one.value), one.connection, f"{one.table}.csv", theirs)
    return table


def _gaps(missing: Sequence[Counterpart], listed: bool) -> str:
    told = ", ".join(f"{one.domain} '{one.value}' in {one.connection}" for one in missing[:5])
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    hint = "" if listed else ". See them with: tieline check --reference"
    return f"[yellow]No counterpart yet:[/] {escape(told)}{more}{hint}"


def discover(
    connection: Annotated[str, typer.Argument(help="The connection's name in the site.")],
    record: Annotated[str | None, typer.Option(help="Only this canonical record.")] = None,
    write: Annotated[Path | None, typer.Option(help="Folder for the mapping drafts.")] = None,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Required and custom fields of a system that no mapping covers; writes mapping drafts."""
    with _one(site, connection) as connected:
        names = [record] if record else sorted(connected.mappings)
        report = []
        for name in names:
            if name not in connected.mappings:
                raise UserError(f"{connection} has no mapping '{name}'; it has {', '.join(sorted(connected.mappings))}")
            mapping: Any = connected.mappings[name]
            covered = {path.split(".")[0] for path in mapping.vendor_fields("read") + mapping.vendor_fields("write")}
            fields = [VendorField(**field) for field in connected.describe(mapping.record)]
            open_fields = [field for field in fields if (field.required or field.custom) and field.name not in covered]
            report.append({"mapping": name, "vendor": mapping.vendor, "uncovered": open_fields})
            if write is not None and open_fields:
                write.mkdir(parents=True, exist_ok=True)
                draft = draft_mapping(mapping.record, open_fields, vendor=mapping.vendor)
                (write / f"{name}.toml").write_text(draft, "utf-8")
    if json:
        print_json(report)
        return
    table = table_of("mapping", "vendor record", "field", "label", "required", "custom")
    for row in report:
        for field in row["uncovered"]:
            table.add_row(
                row["mapping"],
                row["vendor"],
                escape(field.name),
                escape(field.label or ""),
                _mark(field.required),
                _mark(field.custom),
            )
    out.print(table if table.row_count else "Every required and custom field is covered by a mapping.")


def migrate(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """Bring the database to the schema of this release."""
    with database_of(site) as database, database.connection() as db:
        rows = db.execute("select name, applied_at from schema_migration order by name").fetchall()
    if json:
        print_json({"migrations": rows})
    else:
        out.print(f"The database is up to date ({rows[-1]['name']}).")


def try_record(
    connection: Annotated[str, typer.Argument(help="The connection's name in the site.")],
    record: Annotated[str, typer.Argument(help="Canonical record: opportunity, customer, …")],
    vendor_id: Annotated[str, typer.Argument(help="The record's id over there.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Read one record and show its mapping row by row."""
    with _one(site, connection) as connected:
        if record not in connected.mappings:
            raise UserError(f"{connection} has no mapping '{record}'; it has {', '.join(sorted(connected.mappings))}")
        rows = connected.mappings[record].explain(connected.read_raw(record, vendor_id))
    if json:
        print_json(rows)
        return
    table = table_of("ours", "theirs", "transform", "raw", "result")
    for row in rows:
        result = f"[red]{escape(row.problem)}[/]" if row.problem else _shown(row.value)
        table.add_row(row.canonical, row.vendor, row.transform, _shown(row.raw), result)
    out.print(table)


@contextmanager
def _one(folder: Path, name: str) -> Iterator[Connected]:
    site = load_site(folder)
    found = [settings for settings in site.connections if settings.name == name]
    if not found:
        known = ", ".join(settings.name for settings in site.connections)
        raise UserError(f"The site has no connection '{name}'; it has {known}")
    connected = connect_one(found[0], OpenGate())
    try:
        yield connected
    finally:
        connected.close()


def _mark(value: bool) -> str:
    return "yes" if value else ""


def _shown(value: object) -> str:
    text = "" if value is None else str(value)
    return escape(text if len(text) <= 60 else text[:59] + "…")
