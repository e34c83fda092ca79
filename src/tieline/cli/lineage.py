"""The command `lineage`: from any id of any system to the whole way of a line, and back to the lines it bills."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.site import load_site
from tieline.app.views.lineage import InvoiceRef, Lineage, Net, Version, read_lineage
from tieline.app.views.lineage_search import Match, find
from tieline.app.views.lines import LineRow, list_lines
from tieline.app.views.raw_record import read_raw
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.model.readable import hours, money
from tieline.sdk import jsontext
from tieline.store.database import Connection


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("lineage")(lineage)


def lineage(
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="Of a time entry, an invoice, a booking, a project: ours or any vendor's."),
    ],
    with_costs: Annotated[bool, typer.Option("--with-costs", help="Cost and margin too.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="The vendor's own record too.")] = False,
    limit: Annotated[int, typer.Option(help="Lines of a list.", min=1, max=10_000)] = 50,
    after: Annotated[int, typer.Option(help="Go on after the line of this number.", min=0)] = 0,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """How a billed line came about: whose work, approved by whom, at which rate of which contract, on which invoice."""
    firm = load_site(site).firm
    with database_of(site) as database, database.connection() as db:
        match = _one(find(db, id_), id_, json=json)
        if match is None:
            return
        if match.number is None:
            _list(db, match, after=after, limit=limit, json=json)
            return
        found = read_lineage(db, match.number, firm, {}, with_costs=with_costs)
        assert found is not None
        record = read_raw(db, found.newest.number, with_costs=with_costs) if raw else None
    if json:
        print_json({"lineage": found, "raw": record} if raw else {"lineage": found})
        return
    for text in told(found):
        out.print(text, soft_wrap=True)
    if raw:
        out.print("\nAs its source tells it:" if record else "\nThe page it came with is gone or cannot be read.")
        out.print(escape(jsontext.dumps(record).decode()) if record else "", soft_wrap=True)


def _one(matches: list[Match], text: str, *, json: bool) -> Match | None:
    """What the person means; several are listed. Raises UserError when there is none."""
    if not matches:
        raise UserError(f"Nothing here has the id '{text}'; give an id of a time entry, invoice, booking or project.")
    if len(matches) == 1:
        return matches[0]
    if json:
        print_json({"matches": matches})
        return None
    table = table_of("what", "id", "", "engagement", "amount")
    for one in matches:
        table.add_row(
            one.kind, escape(one.id), escape(one.title), escape(one.engagement or ""), money(one.amount, one.currency)
        )
    out.print(f"{len(matches)} records have this id; ask again with the one you mean:")
    out.print(table)
    return None


def _list(db: Connection, match: Match, *, after: int, limit: int, json: bool) -> None:
    rows = list_lines(db, match.kind, match.id, after=after, limit=limit + 1)
    following = rows[limit - 1].number if len(rows) > limit else None
    if json:
        print_json({"match": match, "lines": rows[:limit], "next": following})
        return
    out.print(f"{match.kind.capitalize()} [bold]{escape(match.title)}[/] ({match.id}) {escape(match.engagement or '')}")
    table = table_of("line", "date", "person", "quantity", "amount", "status", "invoice")
    for row in rows[:limit]:
        table.add_row(*map(escape, _cells(row)))
    out.print(table if rows else "No line yet.")
    if following is not None:
        out.print(f"More: tieline lineage {escape(match.id)} --after {following}", soft_wrap=True)


def _cells(row: LineRow) -> tuple[str, ...]:
    return (
        row.reference,
        f"{row.work_date}",
        row.person or "",
        f"{hours(row.quantity, row.unit)}{' h' if row.unit == 'min' else ''}",
        money(row.amount, row.currency) if row.amount is not None else "not priced",
        row.status.replace("_", " "),
        row.invoice or "",
    )


def told(found: Lineage) -> Iterator[str]:
    """The chain as lines of text, the oldest version first."""
    where = [f"{found.engagement} ({found.customer})" if found.engagement else "no engagement"]
    where += [f"project {found.code} {found.project}"] if found.code else []
    where += [f"task {found.task}"] if found.task else []
    yield f"[bold]{found.kind.capitalize()} {escape(found.source_id)}[/] of {escape(found.connection)}"
    yield escape(" · ".join(where))
    yield escape(_net(found.net))
    for version in found.versions:
        yield ""
        yield from _version(version)


def _net(net: Net) -> str:
    unit = " h" if net.unit == "min" else ""
    parts = [f"{name} {hours(amount, net.unit)}{unit}" for name, amount in _quantities(net)]
    return f"{', '.join(parts)}; {money(net.wanted_amount, net.currency)} wanted, " + (
        f"{money(net.invoiced_amount, net.currency)} invoiced"
    )


def _quantities(net: Net) -> tuple[tuple[str, Decimal], ...]:
    return (("wanted", net.wanted), ("booked", net.booked), ("invoiced", net.invoiced))


def _version(one: Version) -> Iterator[str]:
    what = "reversal" if one.reversal else "newest version" if one.newest else "replaced version"
    quantity = f"{hours(one.quantity, one.unit)}{' h' if one.unit == 'min' else ''}"
    who = f"{one.person or 'somebody unknown'}{f' as {one.role}' if one.role else ''}"
    yield f"[bold]{escape(f'{one.work_date}  {quantity}  {who}')}[/]  {what}, {one.status.replace('_', ' ')}"
    for name, text in _facts(one):
        yield f"  [dim]{name:<9}[/] {escape(text)}"


def _facts(one: Version) -> Iterator[tuple[str, str]]:
    if one.approved_by or one.approved_at:
        at = f" on {one.approved_at:%Y-%m-%d %H:%M} UTC" if one.approved_at else ""
        yield "approved", f"by {one.approved_by or 'its system'}{at}"
    page = (
        f", page {one.page.number} of {one.page.stream} ({one.page.pulled_at:%Y-%m-%d %H:%M} UTC)" if one.page else ""
    )
    yield "source", f"version {one.source_version}{page}"
    if one.note:
        yield "note", one.note
    if one.contract:
        yield "contract", f"{one.contract.name}, version {one.contract.version} ({one.contract.id})"
    if one.rate:
        yield "rate", f"{one.rate.rule}{f' ({one.rate.card})' if one.rate.card else ''}"
    if one.amount is not None:
        yield "price", f"{money(one.amount, one.currency)} {(one.disposition or '').replace('_', ' ')}"
    if one.cost:
        margin = f", margin {money(one.cost.margin, one.currency)}" if one.cost.margin is not None else ""
        yield "cost", f"{money(one.cost.amount, one.cost.currency)} at {one.cost.rate:,f} an hour{margin}"
    if one.exception:
        yield "waits", f"for exception {one.exception}"
    if one.batch:
        yield "batch", f"{one.batch.number}, {one.batch.state.replace('_', ' ')}"
    if one.booking:
        day = f", posted on {one.posts_on}" if one.posts_on else ""
        yield "booked", f"{one.booking.place.system} {one.booking.place.external_id} as {one.reference}{day}"
    if one.invoice:
        yield "invoice", _invoice(one.invoice)
        for payment in one.invoice.payments:
            yield "payment", f"{money(payment.amount, payment.currency)} on {payment.paid_on or 'an unknown day'}"


def _invoice(one: InvoiceRef) -> str:
    line = f", line {one.line_id} “{one.line_text}”" if one.line_id else ""
    paid = (
        f", {money(one.paid, one.currency)} of {money(one.total, one.currency)} paid" if one.total is not None else ""
    )
    return f"{one.number or 'draft'} ({one.id}), {one.status.replace('_', ' ')}{line}{paid}"
