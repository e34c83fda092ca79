"""Commands about the exception queue: list it, try again, decide approvals, and act on many at once."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from tieline.app.site import load_site
from tieline.app.views.exceptions import ExceptionRow, Sort, list_exceptions
from tieline.app.views.paging import LARGEST, snapshot
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.cli.exception import day_of, named
from tieline.cli.thread import find_engagement
from tieline.engine.approvals import MayNotDecide, ask_again, decide_approval
from tieline.exception_queue import actions, bulk
from tieline.exception_queue.bulk import Preview, Shown, Touched
from tieline.exception_queue.filter import Filter, Show, Sla
from tieline.sdk.errors import ExceptionKind
from tieline.store.database import Database

LARGEST_NUMBER = 2**63 - 1
ApprovalArgument = Annotated[
    int, typer.Argument(help="Number of the approval (tieline exceptions shows it).", min=1, max=LARGEST_NUMBER)
]
KindOption = Annotated[ExceptionKind | None, typer.Option(help="Only of this kind.")]
ConnectionOption = Annotated[str | None, typer.Option(help="Only of this connection.")]
OwnerOption = Annotated[str | None, typer.Option(help="Only of this team or person (e-mail).")]
EntityOption = Annotated[str | None, typer.Option(help="Only of this legal entity.")]
EngagementOption = Annotated[str | None, typer.Option(help="Only where work of this engagement waits.")]
OlderOption = Annotated[float | None, typer.Option(help="Only those opened more than so many hours ago.", min=0)]
SlaOption = Annotated[Sla | None, typer.Option(help="Only those at risk of their deadline, or past it.")]
ShowOption = Annotated[Show, typer.Option(help="Those not postponed, the postponed, write-offs to confirm, or all.")]
SLAS = {"on_time": "", "at_risk": "[yellow]", "broken": "[red]"}
Action = Literal["retry", "assign", "postpone", "write-off", "confirm"]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("exceptions")(exceptions)
    app.command("retry")(retry)
    app.command("bulk")(bulk_)
    app.command("approve")(approve)
    app.command("ask-again")(again)
    app.command("decline")(decline)


def exceptions(
    kind: KindOption = None,
    connection: ConnectionOption = None,
    owner: OwnerOption = None,
    entity: EntityOption = None,
    engagement: EngagementOption = None,
    older_than: OlderOption = None,
    sla: SlaOption = None,
    show: ShowOption = "open",
    sort: Annotated[Sort, typer.Option(help="Nearest deadline first, oldest first or newest first.")] = "due",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=LARGEST)] = LARGEST,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What waits for a person: what is wrong, how much waits for it, who mends it, and by when."""
    with database_of(site) as database, snapshot(database) as db:
        found = find_engagement(db, engagement) if engagement else None
        wanted = _filter(kind, connection, owner, entity, found, older_than, sla, show)
        rows = list_exceptions(db, wanted=wanted, sort=sort, limit=limit)
    if json:
        print_json([as_json(row) for row in rows])
        return
    table = table_of("no.", "what is wrong", "money", "owner", "due (UTC)", "since (UTC)")
    for row in rows:
        due = f"{SLAS[row.sla]}{row.due_at:%d %b %H:%M}{'[/]' if SLAS[row.sla] else ''}"
        table.add_row(str(row.id), _described(row), _money(row), escape(row.owner), due, f"{row.opened_at:%d %b %H:%M}")
    nothing = "Nothing waits for a person." if wanted == Filter() else "No such exception waits for a person."
    out.print(table if rows else f"[green]{nothing}[/]")


def as_json(row: ExceptionRow) -> dict[str, Any]:
    """A row with its sentence."""
    return {**vars(row), "headline": row.headline}


def retry(
    exception: Annotated[int, typer.Argument(help="Number of the exception.", min=1, max=LARGEST_NUMBER)],
    link: Annotated[str | None, typer.Option(help="This record over there is ours: link it.")] = None,
    create_new: Annotated[bool, typer.Option("--create-new", help="None over there is ours: create it.")] = False,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Try again what waits for an exception, after its cause was mended."""
    with database_of(site) as database:
        if link is not None:
            woken = actions.link(database, exception, link, by)
        elif create_new:
            woken = actions.create_new(database, exception, by)
        else:
            woken = actions.retry(database, exception, by)
    if json:
        print_json({"exception": exception, "woken": woken})
    else:
        out.print(f"{woken:,} {'waiting item is' if woken == 1 else 'waiting items are'} tried again now.")


def bulk_(
    action: Annotated[Action, typer.Argument(help="What is to be done to all of them.")],
    kind: KindOption = None,
    connection: ConnectionOption = None,
    owner: OwnerOption = None,
    entity: EntityOption = None,
    engagement: EngagementOption = None,
    older_than: OlderOption = None,
    sla: SlaOption = None,
    show: ShowOption = "open",
    to: Annotated[str | None, typer.Option(help="For assign: the team, or the person's e-mail.")] = None,
    until: Annotated[str | None, typer.Option(help="For postpone: a day or moment, such as 2026-11-30.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed for write-off.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")] = False,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Act on many exceptions: shows what it would touch, and does it with --yes."""
    with database_of(site) as database:
        with snapshot(database) as db:
            found = find_engagement(db, engagement) if engagement else None
            wanted = _filter(
                kind, connection, owner, entity, found, older_than, sla, "write_off" if action == "confirm" else show
            )
            shown = bulk.preview(db, wanted)
        if not yes or not shown.exceptions:
            _tell_preview(shown, action, json)
            return
        seen = Shown(exceptions=shown.exceptions, newest=shown.newest)
        touched = _act(site, database, action, wanted, seen, to, until, reason, by)
    if json:
        print_json(touched)
        return
    left = f"; {touched.left:,} left alone, as it does not fit them" if touched.left else ""
    out.print(f"Done for {touched.exceptions:,} exceptions{left}.")


def _act(
    site: Path,
    database: Database,
    action: Action,
    wanted: Filter,
    seen: Shown,
    to: str | None,
    until: str | None,
    reason: str,
    by: str,
) -> Touched:
    match action:
        case "retry":
            return bulk.bulk_retry(database, wanted, seen, by)
        case "assign":
            known = load_site(site).queue_owners
            return bulk.bulk_assign(database, wanted, seen, _needed(to, "--to"), by, known=known)
        case "postpone":
            return bulk.bulk_postpone(database, wanted, seen, day_of(_needed(until, "--until")), by, reason=reason)
        case "write-off":
            return bulk.bulk_propose(database, wanted, seen, named(by), reason)
        case "confirm":
            people = {person.name: person.id for person in load_site(site).firm.people}
            return bulk.bulk_confirm(database, wanted, seen, named(by), people=people)


def _needed(text: str | None, option: str) -> str:
    if not text:
        raise UserError(f"This needs {option}.")
    return text


def _tell_preview(shown: Preview, action: Action, json: bool) -> None:
    if json:
        print_json({**vars(shown), "lines": shown.lines, "processes": shown.processes})
        return
    if not shown.exceptions:
        out.print("No exception fits; nothing would be touched.")
        return
    table = table_of("kind", "owner", "exceptions", "entries", "processes")
    for group in shown.groups:
        figures = (f"{group.exceptions:,}", f"{group.lines:,}", f"{group.processes:,}")
        table.add_row(group.kind, escape(group.owner), *figures)
    out.print(table)
    money = " and ".join(f"{currency} {amount:,.2f}" for currency, amount in shown.money)
    held = f", which hold back {money}" if money else ""
    out.print(f"{action} would touch {shown.exceptions:,} exceptions{held}. Do it with --yes.")


def _filter(
    kind: ExceptionKind | None,
    connection: str | None,
    owner: str | None,
    entity: str | None,
    engagement: str | None,
    older_than: float | None,
    sla: Sla | None,
    show: Show,
) -> Filter:
    return Filter(
        kind=kind,
        connection=connection,
        owner=owner,
        legal_entity=entity,
        engagement=engagement,
        older_than=timedelta(hours=min(older_than, 1e6)) if older_than is not None else None,
        sla=sla,
        show=show,
    )


def approve(
    approval: ApprovalArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Approve exactly what was shown."""
    _decide(site, approval, True, by, reason, json)


def decline(
    approval: ApprovalArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Decline what was asked."""
    _decide(site, approval, False, by, reason, json)


def _decide(site: Path, approval: int, yes: bool, by: str, reason: str, json: bool) -> None:
    policy = load_site(site).approvals
    with database_of(site) as database:
        try:
            state = decide_approval(database, approval, approve=yes, by=by, reason=reason, policy=policy)
        except MayNotDecide as refused:
            raise UserError(f"{refused}. Nothing was changed.") from refused
    if state is None:
        raise UserError(
            f"Approval {approval} does not wait any more: it was decided or expired, or what it showed has changed."
        )
    if json:
        print_json({"approval": approval, "state": state})
    else:
        out.print(_RECORDED[state])


_RECORDED = {
    "approved": "Recorded; the process goes on.",
    "declined": "Recorded; nothing is done.",
    "counted": "Recorded; further people must approve it too.",
}


def again(
    approval: ApprovalArgument, site: SiteOption = Path(), by: AsOption = "operator", json: JsonOption = False
) -> None:
    """Ask once more what nobody decided in time."""
    with database_of(site) as database:
        if not ask_again(database, approval, by):
            raise UserError(f"Approval {approval} has not expired; tieline exceptions shows what waits.")
    if json:
        print_json({"approval": approval, "state": "void"})
    else:
        out.print("It is asked again, for what its source says now.")


def _described(row: ExceptionRow) -> str:
    lines = [escape(row.headline)]
    if row.suggestion:
        lines.append(f"[dim]{escape(row.suggestion)}[/]")
    if row.approval_id is not None:
        lines.append(f"[dim]tieline approve {row.approval_id}   or   tieline decline {row.approval_id}[/]")
    if row.write_off_by is not None:
        told = f"{escape(row.write_off_by)} proposes to write it off: tieline exception write-off {row.id} --confirm"
        lines.append(f"[dim]{told}[/]")
    if row.postponed_until is not None:
        lines.append(f"[dim]postponed until {row.postponed_until:%d %b %Y %H:%M} UTC[/]")
    return "\n".join(lines)


def _money(row: ExceptionRow) -> str:
    return "\n".join(f"{currency} {amount:,.2f}" for currency, amount in row.money)
