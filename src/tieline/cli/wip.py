"""Commands about unbilled work: what there is by age, and writing it up or down."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.site import Site, load_site
from tieline.app.views.wip import page_wip_lines
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.exception_queue.actions import NotPossible
from tieline.lane.adjustment import MOST_LINES, Adjustment, confirm, propose, withdraw
from tieline.lane.wip import WipRow, read_wip, sums
from tieline.store.database import Database


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("wip")(wip)
    app.command("adjust")(adjust)


def wip(
    entity: Annotated[str | None, typer.Option(help="Only of this legal entity.")] = None,
    lines: Annotated[str | None, typer.Option(metavar="PROJECT", help="The lines of this project.")] = None,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Unbilled work by project and age, with what is on drafts, what was adjusted, and the realization."""
    with database_of(site) as database:
        if lines is not None:
            return _show_lines(database, _project(database, lines), json=json)
        with database.connection() as db:
            rows = read_wip(db, datetime.now(UTC).date(), entity=entity)
    if json:
        told = [{**vars(row), "unbilled": row.unbilled, "realization": row.realization} for row in rows]
        return print_json(told)
    ages = ("to 30 d", "to 60 d", "to 90 d", "older")
    table = table_of("project", "customer", "", *ages, "adjusted", "total", "drafts", "real.")
    for row in rows:
        amounts = (*row.ages, row.adjusted, row.total, row.drafts)
        waits = f"\n[yellow]{row.proposed:+,} waits for a second person: {row.proposal}[/]" if row.proposal else ""
        table.add_row(
            f"{escape(row.code)} {escape(row.project)}\n[dim]{row.project_id}[/]{waits}",
            escape(row.customer),
            row.currency,
            *(f"{amount:,.2f}" if amount else "-" for amount in amounts),
            f"{row.realization} %" if row.realization is not None else "-",
        )
    out.print(table if rows else "Nothing is unbilled.")
    for text in totals(rows):
        out.print(text)
    return None


def _show_lines(database: Database, project: str, *, json: bool) -> None:
    with database.connection() as db:
        rows = page_wip_lines(db, project, datetime.now(UTC).date(), limit=MOST_LINES).items
    if json:
        return print_json(rows)
    table = table_of("line", "day", "age", "what", "who", "", "amount", "adjusted", "stands")
    for row in rows:
        what = row.text or f"{row.kind} {row.source_id}"
        stands = "on a draft" if row.invoice_id else "unbilled" if row.state == "checked" else row.state
        adjusted = f"{row.adjusted:,.2f}" if row.adjusted else "-"
        table.add_row(
            *(f"{row.number}", f"{row.work_date}", f"{row.age} d", escape(what), escape(row.person or "-")),
            *(row.currency or "", f"{row.amount:,.2f}", adjusted, stands.replace("_", " ")),
        )
    out.print(table if rows else "Every billable line is on a released invoice.")
    return None


def totals(rows: list[WipRow]) -> list[str]:
    """One line per currency."""
    return [f"{name} {amount:,.2f} on no released invoice" for name, amount in sorted(sums(rows).items())]


def adjust(
    project: Annotated[str | None, typer.Argument(help="Id or code of the project.")] = None,
    amount: Annotated[str | None, typer.Option(help="What to add (250) or take off (-250).")] = None,
    write_off: Annotated[bool, typer.Option("--write-off", help="Take all of it off.")] = False,
    lines: Annotated[
        list[int] | None, typer.Option("--line", help="Only this line (repeatable); see: tieline wip --lines.", min=1)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    confirmed: Annotated[int | None, typer.Option("--confirm", help="Agree to this proposal.", min=1)] = None,
    withdrawn: Annotated[int | None, typer.Option("--withdraw", help="Give this proposal up.", min=1)] = None,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Write unbilled work of a project up or down: proposed by one person, confirmed by another."""
    settings = load_site(site)
    with database_of(site) as database:
        try:
            if confirmed is not None:
                found = _confirm(database, settings, confirmed, by)
            elif withdrawn is not None:
                found = withdraw(database, withdrawn, by=by)
            elif project is not None and (amount is not None) != write_off:
                found = _propose(database, project, _amount(amount), by, reason, lines or [])
            else:
                raise UserError(
                    "Name a project with --amount or --write-off, or a proposal to --confirm or --withdraw."
                )
        except NotPossible as error:
            raise UserError(f"Not done: {error}.") from error
    if json:
        print_json(found)
        return
    following = f"; another person confirms it: tieline adjust --confirm {found.id}"
    out.print(escape(f"{_done(found)}{following if found.state == 'proposed' and confirmed is None else ''}"))


def _propose(
    database: Database, project: str, amount: Decimal | None, by: str, reason: str, lines: list[int]
) -> Adjustment:
    return propose(database, _project(database, project), amount, by=by, reason=reason, lines=lines)


def _confirm(database: Database, settings: Site, number: int, by: str) -> Adjustment:
    people = {one.name: one.id for one in settings.firm.people}
    today = datetime.now(UTC).date()
    return confirm(database, number, by=by, today=today, policy=settings.approvals, people=people)


def _done(one: Adjustment) -> str:
    return f"Adjustment {one.id}: {one.words}, {one.reason}"


def _amount(text: str | None) -> Decimal | None:
    try:
        found = None if text is None else Decimal(text)
    except InvalidOperation as error:
        raise UserError(f"'{text}' is no amount such as -250.00.") from error
    if found is not None and not found.is_finite():
        raise UserError(f"'{text}' is no amount such as -250.00.")
    return found


def _project(database: Database, text: str) -> str:
    with database.connection() as db:
        rows = db.execute("select id from project where id = %(text)s or code = %(text)s", {"text": text}).fetchall()
    if len(rows) != 1:
        raise UserError(f"'{text}' is no project; see them with: tieline wip")
    return str(rows[0]["id"])
