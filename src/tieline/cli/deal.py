"""The command that shows what a deal would become, before anything is written."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from tieline.app.deals import DealPlan, Deals, PlannedProject
from tieline.app.views.deal_plan import plan_as_json
from tieline.cli.context import JsonOption, SiteOption, out, print_json, table_of, tieline_of
from tieline.model.contract import ContractLine
from tieline.model.money import rounded
from tieline.model.project import WbsElement

METHODS = {
    "time_and_materials": "time and materials",
    "fixed_price": "fixed price",
    "milestone": "by milestones",
    "retainer": "retainer",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("plan-project")(plan_project)


def plan_project(
    opportunity: Annotated[str, typer.Argument(help="The deal: its id in the CRM, or ours, or an engagement's.")],
    connection: Annotated[str | None, typer.Option(help="The CRM it is in, where the firm has several.")] = None,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Show what a deal would become: contract, projects, invoice plan, and what each system would receive."""
    with tieline_of(site, threads=2) as tieline:
        deals = Deals(database=tieline.database, engine=tieline.engine, connected=tieline.connected)
        plan = deals.plan(opportunity, connection)
    if json:
        print_json(plan_as_json(plan, costs=True))
        return
    _head(plan)
    for lack in plan.lacks:
        out.print(f"[red]missing[/]  {escape(lack.message)}\n         [dim]{escape(lack.suggestion)}[/]")
    if plan.contract is not None:
        for deviation in plan.contract.deviations:
            out.print(f"[yellow]needs an approval[/]  {escape(deviation)}")
    for planned in plan.projects:
        _project(planned)
    _systems(plan)
    for problem in plan.problems:
        out.print(f"[red]would be refused[/]  {escape(problem)}")
    out.print("\n[dim]Nothing was written.[/]")


def _head(plan: DealPlan) -> None:
    deal, contract = plan.opportunity, plan.contract
    customer = plan.customer.name if plan.customer else "no customer"
    out.print(f"\n[bold]{escape(deal.name)}[/]  {escape(customer)}  [dim]{escape(deal.stage)}[/]")
    if contract is None:
        out.print("No contract can be drafted yet.\n")
        return
    stands = f"Version {contract.version} is active" if plan.active else "Would become version 1 of a contract"
    facts = (
        f"{contract.legal_entity}, {contract.service_line}",
        METHODS.get(contract.billing_method, contract.billing_method),
        f"revenue {contract.revenue_method.replace('_', ' ')}",
        contract.payment_terms,
        f"tax {contract.tax_treatment} ({contract.tax_nexus})",
    )
    out.print(f"{stands}: [bold]{contract.value}[/], {contract.start_date} to {contract.end_date}")
    out.print(f"[dim]{escape(' · '.join(facts))}[/]")
    if contract.document_url:
        out.print(f"[dim]signed document: {escape(contract.document_url)}[/]", soft_wrap=True)


def _project(planned: PlannedProject) -> None:
    project = planned.project
    hours = f"{_number(project.budget.hours)} hours"
    out.print(f"\n[bold]{project.code}[/] {escape(project.name)}  {project.value}, {hours}, {escape(_margin(planned))}")
    if project.dimensions:
        told = ", ".join(f"{name} {value}" for name, value in project.dimensions.items())
        out.print(f"[dim]{escape(told)}[/]")
    out.print(Padding(_work(planned), (0, 0, 0, 2), expand=False))
    if project.milestones:
        table = table_of("milestone", "due", "amount")
        table.columns[2].justify = "right"
        for one in sorted(project.milestones, key=lambda one: one.due_on):
            table.add_row(escape(one.name), f"{one.due_on}", str(one.amount))
        out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _work(planned: PlannedProject) -> Table:
    """Phases and tasks with hours, rates, amounts and dates."""
    table = table_of("work", "role", "hours", "rate", "amount", "from", "to")
    for column in (2, 3, 4):
        table.columns[column].justify = "right"
    for phase in (one for one in planned.project.wbs if one.parent_id is None):
        table.add_row(f"[bold]{escape(f'{phase.code} {phase.name}')}[/]", "", "", "", "", "", "")
        for task in (one for one in planned.project.wbs if one.parent_id == phase.id):
            table.add_row(*_task(task, planned.lines[task.id]))
    return table


def _task(task: WbsElement, line: ContractLine) -> tuple[str, ...]:
    return (
        f"  {escape(f'{task.code} {task.name}')}",
        escape(task.role or ""),
        _number(task.planned_hours),
        "" if line.rate is None else f"{line.rate:,f}",
        f"{rounded(line.amount.amount, line.amount.currency):,}",
        f"{task.start_date}",
        f"{task.end_date}",
    )


def _margin(planned: PlannedProject) -> str:
    cost = planned.cost
    if cost.margin is None:
        return f"margin unknown: no cost of {', '.join(cost.unknown)}"
    share = f" ({cost.margin_percent} %)" if cost.margin_percent is not None else ""
    return f"planned cost {cost.cost}, margin {cost.margin}{share}"


def _systems(plan: DealPlan) -> None:
    """How many records of which kind each system would receive."""
    if not plan.writes:
        return
    out.print("\n[bold]What each system would receive[/]")
    table = table_of("system", "record", "how many", "what")
    table.columns[2].justify = "right"
    found = Counter((write.connection, write.label, write.what) for write in plan.writes)
    for (connection, label, what), count in found.items():
        table.add_row(escape(plan.systems.get(connection, connection)), escape(label), f"{count}", f"{what}")
    out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _number(value: Decimal) -> str:
    return f"{value.normalize():,f}"
