"""Commands of stewards: customers that may be one, what is said of them, and who owns which field."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from tieline.app.matches import look_through
from tieline.app.ownership import register
from tieline.app.site import load_site
from tieline.app.site_mappings import mappings_of
from tieline.app.views.matches import Held, MatchDetail, Show, count_matches, list_matches, read_match
from tieline.app.views.paging import LARGEST, snapshot
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.exception_queue import matches as decisions
from tieline.exception_queue.matches import NoSuchMatch
from tieline.mapping.canonical import records
from tieline.matching.customers import CHOOSABLE
from tieline.store.database import Database

Side = Literal["a", "b"]
NumberArgument = Annotated[
    int, typer.Argument(help="Number of the pair (tieline matches shows it).", min=1, max=2**63 - 1)
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("matches")(matches)
    app.command("match")(match)
    app.command("owners")(owners)


def matches(
    show: Annotated[Show, typer.Option(help="Those open, those said to be one, or those told apart.")] = "open",
    search: Annotated[bool, typer.Option("--search", help="First compare all customers with each other.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=LARGEST)] = 50,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Customers that may be one, with the reasons."""
    with database_of(site) as database:
        looked = look_through(database, load_site(site).firm) if search else None
        with snapshot(database) as db:
            rows, counts = list_matches(db, show, limit), count_matches(db)
    if json:
        print_json({"matches": rows, "counts": counts, "searched": looked})
        return
    if looked is not None:
        out.print(f"Compared {looked.customers:,} customers.")
    table = table_of("no.", "customer a", "customer b", "sure", "why", "state" if show == "open" else "decided by")
    for row in rows:
        last = f"{row.waiting} waiting" if row.waiting else "" if show == "open" else escape(row.decided_by or "")
        why = escape(", ".join(row.reasons))
        table.add_row(str(row.number), escape(row.name_a), escape(row.name_b), row.sure, why, last)
    nothing = {"open": "No customers wait to be told apart.", "same": "Nobody was made one.", "different": "None."}
    out.print(table if rows else f"[green]{nothing[show]}[/]")
    if len(rows) < counts[show]:
        out.print(f"{counts[show] - len(rows):,} more; ask with --limit.")


def match(
    number: NumberArgument,
    same: Annotated[bool, typer.Option("--same", help="The two are one.")] = False,
    different: Annotated[bool, typer.Option("--different", help="The two are two; takes back a merge.")] = False,
    keep: Annotated[Side, typer.Option(help="Which stands for both.")] = "a",
    take: Annotated[list[str] | None, typer.Option(help="FIELD=a or FIELD=b: whose value counts; repeatable.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed for --different.")] = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """One pair side by side; with --same or --different the decision on it."""
    if same and different:
        raise UserError("Say --same or --different, not both")
    settings = load_site(site)
    connections = [one.name for one in settings.connections]
    with database_of(site) as database:
        woken = None
        if same:
            sides = _sides(_read(database, connections, number))
            chosen = dict(_choice(text, sides) for text in take or ())
            woken = decisions.same(database, number, by, reason, survivor=sides[keep], choices=chosen)
        elif different:
            woken = decisions.different(database, number, by, reason)
        detail = _read(database, connections, number)
    if json:
        print_json({"match": detail, "woken": woken})
    else:
        _show(detail, woken)


def owners(
    record: Annotated[str | None, typer.Argument(help="Canonical record, such as customer; else all.")] = None,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Who owns each field, how confidential it is, who keeps it, and which systems read and write it."""
    chosen = load_site(site)
    try:
        fields = register(chosen, list(mappings_of(chosen)), record)
    except KeyError as error:
        raise UserError(f"There is no record '{record}'; there are {', '.join(sorted(records()))}") from error
    if json:
        print_json(fields)
        return
    table = table_of("field", "owner", "class", "steward", "read from", "written to")
    for one in fields:
        name = one.field if record else f"{one.record}.{one.field}"
        systems = (", ".join(one.read_from), ", ".join(one.written_to))
        table.add_row(name, one.owner, one.field_class, escape(one.steward or ""), *systems)
    out.print(table)


def _read(database: Database, connections: list[str], number: int) -> MatchDetail:
    with snapshot(database) as db:
        detail = read_match(db, connections, number)
    if detail is None:
        raise NoSuchMatch(f"There is no pair {number}; list them with: tieline matches")
    return detail


def _sides(detail: MatchDetail) -> dict[str, str]:
    return {"a": detail.row.a, "b": detail.row.b}


def _choice(text: str, sides: Mapping[str, str]) -> tuple[str, str]:
    name, _, side = text.partition("=")
    if name not in CHOOSABLE or side not in sides:
        raise UserError(f"'{text}' is no choice such as phone=b; the fields are {', '.join(CHOOSABLE)}")
    return name, sides[side]


def _show(detail: MatchDetail, woken: int | None) -> None:
    row = detail.row
    out.print(f"[bold]{escape(row.name_a)}[/] and [bold]{escape(row.name_b)}[/]: {row.sure} sure that they are one")
    out.print(f"[dim]{escape(', '.join(row.reasons))}[/]")
    table = table_of("field", "a", "b", "counts")
    for pair in detail.fields:
        if pair.a or pair.b:
            shown = [escape(value or "") for value in (pair.a, pair.b)]
            table.add_row(pair.field.replace("_", " "), *shown, pair.chosen or "")
    table.add_row("in", _held(detail.held_a), _held(detail.held_b), "")
    table.add_row("engagements", str(detail.engagements_a), str(detail.engagements_b), "")
    out.print(table)
    if row.decided_at is None:
        out.print(f"Nobody has decided. Say: tieline match {row.number} --same, or --different --reason WHY")
    else:
        what = "one" if row.state == "same" else "different"
        why = f": {escape(row.reason)}" if row.reason else ""
        out.print(f"{escape(row.decided_by or '')} said on {row.decided_at:%d %b %H:%M} UTC that they are {what}{why}")
    if woken is not None:
        out.print(f"{woken:,} {'contract looks' if woken == 1 else 'contracts look'} again now.")


def _held(held: Sequence[Held]) -> str:
    return escape(", ".join(f"{one.connection} {one.external_id}" for one in held) or "no system yet")
