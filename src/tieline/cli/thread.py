"""Commands about the thread: engagements and their timelines."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.succession import SuccessionView, read_lineage
from tieline.app.views.contract_chain import SetupRow, VersionRow, read_holders, read_setups, read_versions
from tieline.app.views.engagements import list_engagements
from tieline.app.views.timeline import read_timeline, read_waiting
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.store.database import Connection

HEALTH = {"ok": "[green]fine[/]", "waiting": "[yellow]waiting[/]", "trouble": "[red]needs a person[/]"}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("engagements")(engagements)
    app.command("timeline")(timeline)
    app.command("contract")(contract_chain)


def engagements(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """All engagements: where each stands, why, and who must act."""
    with database_of(site) as database, database.connection() as db:
        rows = list_engagements(db)
    if json:
        print_json(rows)
        return
    table = table_of("engagement", "customer", "value", "stage", "health", "where it stands", "invoiced", "paid")
    for row in rows:
        value = f"{row.currency} {row.value:,.2f}" if row.value is not None else ""
        table.add_row(
            f"{escape(row.name)}\n[dim]{row.id}[/]",
            escape(row.customer),
            value,
            row.stage,
            HEALTH[row.health],
            escape(row.stands) + (f"\n[dim]{row.acts} acts[/]" if row.acts else ""),
            f"{row.invoiced:,.2f}",
            f"{row.paid:,.2f}",
        )
    out.print(table if rows else "No engagement yet: a won deal becomes one. Those that wait: tieline exceptions")


def timeline(
    engagement: Annotated[str, typer.Argument(help="Its id or the beginning of its name.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What was done in which system for one engagement, and what waits."""
    with database_of(site) as database, database.connection() as db:
        found = find_engagement(db, engagement)
        items, waiting = read_timeline(db, found), read_waiting(db, found)
    if json:
        print_json({"engagement": found, "timeline": items, "waiting": waiting})
        return
    table = table_of("at (UTC)", "step", "system", "outcome", "id there")
    for item in items:
        table.add_row(
            f"{item.at:%d %b %H:%M:%S}",
            escape(item.step),
            item.connection or "",
            escape(item.outcome),
            escape(item.vendor_id or ""),
        )
    out.print(table)
    for step in waiting:
        out.print(
            f"[yellow]waits[/] {escape(step.label)} ({step.connection or 'Tieline'}): {escape(step.detail or '')}"
        )


def contract_chain(
    contract: Annotated[str, typer.Argument(help="Its id, or id or beginning of the name of its engagement.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """The versions of a contract: what each changed and why, from when it counts, and which system holds which."""
    with database_of(site) as database, database.connection() as db:
        found = _find_contract(db, contract)
        versions, holders = read_versions(db, found, datetime.now(UTC).date()), read_holders(db, found)
        setups, lineage = read_setups(db, found), read_lineage(db, _engagement_of(db, found))
    if json:
        told = {"contract": found, "versions": versions, "holders": holders, "billing_setups": setups}
        print_json(told | vars(lineage))
        return
    for role, one in (("follows", lineage.predecessor), ("followed by", lineage.successor)):
        if one is not None:
            out.print(escape(f"{role} {_neighbour(one)}"), soft_wrap=True)
    for row in versions:
        out.print(_version(row), soft_wrap=True)
        for change in row.changed:
            out.print(escape(f"    {change}"), soft_wrap=True)
    for holder in holders:
        out.print(escape(f"{holder.project} in {holder.connection} ({holder.role}): version {holder.version}"))
    for setup in setups:
        out.print(_setup(setup), soft_wrap=True)


def _engagement_of(db: Connection, contract_id: str) -> str:
    query = "select engagement_id from contract_version where contract_id = %s limit 1"
    return str(db.execute(query, [contract_id]).fetchall()[0]["engagement_id"])


def _neighbour(one: SuccessionView) -> str:
    told = f"'{one.name}' ({one.engagement_id}), as {one.asked_by} said{f': {one.reason}' if one.reason else ''}"
    if one.open_balance is None:
        return f"{told}; what is left goes over when the older one is closed"
    rate = f" = {one.converted} at {one.rate}" if one.rate else ""
    rest = f", {one.retainer} of its retainer" if one.retainer else ""
    return f"{told}; carried over on {one.carried_on}: open balance {one.open_balance}{rate}{rest}"


def _version(row: VersionRow) -> str:
    since = f"for work from {row.effective_from}" if row.effective_from else "from the start"
    state = "[green]in force[/]" if row.in_force else "[yellow]later[/]" if row.later else "[dim]replaced[/]"
    difference = f" ({row.difference:+,.2f})" if row.difference is not None else ""
    told = f"[bold]version {row.version}[/]  {state}  {row.currency} {row.value:,.2f}{difference}  {since}"
    if row.order is None:
        return told
    people = (("proposed", row.proposed_by), ("approved", row.approved_by))
    who = "".join(f"; {what} by {name}" for what, name in people if name)
    return f"{told}\n" + escape(f"  {row.order} ({row.kind}): {row.reason or 'no reason given'}{who}")


def _setup(row: SetupRow) -> str:
    """Whether the ERP would bill as agreed."""
    head = f"{escape(f'{row.project} in {row.connection}')} is set up to bill"
    when = f"[dim](version {row.version}, looked at {row.checked_at:%d %b %H:%M} UTC)[/]"
    if not row.differences:
        return f"{head} as agreed  {when}"
    return "\n".join(
        [f"{head} [red]otherwise than agreed[/]  {when}", *(escape(f"    {one}") for one in row.differences)]
    )


def _find_contract(db: Connection, text: str) -> str:
    rows = db.execute("select contract_id from contract_version where contract_id = %s limit 1", [text]).fetchall()
    if not rows:
        own = [find_engagement(db, text)]
        rows = db.execute("select contract_id from contract_version where engagement_id = %s limit 1", own).fetchall()
    if not rows:
        raise UserError(f"'{text}' has no contract yet; what it lacks: tieline exceptions")
    return str(rows[0]["contract_id"])


def find_engagement(db: Connection, text: str) -> str:
    """The id of the engagement a person means. Raises UserError when none or several fit."""
    rows = db.execute(
        "select id, name from engagement where id = %(text)s or starts_with(id, %(text)s)"
        " or starts_with(lower(name), lower(%(text)s)) order by (id = %(text)s) desc, opened_at desc limit 5",
        {"text": text},
    ).fetchall()
    if not rows:
        raise UserError(f"No engagement begins with '{text}'; list them with: tieline engagements")
    if len(rows) > 1 and text != rows[0]["id"]:
        names = ", ".join(f"{row['name']} ({row['id']})" for row in rows)
        raise UserError(f"'{text}' fits several engagements: {names}; give the whole id")
    return str(rows[0]["id"])
