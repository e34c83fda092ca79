"""Commands about one exception: `tieline exception show`, and what a person does about it."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.assembly import connector_folder
from tieline.app.site import Site, load_site
from tieline.app.views.exception_detail import read_history, read_lines
from tieline.app.views.exceptions import read_exception
from tieline.app.views.paging import snapshot
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.exception_queue import actions, edit, ownership, write_off
from tieline.exception_queue.edit import Diff, editable_fields, shown_value
from tieline.exception_queue.value_row import add_code
from tieline.exception_queue.write_off import read_proposal
from tieline.store.database import Connection, Database

NumberArgument = Annotated[int, typer.Argument(help="Number of the exception.", min=1, max=2**63 - 1)]
ReasonOption = Annotated[str, typer.Option(help="Why.")]
ANONYMOUS = "operator"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(no_args_is_help=True, help="One exception: look at it, and mend it.")
    for name, command in (
        ("show", show),
        ("fix", fix),
        ("edit", edit_),
        ("assign", assign),
        ("comment", comment),
        ("postpone", postpone),
        ("write-off", write_off_),
        ("adopt", adopt),
        ("ignore", ignore),
    ):
        group.command(name)(command)
    app.add_typer(group, name="exception")


def show(
    exception: NumberArgument,
    after: Annotated[int, typer.Option(help="Number of the last line of the page before.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="Lines of the page.", min=1, max=1000)] = 25,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """One exception, open or solved, with what waits for it and what was done."""
    with database_of(site) as database, snapshot(database) as db:
        row = read_exception(db, exception)
        if row is None:
            raise UserError(f"There is no exception {exception}; list them with: tieline exceptions")
        lines, history = read_lines(db, exception, after=after, limit=limit), read_history(db, exception)
        fields, proposal = editable_fields(db, exception), read_proposal(db, exception)
    if json:
        told = {"exception": {**vars(row), "headline": row.headline}, "lines": lines, "history": history}
        print_json({**told, "editable": fields, "write_off": proposal})
        return
    out.print(f"[bold]{escape(row.headline)}[/]")
    if row.suggestion:
        out.print(escape(row.suggestion))
    state = f"solved {row.closed_at:%d %b %H:%M}" if row.closed_at else f"due {row.due_at:%d %b %H:%M} ({row.sla})"
    out.print(f"[dim]{row.kind}, {escape(row.owner)} mends it, opened {row.opened_at:%d %b %H:%M}, {state} (UTC)[/]")
    if proposal is not None and row.closed_at is None:
        out.print(f"[yellow]{escape(proposal.proposed_by)} proposes to write it off: {escape(proposal.reason)}[/]")
    table = table_of("line", "what", "record", "engagement", "person", "amount")
    for line in lines:
        amount = f"{line.currency or ''} {line.amount:,.2f}" if line.amount is not None else ""
        names = (line.step, line.record or "", line.engagement or "", line.person or "")
        table.add_row(str(line.number), *map(escape, names), amount)
    if lines:
        out.print(table)
    if fields:
        out.print("may be edited: " + ", ".join(f"{field.record}.{field.field}" for field in fields))
    for item in history:
        out.print(f"[dim]{item.at:%d %b %H:%M}[/] {escape(item.actor)} {item.action} {escape(item.detail or '')}")


def fix(
    exception: NumberArgument,
    code: Annotated[str, typer.Argument(help="The vendor's code for the value that has none.")],
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Add the missing code to the site's value table, and try again."""
    settings = load_site(site)
    with database_of(site) as database:
        with database.connection() as db:
            row = read_exception(db, exception)
        add_code(database, exception, _value_folders(settings, row.connection if row else None), code, by)
        woken = actions.retry(database, exception, by)
    _say(json, {"exception": exception, "woken": woken}, f"The code was added; {woken:,} records are tried again now.")


def _value_folders(site: Site, connection: str | None) -> list[Path]:
    settings = next((one for one in site.connections if one.name == connection), None)
    if settings is None or settings.values is None:
        return []
    return [settings.values, connector_folder(settings.connector) / "values"]


def edit_(
    exception: NumberArgument,
    field: Annotated[str, typer.Argument(help="The field, such as role or opportunity.payment_terms.")],
    value: Annotated[str, typer.Argument(help="What it is to be; '' for no value.")],
    reason: ReasonOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this the difference is only shown.")] = False,
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Correct one field of what waits: shows the difference, and takes it with --yes."""
    with database_of(site) as database:
        with snapshot(database) as db:
            record, name = _field(db, exception, field)
            diff = edit.preview(db, exception, record, name, value)
        if yes:
            _take(database, exception, diff, by, reason, json)
        elif json:
            print_json(diff)
        else:
            _tell_diff(diff)


def _take(database: Database, exception: int, diff: Diff, by: str, reason: str, json: bool) -> None:
    changed = edit.edit(database, exception, diff, by, reason)
    _say(json, {"exception": exception, "corrected": changed}, f"{changed:,} records corrected and tried again now.")


def _tell_diff(diff: Diff) -> None:
    table = table_of("records", f"{diff.record} {diff.field} now", "would be", "at the source")
    for group in diff.groups:
        values = (shown_value(group.now), shown_value(diff.new), shown_value(group.source))
        table.add_row(f"{group.records:,}", *map(escape, values))
    out.print(table)
    out.print("It counts as long as the source holds what it holds now. Take it with --yes and --reason.")


def _field(db: Connection, exception: int, text: str) -> tuple[str, str]:
    """The record and field a person means. Raises UserError when none or several fit."""
    record, _, name = text.rpartition(".")
    known = editable_fields(db, exception)
    found = [one for one in known if one.field == name and record in ("", one.record)]
    if len(found) == 1:
        return found[0].record, found[0].field
    names = ", ".join(f"{one.record}.{one.field}" for one in (found or known)) or "none"
    raise UserError(f"'{text}' is not one field of what waits for exception {exception}; there are: {names}")


def assign(
    exception: NumberArgument,
    owner: Annotated[str, typer.Argument(help="A team, or the e-mail of a person of people.csv.")],
    reason: ReasonOption = "",
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Give it to a team or person."""
    known = load_site(site).queue_owners
    with database_of(site) as database:
        ownership.assign(database, exception, owner, by, known=known, reason=reason)
    _say(json, {"exception": exception, "owner": owner}, f"{known[owner]} mends it now.")


def comment(
    exception: NumberArgument,
    text: Annotated[str, typer.Argument(help="What to say to those who come after.")],
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Say something for those who come after."""
    with database_of(site) as database:
        actions.comment(database, exception, text, by)
    _say(json, {"exception": exception}, "Your comment is recorded.")


def postpone(
    exception: NumberArgument,
    until: Annotated[str, typer.Argument(help="A day or moment, such as 2026-11-30; `now` takes it up again.")],
    reason: ReasonOption = "",
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Leave it out of the list until then; it comes back by itself."""
    moment = None if until == "now" else day_of(until)
    with database_of(site) as database:
        ownership.postpone(database, exception, moment, by, reason=reason)
    told = "It is back in the list." if moment is None else f"Postponed until {moment:%d %b %Y %H:%M} UTC."
    _say(json, {"exception": exception, "postponed_until": moment}, told)


def write_off_(
    exception: NumberArgument,
    reason: ReasonOption = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Agree to what another person proposed.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the proposal back.")] = False,
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Write off what waits: one person proposes it with a reason, another confirms it."""
    person = named(by)
    with database_of(site) as database:
        if confirm:
            people = {one.name: one.id for one in load_site(site).firm.people}
            lines = write_off.confirm(database, exception, person, people=people)
            _say(json, {"exception": exception, "written_off": lines}, f"{lines:,} lines are written off.")
        elif withdraw:
            write_off.withdraw(database, exception, person)
            _say(json, {"exception": exception, "written_off": 0}, "The proposal is withdrawn; it goes on waiting.")
        else:
            found = write_off.propose(database, exception, person, reason)
            _say(
                json,
                {"exception": exception, "proposed": found},
                f"Proposed for {len(found.line_ids):,} lines; another person confirms with:"
                f" tieline exception write-off {exception} --confirm --as NAME",
            )


def adopt(
    exception: NumberArgument,
    record: Annotated[str, typer.Argument(help="Id or code of our project, or number of our invoice.")],
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Say which of our records one is that was made outside."""
    with database_of(site) as database:
        woken = actions.adopt(database, exception, record, by)
    _say(json, {"exception": exception, "woken": woken}, "Linked; what waits goes on now.")


def ignore(
    exception: NumberArgument,
    reason: ReasonOption = "",
    site: SiteOption = Path(),
    by: AsOption = ANONYMOUS,
    json: JsonOption = False,
) -> None:
    """Leave a record that was made outside to its system, with a reason."""
    with database_of(site) as database:
        actions.ignore(database, exception, by, reason)
    _say(json, {"exception": exception}, "It is left to its system.")


def day_of(text: str) -> datetime:
    """A day (its first moment, UTC) or a moment a person typed. Raises UserError."""
    try:
        found = datetime.fromisoformat(text) if "T" in text or " " in text else None
        moment = found or datetime.combine(date.fromisoformat(text), time())
    except ValueError as error:
        raise UserError(f"'{text}' is no day such as 2026-11-30 and no moment such as 2026-11-30T09:00.") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def named(by: str) -> str:
    """Two persons are compared, so each must be named. Raises UserError."""
    if by == ANONYMOUS:
        raise UserError("Writing off needs two named persons: say who you are with --as NAME.")
    return by


def _say(json: bool, value: object, text: str) -> None:
    if json:
        print_json(value)
    else:
        out.print(escape(text), soft_wrap=True)
