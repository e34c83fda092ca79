"""Commands of the key figures: `kpi`, by name or by group, with the records each rests on."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from tieline.app.insights import checked, definition_of, into_of, scope_of, setting_of
from tieline.app.site import Site, load_site
from tieline.billing.fx import Conversion
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, plain, print_json, table_of
from tieline.cli.errors import UserError
from tieline.engine.audit import audit
from tieline.insights.baseline import Change, brought, change_of, keep, known_before, list_baselines, measured
from tieline.insights.definition import Definition, definitions
from tieline.insights.figure import By, Figure, FigureRecord, Scope, converted, read_figures, read_records
from tieline.insights.words import csv_of, known_by, told, told_change
from tieline.store.database import Connection


class _ByName(TyperGroup):
    """`tieline kpi dso` is `tieline kpi show dso`, and `tieline kpi` alone lists them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The command is put in front where it was left out."""
        first = args[0] if args else ""
        if first != "--help" and first not in self.commands:
            args = ["show" if first and not first.startswith("-") else "list", *args]
        return list(super().parse_args(ctx, args))


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(cls=_ByName, help="Key figures: what each is, how it is now, and the records it rests on.")
    group.command("list")(list_all)
    group.command("show")(show)
    group.command("baseline")(baseline)
    app.add_typer(group, name="kpi")


class Grouping(StrEnum):
    """What a figure may be split by."""

    ENTITY = "entity"
    REGION = "region"
    PRACTICE = "practice"
    CUSTOMER = "customer"
    MONTH = "month"
    PART = "part"


def list_all(json: JsonOption = False) -> None:
    """All key figures with what each tells."""
    if json:
        print_json([_defined(one) for one in definitions().values()])
        return
    table = table_of("Name", "Figure", "Tells", "Better")
    group = None
    for one in definitions().values():
        if one.group != group:
            group = one.group
            table.add_row("", f"[bold]{group}[/]", "", "")
        table.add_row(one.id, one.name, one.says, one.better)
    out.print(table)


def _defined(one: Definition) -> dict[str, Any]:
    return {name: item for name, item in plain(one).items() if name != "sql"}


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, such as dso; tieline kpi lists them.")],
    entity: Annotated[str | None, typer.Option(help="Only this legal entity.")] = None,
    practice: Annotated[str | None, typer.Option(help="Only this practice or service line.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only this customer: name or id.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only amounts in this currency.")] = None,
    period: Annotated[str | None, typer.Option(help="2026-11, or 2026-09..2026-11.")] = None,
    by: Annotated[Grouping | None, typer.Option(help="One figure for each of them.")] = None,
    into: Annotated[
        str | None, typer.Option("--in", help="Convert into this currency, at the rates of the site.")
    ] = None,
    rate: Annotated[list[str] | None, typer.Option(help="Another rate and its day: USD=0.92@2026-10-31.")] = None,
    records: Annotated[bool, typer.Option("--records", help="The records it rests on instead.")] = False,
    after: Annotated[int, typer.Option(help="Go on after so many records.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="Records of a page.", min=1, max=10_000)] = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """One key figure: as a whole, or by entity, region, practice, customer, month or part."""
    definition = definition_of(name)
    grouping: By | None = checked(definition, by.value if by else None)
    scope = scope_of(entity=entity, practice=practice, customer=customer, currency=currency, period=period)
    settings = load_site(site)
    setting = setting_of(settings)
    told_in = into_of(settings, into, scope.until or setting.today, dict(map(rate_of, rate or [])))
    with database_of(site) as database, database.connection() as db:
        if records:
            found = read_records(db, definition, scope, setting, after=after, limit=limit)
            _print_records(definition, found, json=json, as_csv=as_csv)
            return
        figures = read_figures(db, definition, scope, setting, grouping)
        before = known_before(db, [definition.id])
    if told_in:
        figures = converted(definition, figures, told_in)
    changes = [change_of(before, definition, scope, grouping, one) for one in figures]
    if json:
        told_all = [{**plain(one), "change": plain(change)} for one, change in zip(figures, changes, strict=True)]
        print_json({"kpi": _defined(definition), "figures": told_all})
    elif as_csv:
        sys.stdout.write(csv_of(Figure, figures))
    else:
        _print_figures(definition, figures, changes)


def baseline(
    file: Annotated[
        Path | None, typer.Option("--csv", help="Figures from before the start, brought by the firm.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    period: Annotated[str | None, typer.Option(help="Of which months: 2026-11, or 2026-09..2026-11.")] = None,
    kept: Annotated[bool, typer.Option("--list", help="List those taken so far instead.")] = False,
    as_: AsOption = "operator",
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Take down how every figure is now, or was before the start, so that what has changed since can be seen."""
    settings = load_site(site)
    scope = scope_of(entity=None, practice=None, customer=None, currency=None, period=period)
    with database_of(site) as database, database.connection() as db:
        if not kept:
            _take(db, settings, scope, file, name, as_)
        rows = list_baselines(db)
    if json:
        print_json(rows)
        return
    table = table_of("Baseline", "Name", "How", "Period", "Figures", "Taken")
    for one in rows:
        days = f"{one.since:%Y-%m} to {one.until:%Y-%m}" if one.since and one.until else "all"
        taken = f"{one.taken_at:%Y-%m-%d %H:%M} by {one.taken_by}"
        table.add_row(str(one.id), escape(one.name), one.origin, days, f"{one.figures:,}", escape(taken))
    out.print(table if rows else "No baseline was taken yet.")


def _take(db: Connection, site: Site, scope: Scope, file: Path | None, name: str | None, by: str) -> None:
    called = (name or ("before the start" if file else f"{datetime.now(UTC):%Y-%m-%d}")).strip()[:80]
    with db.transaction():
        if file is not None:
            figures = brought(file.name, read_csv(file), {entity.id for entity in site.firm.legal_entities})
            number = keep(db, called, "brought", by, scope, figures)
        else:
            figures = measured(db, scope, setting_of(site))
            number = keep(db, called, "measured", by, scope, figures)
        audit(
            db, "kpi.baseline_taken", actor=by, object_=str(number), detail={"label": called, "figures": len(figures)}
        )


def read_csv(file: Path) -> str:
    """A file's text. Raises UserError."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file.name} is not UTF-8; save it as CSV UTF-8") from error


def rate_of(text: str) -> tuple[str, Conversion]:
    """`USD=0.92@2026-10-31`: the currency and its rate. Raises UserError."""
    currency, _, rest = text.partition("=")
    number, _, day = rest.partition("@")
    try:
        rate, told_day = Decimal(number), date.fromisoformat(day)
    except (InvalidOperation, ValueError) as error:
        raise UserError(f"'{text[:60]}' is no rate; write one with its day: USD=0.92@2026-10-31") from error
    if not rate.is_finite() or rate <= 0:
        raise UserError(f"'{text[:60]}' is no rate: it must be more than nothing")
    return currency.upper(), Conversion(rate, f"given, {told_day}")


def _print_figures(definition: Definition, figures: Sequence[Figure], changes: Sequence[Change | None]) -> None:
    out.print(f"[bold]{definition.name}[/]: {definition.says}", soft_wrap=True)
    with_change = any(changes)
    table = table_of("Of", "Currency", "Figure", "Known by", *(["Change"] if with_change else []))
    for one, change in zip(figures, changes, strict=True):
        since = told_change(definition, change, one.currency) if change else ""
        cells = [one.name or one.key or "all", one.currency or "", told(definition, one), known_by(definition, one)]
        table.add_row(*map(escape, [*cells, *([since] if with_change else [])]))
    out.print(table if figures else "No record belongs to it.")
    out.print(f"[dim]Formula: {definition.formula}. Known: {definition.known}.[/]", soft_wrap=True)


def _print_records(definition: Definition, found: Sequence[FigureRecord], *, json: bool, as_csv: bool) -> None:
    if json:
        print_json(found)
    elif as_csv:
        sys.stdout.write(csv_of(FigureRecord, found))
    else:
        table = table_of("Record", "", "Engagement", "Entity", "Day", "Part", "Above", "Below")
        for one in found:
            table.add_row(
                f"{one.record} {one.record_id}",
                escape(one.label or ""),
                escape(one.engagement or "-"),
                one.legal_entity or "-",
                f"{one.day or '-'}",
                escape(one.part or ""),
                "not known" if one.numerator is None else f"{one.currency or ''} {one.numerator:,}".strip(),
                "" if one.denominator is None else f"{one.denominator:,}",
            )
        out.print(table if found else "No record belongs to it.")
