"""Commands of outlooks: how engagements do, and what a customer said."""

import csv
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.outlooks import look_ahead, say_satisfaction
from tieline.app.site import load_site
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.cli.thread import find_engagement
from tieline.model.outlook import Outlook

COLOURS = {"red": "[red]red[/]", "amber": "[yellow]amber[/]", "green": "[green]green[/]", "unknown": "[dim]no data[/]"}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("outlook")(outlook)
    app.command("satisfaction")(satisfaction)


def outlook(
    engagement: Annotated[str | None, typer.Argument(help="Its id or the beginning of its name; else all.")] = None,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """How engagements do now and why, the worst first: health, early warnings, chances to renew."""
    firm = load_site(site).firm
    with database_of(site) as database, database.connection() as db:
        wanted = find_engagement(db, engagement) if engagement else None
        found = look_ahead(db, firm, datetime.now(UTC).date(), wanted)
    found.sort(key=lambda one: (-one.score, one.id))
    if json:
        print_json({"items": [one.model_dump(mode="json") | {"reasons": one.reasons} for one in found]})
    elif wanted and found:
        _one(found[0])
    else:
        _all(found)


def _all(found: list[Outlook]) -> None:
    table = table_of("Engagement", "Customer", "Health", "Why", "Warnings", "Chances")
    for one in found:
        why = "\n".join(one.reasons) or (f"no data: {', '.join(one.missing)}" if one.colour == "unknown" else "")
        warnings, deals = "\n".join(each.title for each in one.warnings), "\n".join(each.title for each in one.chances)
        table.add_row(
            escape(one.name), escape(one.customer), COLOURS[one.colour], escape(why), escape(warnings), escape(deals)
        )
    out.print(table if found else "No engagement has a contract yet.")


def _one(one: Outlook) -> None:
    out.print(f"[bold]{escape(one.name)}[/]  {COLOURS[one.colour]}, score {one.score.normalize():f}")
    table = table_of("Signal", "Says", "Counts")
    for signal in one.signals:
        counts = f"{(signal.points * signal.weight).normalize():f}" if signal.value is not None else "no data"
        table.add_row(signal.id.replace("_", " "), escape(signal.words), counts)
    out.print(table)
    for warning in one.warnings:
        out.print(escape(f"Warning: {warning.title}. {warning.text}"), soft_wrap=True)
    for chance in one.chances:
        out.print(escape(f"{chance.kind.capitalize()}: {chance.title}. {chance.reason}."), soft_wrap=True)
    out.print(escape(one.outcomes), soft_wrap=True)


def satisfaction(
    engagement: Annotated[str | None, typer.Argument(help="Its id or the beginning of its name.")] = None,
    score: Annotated[str | None, typer.Argument(help="0 (not at all satisfied) to 100.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="CSV", help="Many at once: columns engagement and score.")
    ] = None,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Record what customers said of an engagement; it counts in its health."""
    rows = _rows(file) if file else [(1, engagement or "", score or "")]
    if not file and not (engagement and score):
        raise UserError("Name an engagement and a score, or a --file.")
    checked = [(line, name, _score(line, text)) for line, name, text in rows]
    with database_of(site) as database:
        with database.connection() as db:
            found = [(find_engagement(db, name), value) for _, name, value in checked]
        for known, value in found:
            say_satisfaction(database, known, value, by)
    if json:
        print_json({"recorded": [{"engagement": known, "score": value} for known, value in found]})
    else:
        out.print(f"Recorded for {len(found):,} engagement{'s' if len(found) != 1 else ''}.")


def _rows(file: Path) -> list[tuple[int, str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        if not {"engagement", "score"} <= set(reader.fieldnames or ()):
            raise UserError(f"{file} needs the columns engagement and score.")
        return [(reader.line_num, (row["engagement"] or "").strip(), (row["score"] or "").strip()) for row in reader]


def _score(line: int, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise UserError(f"Line {line}: '{text}' is no score from 0 to 100.") from error
    if not value.is_finite() or not 0 <= value <= 100:
        raise UserError(f"Line {line}: '{text}' is no score from 0 to 100.")
    return value
