"""Costs born in the ERP: each line is valued for its project; one nobody can place or convert waits for a person."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tieline.billing.costs import worth_of
from tieline.billing.fx import FxRates
from tieline.engine.problem import Problem
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.costs import CostProject, StoredCost, projects_of, standing_costs, value_costs
from tieline.model.money import Money, total

LABEL = "Costs of the ERP"


def erp_costs(run: Run, key: str, systems: Systems) -> None:
    """Key: `connection:project`, the project as the ERP names it."""
    connection, ref = key.split(":", 1)
    standing = standing_costs(run.db, connection, ref)
    project = projects_of(run.db, connection, [ref]).get(ref)
    if project is None:
        run.require(_unknown(systems, connection, ref, standing))
        return run.stand_by("No cost of this project stands in the ERP")
    valued = _valued(standing, project, systems)
    changed = [now for now, before in zip(valued, standing, strict=True) if now != before]
    if changed:
        run.with_commit(partial(value_costs, costs=changed))
        run.note(LABEL, f"{_lines(len(changed))} of {project.code} valued")
    run.wake("project_feedback", project.id, project.engagement_id)
    run.require(_without_rate(connection, project, valued))
    return None


def _valued(standing: Sequence[StoredCost], project: CostProject, systems: Systems) -> list[StoredCost]:
    fx, rules = FxRates(systems.firm.fx_rates), systems.firm.costs
    valued = []
    for one in standing:
        worth = worth_of(one.cost, project.currency, rules, fx)
        valued.append(
            replace(one, project_id=project.id, worth=worth.amount, counted=worth.counted, valued_by=worth.words)
        )
    return valued


def _unknown(systems: Systems, connection: str, ref: str, standing: Sequence[StoredCost]) -> list[Problem]:
    """One exception for all lines of a project nobody knows; what the PSA tells anyway does not matter."""
    rules = systems.firm.costs
    lost = [one for one in standing if rules.counts(one.cost.kind, "erp")]
    if not lost:
        return []
    system, money = systems.connection(connection).facts.system, _sums(lost)
    who = sorted({one.cost.supplier for one in lost if one.cost.supplier})
    of = f" of {', '.join(who[:3])}{' and others' if len(who) > 3 else ''}" if who else ""
    return [
        Problem(
            kind="unlinked",
            connection=connection,
            field="project",
            key=ref,
            message=f"{system} has booked {', '.join(map(str, money))} ({_lines(len(lost))}{of}) on its project {ref},"
            " which is none of ours: the cost is in no margin",
            suggestion=f"Link the project to one of ours, have the cost moved in {system}, or leave it there with a"
            " reason.",
            owner="finance",
            label=LABEL,
            target="erp_cost",
            subject=ref,
            amount=money[0].amount if len(money) == 1 else None,
            currency=money[0].currency if len(money) == 1 else None,
        )
    ]


def _without_rate(connection: str, project: CostProject, costs: Sequence[StoredCost]) -> list[Problem]:
    lost = [one for one in costs if one.counted and one.worth is None]
    return [
        Problem(
            kind="missing_field",
            connection=connection,
            field="fx",
            key=f"{project.id}:{money.currency}",
            legal_entity=project.legal_entity,
            message=f"{money} of supplier costs on {project.code} cannot be told in {project.currency}: there is no"
            f" rate of {money.currency} for {min(days)}{f' to {max(days)}' if len(days) > 1 else ''}, so the project's"
            " margin is unknown",
            suggestion=f"Add the rate of {money.currency} into {project.currency} to values/fx.csv of the site, and"
            " retry.",
            owner="finance",
            label=LABEL,
            target="erp_cost",
            subject=project.id,
            amount=money.amount,
            currency=money.currency,
        )
        for money in _sums(lost)
        if (days := {one.cost.day for one in lost if one.cost.net_cost.currency == money.currency})
    ]


def _sums(costs: Sequence[StoredCost]) -> list[Money]:
    """By currency."""
    currencies = sorted({one.cost.net_cost.currency for one in costs})
    amounts = [one.cost.net_cost for one in costs]
    return [total((one for one in amounts if one.currency == currency), currency) for currency in currencies]


def _lines(number: int) -> str:
    return f"{number:,} line{'' if number == 1 else 's'}"
