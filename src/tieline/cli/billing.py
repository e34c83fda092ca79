"""Commands about billing terms: what is agreed and used, and readings of meters."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.readings import take_readings
from tieline.app.site_defects import SiteError
from tieline.app.views.billing_terms import AgreedBilling, read_agreed_billing
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.cli.thread import find_engagement


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("terms")(terms)
    app.command("readings")(readings)


def terms(
    engagement: Annotated[str, typer.Argument(help="Its id or the beginning of its name.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Limits and retainers of an engagement with what is used of them, and the charges that follow."""
    with database_of(site) as database, database.connection() as db:
        found = read_agreed_billing(db, find_engagement(db, engagement), datetime.now(UTC).date())
    if json:
        print_json(found)
        return
    if found is None:
        out.print("Billed as its method says: nothing else is agreed.")
        return
    out.print(f"{escape(found.contract)}, version {found.version}")
    for limit in found.limits:
        colour = "red" if limit.used > 1 else "yellow" if limit.used >= Decimal("0.8") else "green"
        held = f"; above it waits for a person, {limit.let_pass:,.2f} let pass" if limit.above == "held" else ""
        out.print(f"[{colour}]{limit.used:.0%}[/] of {escape(limit.words)} is used{held}")
    _print_retainer(found)
    _print_charges(found)


def _print_retainer(found: AgreedBilling) -> None:
    if not found.retainer:
        return
    table = table_of("Retainer", "Brought", "Granted", "Used", "Above", "Expired", "Left")
    for one in found.retainer:
        figures = (one.brought, one.granted, one.used, one.above, one.expired, one.balance)
        table.add_row(one.period, *(f"{figure:,.2f} {one.unit}" if figure else "-" for figure in figures))
    out.print(table)


def _print_charges(found: AgreedBilling) -> None:
    if not found.charges:
        return
    table = table_of("Day", "Charge", "Amount", "On invoices", "Rule")
    for one in found.charges:
        amounts = (f"{one.currency} {amount:,.2f}" if amount else "-" for amount in (one.amount, one.invoiced))
        table.add_row(f"{one.day}", escape(one.text), *amounts, f"[dim]{escape(one.rule)}[/]")
    out.print(table)


def readings(
    file: Annotated[Path, typer.Argument(help="CSV with the columns engagement, meter, date, quantity.")],
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Take in what meters counted, or the percentage complete of a fixed price; all of a table or nothing."""
    with database_of(site) as database:
        try:
            taken = take_readings(database, file, by)
        except SiteError as error:
            raise UserError(str(error)) from error
    if json:
        print_json(taken)
        return
    out.print(f"{taken.readings} readings, {taken.changed} of them news; billing follows by itself.")
