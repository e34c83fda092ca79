"""Commands that tell how well the firm is served: sla, calls, alerts."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.alert_delivery import NotDelivered, send, trial
from tieline.app.site import load_site
from tieline.app.views.alerts import list_alerts
from tieline.app.views.calls import CallRow, read_calls
from tieline.app.views.service import list_late, read_service
from tieline.cli.context import JsonOption, SiteOption, database_of, out, plain, print_json, table_of
from tieline.cli.errors import UserError
from tieline.model.durations import shortly


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("sla")(sla)
    app.command("calls")(calls)
    app.command("alerts")(alerts)


def sla(
    hours: Annotated[int, typer.Option(help="How far back to look.", min=1, max=24 * 90)] = 24,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """How long records took from the event to the target's confirmation, against the promise of each tier."""
    levels, window = load_site(site).levels, timedelta(hours=hours)
    with database_of(site) as database, database.connection() as db:
        tiers, late = read_service(db, levels, window), list_late(db, levels, window=window)
    if json:
        told = [{**plain(row), "share": row.share, "kept": row.kept} for row in tiers]
        print_json({"tiers": told, "late": [{**plain(row), "seconds": row.seconds} for row in late]})
        return
    table = table_of("Tier", "Promise", "Records", "In time", "Typical", "95 %", "Slowest", "Overdue")
    for row in tiers:
        table.add_row(
            row.name,
            f"{row.target_share:.1%} in {shortly(row.within_seconds)}",
            f"{row.records:,}",
            ("" if row.kept else "[red]") + ("-" if row.share is None else f"{row.share:.1%}"),
            shortly(row.p50_seconds),
            shortly(row.p95_seconds),
            shortly(row.slowest_seconds),
            f"[red]{row.overdue:,}" if row.overdue else "0",
        )
    out.print(table)


def calls(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """Latency, failures, head-room in the vendor's limits, backlog and when it will be gone, per connection."""
    settings = load_site(site)
    with database_of(site) as database, database.connection() as db:
        rows = list(read_calls(db, settings).values())
    if json:
        seconds = [None if row.drains_in is None else row.drains_in.total_seconds() for row in rows]
        print_json([{**plain(row), "drains_in": wait} for row, wait in zip(rows, seconds, strict=True)])
        return
    table = table_of("Connection", "Free", "Scarcest", "Calls/h", "Failed", "429", "p50", "p95", "Backlog", "Gone in")
    for row in rows:
        room = row.head_room
        table.add_row(
            row.connection,
            f"{room.free:.0%}",
            f"{room.used:,.0f} of {room.limit:,.0f} {room.scarcest}",
            f"{row.calls_hour:,}",
            f"{row.failed_hour:,}",
            f"{row.throttled_hour:,}",
            shortly(row.p50_seconds),
            shortly(row.p95_seconds),
            f"{row.backlog:,}",
            _drain(row),
        )
    out.print(table)


def _drain(row: CallRow) -> str:
    if not row.backlog:
        return "-"
    return "stands still" if row.drains_in is None else shortly(row.drains_in.total_seconds())


def alerts(
    resolved: Annotated[bool, typer.Option("--resolved", help="Show those that are over, too.")] = False,
    test: Annotated[str | None, typer.Option(help="Send a test message to this channel instead.")] = None,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What is wrong now, and whether people have been told."""
    if test is not None:
        _try_channel(site, test, json)
        return
    with database_of(site) as database, database.connection() as db:
        rows = list_alerts(db, resolved=resolved)
    if json:
        print_json(rows)
        return
    for row in rows:
        over = f", over {row.resolved_at:%Y-%m-%d %H:%M}" if row.resolved_at else ""
        out.print(f"[bold]{escape(row.title)}[/]  since {row.opened_at:%Y-%m-%d %H:%M} UTC{over}")
        out.print(f"  {escape(row.message)}", soft_wrap=True)
        if row.problem:
            out.print(f"  [red]Not everybody has been told: {escape(row.problem)}[/]", soft_wrap=True)
    if not rows:
        out.print("No alert is open.")


def _try_channel(folder: Path, name: str, json: bool) -> None:
    site = load_site(folder)
    channel = next((one for one in site.alert_channels if one.name == name), None)
    if channel is None:
        known = ", ".join(one.name for one in site.alert_channels) or "none"
        raise UserError(f"The site has no alert channel '{name}'; it has {known}.")
    try:
        send(site, channel, trial(site))
    except NotDelivered as error:
        raise UserError(f"The message did not arrive: {name} {error}.") from error
    if json:
        print_json({"sent": name})
    else:
        out.print(f"The message has arrived at {escape(name)}.")
