"""The command of capacity: supply and demand by role and week, who is free, and whom the firm lacks."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.site import load_site
from tieline.app.views.capacity import MOST_WEEKS, Capacity, read_capacity
from tieline.capacity.plan import CapacityPlan, RolePlan
from tieline.capacity.weeks import Weeks
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError

SHOWN_WEEKS = 12


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("capacity")(capacity)


def capacity(
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=MOST_WEEKS, help="How many weeks ahead.")] = SHOWN_WEEKS,
    role: Annotated[str, typer.Option("--role", help="Only this role, with its people and its work.")] = "",
    region: Annotated[str, typer.Option("--region", help="Only this region.")] = "",
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What people could work in the weeks ahead beside what projects and the pipeline want."""
    firm = load_site(site).firm
    with database_of(site) as database, database.connection() as db:
        ahead = Weeks(datetime.now(UTC).date(), weeks)
        found = read_capacity(db, firm, ahead, role=role or None, region=region or None)
    plan = found.plan
    if role and not plan.roles:
        raise UserError(f"Nobody has the role '{role}', and no work asks for it.")
    if json:
        print_json(as_json(found))
        return
    _show_role(plan, plan.roles[0]) if role else _show_all(plan)
    for line in told_need(plan):
        out.print(escape(line), soft_wrap=True)
    for line in not_known(found):
        out.print(escape(line), soft_wrap=True)


def _show_all(plan: CapacityPlan) -> None:
    table = table_of("Hours left", *(f"{week:%d %b}" for week in plan.weeks))
    for row in (*plan.roles, plan.total):
        table.add_row(escape(row.role or "all together"), *(_left(cell.gap) for cell in row.cells))
    out.print(table)


def _left(hours: Decimal) -> str:
    return f"[red]{hours:,.0f}[/red]" if round(hours) < 0 else f"{hours:,.0f}"


def _show_role(plan: CapacityPlan, row: RolePlan) -> None:
    table = table_of(row.role or "", *(f"{week:%d %b}" for week in plan.weeks))
    for name, word in (("supply", "supply"), ("confirmed", "confirmed"), ("unstaffed", "not staffed yet")):
        table.add_row(word, *(f"{getattr(cell, name):,.0f}" for cell in row.cells))
    table.add_row("pipeline, weighted", *(f"{cell.weighted:,.0f}" for cell in row.cells))
    table.add_row("pipeline, 4 of 5 times", *(f"{cell.low:,.0f}-{cell.high:,.0f}" for cell in row.cells))
    table.add_row("left", *(_left(cell.gap) for cell in row.cells))
    out.print(table)
    people = table_of("Free hours", *(f"{week:%d %b}" for week in plan.weeks))
    for one in plan.people:
        people.add_row(escape(one.person.name), *(f"{hours:,.0f}" for hours in one.free))
    out.print(people)
    work = table_of("Work", "Kind", "From", "To", "Hours", "Chance")
    for item in sorted(plan.work, key=lambda one: (one.start, one.name)):
        chance = f"{item.probability:.0%}" if item.kind == "pipeline" else "-"
        who = f" ({item.person})" if item.person else ""
        work.add_row(escape(item.name + who), item.kind, f"{item.start}", f"{item.end}", f"{item.hours:,.1f}", chance)
    out.print(work if plan.work else "Nothing asks for it.")


def told_need(plan: CapacityPlan) -> Iterable[str]:
    """Whom the firm lacks, in sentences."""
    for row in plan.roles:
        parts = [f"hire {row.hire}"] if row.hire else []
        if row.subcontract_hours >= 1:
            parts.append(f"subcontract {row.subcontract_hours:,.0f} hours")
        if parts:
            yield f"{row.role}: {', '.join(parts)}."


def not_known(found: Capacity) -> Iterable[str]:
    """What the plan leaves out."""
    if found.silent_deals:
        yield f"Not counted, without probability or roles: {_some(found.silent_deals)}."
    if found.strangers:
        yield f"Not counted, in the PSA but not in people.csv: {_some(found.strangers)}."


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def as_json(found: Capacity) -> dict[str, object]:
    """As `--json` tells it."""
    plan = found.plan
    return {
        "weeks": plan.weeks,
        "roles": [_row(row) for row in plan.roles],
        "total": _row(plan.total),
        "people": [
            {"email": one.person.id, "role": one.role, "region": one.region, "free": one.free} for one in plan.people
        ],
        "not_counted": {"deals": found.silent_deals, "people": found.strangers},
    }


def _row(row: RolePlan) -> dict[str, object]:
    names = ("supply", "confirmed", "unstaffed", "weighted", "low", "high", "gap")
    cells = [{name: round(getattr(cell, name), 2) for name in names} for cell in row.cells]
    return {"role": row.role, "people": row.people, "cells": cells, "hire": row.hire, "subcontract": row.subcontract}
