"""Commands that compare the systems: reconcile and verify."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.assembly import Tieline
from tieline.app.assurance import LARGEST_SEED, Assurance, firm_of, new_seed
from tieline.app.views.discrepancies import DiscrepancyRow, list_discrepancies
from tieline.cli.context import AsOption, JsonOption, SiteOption, out, print_json, table_of, tieline_of
from tieline.cli.errors import UserError
from tieline.reconciliation.comparison import Scope
from tieline.reconciliation.period import period_of
from tieline.reconciliation.reconcile import Busy, Compared, Reconciliation, reconcile
from tieline.reconciliation.repair import CannotRepair, ask_repair, do_repairs
from tieline.reconciliation.verify import Verification, verify
from tieline.reconciliation.words import KINDS, THINGS

LARGEST_NUMBER = 2**63 - 1
MOST_ROWS = 200


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("reconcile")(reconcile_systems)
    app.command("verify")(verify_systems)


def reconcile_systems(
    connection: Annotated[str | None, typer.Option(help="Only what concerns this connection.")] = None,
    period: Annotated[str | None, typer.Option(help="2026-11, or 2026-09..2026-11; else the newest months.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only this legal entity.")] = None,
    repair: Annotated[
        int | None, typer.Option(help="Repair this discrepancy instead of comparing.", min=1, max=LARGEST_NUMBER)
    ] = None,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Compare source, Tieline and target; exit code 1 when they disagree."""
    with tieline_of(site) as tieline:
        if repair is not None:
            _repair(tieline, repair, by, json)
            return
        scope = _scope(tieline, connection, period, entity)
        try:
            result = reconcile(firm_of(tieline), scope, by)
        except Busy as busy:
            raise UserError(str(busy)) from busy
        with tieline.database.connection() as db:
            names = {name: one.facts.system for name, one in tieline.connected.items()}
            rows = list_discrepancies(db, names, run=result.id, limit=MOST_ROWS).items
    if json:
        print_json({"id": result.id, "open": result.open, "period": str(scope.period), "compared": _plain(result)}
                   | {"discrepancies": rows})  # fmt: skip
    else:
        _show(result, rows, names)
    if result.open or result.failed:
        raise typer.Exit(1)


def _repair(tieline: Tieline, number: int, by: str, json: bool) -> None:
    try:
        found = ask_repair(tieline.database, number, by)
    except (CannotRepair, LookupError) as error:
        raise UserError(str(error)) from error
    do_repairs(firm_of(tieline))
    if json:
        print_json({"discrepancy": found.id, "repair": found.repair})
    else:
        out.print("Done; it closes by itself when the next comparison does not see it any more.")


def _scope(tieline: Tieline, connection: str | None, period: str | None, entity: str | None) -> Scope:
    if connection is not None and connection not in tieline.connected:
        raise UserError(f"There is no connection '{connection}'; there are {', '.join(tieline.connected)}.")
    if entity is not None and tieline.site.firm.legal_entity(entity) is None:
        known = ", ".join(one.id for one in tieline.site.firm.legal_entities)
        raise UserError(f"There is no legal entity '{entity}'; there are {known}.")
    months = period_of(period) if period else Assurance(tieline).usual()
    return Scope(period=months, connection=connection, entity=entity)


def _plain(result: Reconciliation) -> list[dict[str, object]]:
    return [
        {
            "left": one.left,
            "right": one.right,
            "record": one.record,
            "lines": _lines(one),
            "new": one.seen.new if one.seen else 0,
            "closed": one.seen.closed if one.seen else 0,
            "kinds": dict(one.kinds),
            "problem": one.problem,
            "totals": one.totals,
        }
        for one in result.compared
    ]


def _lines(one: Compared) -> int:
    return sum(total.wanted_lines for total in one.totals)


def _show(result: Reconciliation, rows: tuple[DiscrepancyRow, ...], names: Mapping[str, str]) -> None:
    table = table_of("records", "wanted by", "found in", "compared", "differ", "new", "gone")
    for one in result.compared:
        sides = [names.get(side, "Tieline") for side in (one.left, one.right)]
        kinds = ", ".join(f"{count:,} {KINDS[kind]}" for kind, count in one.kinds.items())
        differ = f"[yellow]not compared: {escape(one.problem)}[/]" if one.problem else kinds or "[green]none[/]"
        new, gone = (f"{one.seen.new:,}", f"{one.seen.closed:,}") if one.seen else ("", "")
        table.add_row(THINGS[one.record][1], *sides, f"{_lines(one):,}", differ, new, gone)
    out.print(table)
    if not rows:
        out.print("[green]The systems agree.[/]" if not result.failed else "[yellow]Not everything was compared.[/]")
        return
    found = table_of("no.", "what differs", "entity", "period", "at risk", "what mends it")
    for row in rows:
        money = f"{row.currency} {row.money:,.2f}" if row.money is not None else ""
        found.add_row(str(row.id), escape(row.message), row.legal_entity, row.period, money, escape(row.suggestion))
    out.print(found)
    if result.open > len(rows):
        out.print(f"{result.open - len(rows):,} more: see them in the console, or with --json and the API.")


def verify_systems(
    seed: Annotated[
        int | None, typer.Option(help="Take the samples of an earlier run.", min=0, max=LARGEST_SEED)
    ] = None,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Check the invariants against the systems' own records; exit code 1 on a violation."""
    with tieline_of(site) as tieline:
        table = tieline.site.reconciliation
        try:
            result = verify(
                firm_of(tieline),
                by,
                seed=new_seed() if seed is None else seed,
                sample=table.sample,
                sla=timedelta(minutes=table.stuck_minutes),
            )
        except Busy as busy:
            raise UserError(str(busy)) from busy
    if json:
        print_json(result)
    else:
        _tables(result)
    if result.violations:
        raise typer.Exit(1)


def _tables(result: Verification) -> None:
    names = ("posted", "in_flight", "waiting", "in_exception", "opening", "written_off")
    heads = ("posted", "in flight", "waiting", "in exception", "opening", "written off", "lost")
    out.print("[bold]Quantity[/]: approved at the source = what became of it, reversals netted")
    table = table_of("entity", "project", "period", "unit", "approved", *heads)
    for row in result.quantities:
        cells = [_figure(getattr(row, name)) for name in names]
        table.add_row(row.legal_entity, escape(row.project), row.period, row.unit, _figure(row.approved), *cells,
                      _lost(row.lost, bool(row.ids)))  # fmt: skip
    out.print(table)
    out.print("[bold]Money[/]: priced by Tieline = what became of it, reversals netted")
    table = table_of("entity", "currency", "project", "period", "priced", *heads)
    for value in result.values:
        cells = [_figure(getattr(value, name)) for name in names]
        table.add_row(value.legal_entity, value.currency, escape(value.project), value.period, _figure(value.priced),
                      *cells, _lost(value.lost, False))  # fmt: skip
    out.print(table)
    table = table_of("", "what must hold", "looked at", "violations")
    for one in result.checked:
        told = "[green]none[/]" if not one.count else f"[red]{one.count:,}[/]\n" + escape("\n".join(one.violations))
        table.add_row(one.invariant, one.title, f"{one.looked_at:,}", told)
    out.print(table)
    out.print(f"Seed {result.seed}. {result.moving:,} source lines changed meanwhile; the next run tells them.")


def _figure(amount: Decimal) -> str:
    return f"{amount.normalize():,f}" if amount else "0"


def _lost(amount: Decimal, ids: bool) -> str:
    return f"[red]{_figure(amount)}[/]" if amount or ids else "0"
