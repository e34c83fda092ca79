"""Commands to replay: what it would change, asking for it, watching it, listing and stopping."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tieline.app.assembly import Tieline
from tieline.app.replay import Preview, replays_of
from tieline.app.views.replays import ReplayRow, list_replays, read_replay
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of, tieline_of
from tieline.cli.errors import UserError
from tieline.cli.thread import find_engagement
from tieline.engine.foresight import FieldChange
from tieline.engine.replay import NothingToReplay, Scope, ask, stop
from tieline.lane.reread import LineChange
from tieline.store.database import Database

LOOK_EVERY = 0.25
LINES_SHOWN = 20
"""Changed fields of a record that are shown as text; --json has all."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("replay")(replay)
    app.command("replays")(replays)


def replay(
    engagement: Annotated[str | None, typer.Option(help="Its id or the beginning of its name.")] = None,
    record: Annotated[str | None, typer.Option(help="connection:record:id, as in kantata:time:4711.")] = None,
    effect: Annotated[int | None, typer.Option(help="The number of a write.", min=1, max=2**62)] = None,
    connection: Annotated[str | None, typer.Option(help="All that this system holds or told.")] = None,
    since: Annotated[
        str | None, typer.Option(help="What came in from then on: 2026-11-01 or 2026-11-01T08:00.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="And before then; both in UTC unless they say otherwise.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would change.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the workers have done it.")] = False,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Look again at what was done before, and write what is not as it should be. Safe at any time."""
    named = {"effect": effect, "connection": connection, "since": _moment(since), "until": _moment(until)}
    if preview:
        with tieline_of(site) as tieline:
            _preview(tieline, _scope(tieline.database, engagement, record, named), json=json)
        return
    with database_of(site) as database:
        scope = _scope(database, engagement, record, named)
        try:
            asked = ask(database, scope, by)
        except NothingToReplay as error:
            raise UserError(str(error)) from error
        row = _watch(database, asked.number) if wait else _read(database, asked.number)
    if json:
        print_json({"joined": asked.joined, "replay": row})
        return
    joined = "One of the same scope runs already; this is that one. " if asked.joined else ""
    out.print(escape(f"{joined}Replay {row.number} of {row.told}: {_came_to(row)}"), soft_wrap=True)
    if row.state == "running":
        out.print(f"The workers do it, a few at a time; see how far they are with: tieline replays ({row.number})")


def replays(
    stop_number: Annotated[
        int | None, typer.Option("--stop", help="Stop the replay of this number.", min=1, max=2**62)
    ] = None,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Replays, the newest first: who asked for which, how far it has come, what came of it."""
    with database_of(site) as database:
        if stop_number is not None and not stop(database, stop_number, by):
            raise UserError(f"Replay {stop_number} is not running; list them with: tieline replays")
        with database.connection() as db:
            rows = list_replays(db)
    if json:
        print_json(rows)
        return
    table = table_of("no.", "of", "asked by", "at (UTC)", "state", "came to")
    for row in rows:
        at = f"{row.requested_at:%d %b %H:%M}"
        table.add_row(str(row.number), escape(row.told), escape(row.requested_by), at, row.state, escape(_came_to(row)))
    out.print(table if rows else "Nothing was replayed yet.")


def _scope(database: Database, engagement: str | None, record: str | None, named: dict[str, Any]) -> Scope:
    """Raises UserError or ValueError."""
    if record is not None:
        parts = record.split(":", 2)
        if len(parts) != 3 or not all(parts) or named["connection"] is not None:
            raise UserError("Name a record as connection:record:id, for example kantata:time:4711.")
        named = {**named, "connection": parts[0], "record": parts[1], "external_id": parts[2]}
    if engagement is not None:
        with database.connection() as db:
            engagement = find_engagement(db, engagement)
    return Scope(engagement=engagement, **named)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"'{text}' is no time; write it as {date(2026, 11, 1)} or 2026-11-01T08:00+01:00.") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read(database: Database, number: int) -> ReplayRow:
    with database.connection() as db:
        row = read_replay(db, number)
    assert row is not None
    return row


def _watch(database: Database, number: int) -> ReplayRow:
    """Until it is over; shows how far it is where a person watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f}"))
    with Progress(*columns, TimeRemainingColumn(), console=out, disable=not out.is_terminal, transient=True) as bar:
        task = bar.add_task("replaying", total=None)
        while True:
            row = _read(database, number)
            bar.update(task, total=row.all, completed=row.done)
            if row.state != "running":
                return row
            time.sleep(LOOK_EVERY)


def _came_to(row: ReplayRow) -> str:
    parts = [f"{row.looked:,} of {row.items:,} processes looked again"]
    if row.lines:
        parts.append(f"{row.lines_read:,} of {row.lines:,} lines read again, {row.lines_changed:,} had changed")
    if row.lines_gone:
        parts.append(f"{row.lines_gone:,} are gone at their source")
    if row.problem and row.state == "running":
        parts.append(f"waits: {row.problem}")
    if row.stopped_by:
        parts.append(f"stopped by {row.stopped_by}")
    return "; ".join(parts)


# ---- the preview ----


def _preview(tieline: Tieline, scope: Scope, *, json: bool) -> None:
    found = replays_of(tieline).preview(scope)
    if json:
        print_json({"whole": found.whole, "writes": found.writes, "preview": found})
        return
    for text in told(found):
        out.print(text, soft_wrap=True)


def told(found: Preview) -> Iterator[str]:
    """What would change, as lines of text."""
    some = "" if found.whole else f"; looked at {found.looked:,} processes and {found.lines_read:,} lines of them"
    yield f"Replay of [bold]{escape(found.told)}[/]: {found.items:,} processes, {found.lines:,} lines{some}."
    for forecast in found.forecasts:
        yield from (f"[yellow]needs a person[/] {escape(problem)}" for problem in forecast.problems)
        if forecast.state == "retrying" and forecast.note:
            yield f"[dim]{escape(forecast.instance.flow)}: {escape(forecast.note)}[/]"
        for write in forecast.writes:
            there = f" {write.external_id}" if write.external_id else ""
            why = f" ({write.why})" if write.why else ""
            yield f"[bold]{write.what}[/] {escape(f'{write.label}: {write.target}{there} in {write.connection}{why}')}"
            yield from _fields(write.changes, known=write.known)
    for change in found.line_changes:
        yield from _line(change)
    if found.lines_gone:
        yield f"{len(found.lines_gone):,} lines are gone at their source; the nightly comparison takes them back."
    if found.problem:
        yield f"[yellow]Lines could not be read: {escape(found.problem)}[/]"
    if not found.writes and not found.line_changes:
        yield "[green]Nothing would be written.[/]"


def _fields(changes: tuple[FieldChange, ...], *, known: bool) -> Iterator[str]:
    if not known:
        yield "  [dim]what it holds now is not known; this would be sent:[/]"
    for one in changes[:LINES_SHOWN]:
        old = "" if not known or one.old is None else f"{_short(one.old)} -> "
        yield f"  {escape(one.field)}: {escape(old)}{escape(_short(one.new))}"
    if len(changes) > LINES_SHOWN:
        yield f"  [dim]and {len(changes) - LINES_SHOWN:,} more; --json has all[/]"


def _line(change: LineChange) -> Iterator[str]:
    after = "; its booking is reversed" if change.booked else ""
    what = "correct" if change.approved else "take back"
    yield f"[bold]{what}[/] {escape(f'{change.kind} {change.source_id} of {change.connection}')}{after}"
    for name, old, new in change.fields:
        yield f"  {name}: {escape(_short(old))} -> {escape(_short(new))}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
