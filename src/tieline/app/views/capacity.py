"""Capacity for reading: the firm's people beside confirmed, planned and possible work, for the weeks ahead."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tieline.capacity.calendars import Calendars, away_of
from tieline.capacity.demand import Assigned, Wanted, Work, confirmed_work, of_role, unstaffed_work
from tieline.capacity.plan import CapacityPlan, capacity_plan, entity_region, people_plans
from tieline.capacity.weeks import Weeks
from tieline.flows.pipeline import pipeline_work
from tieline.insights.words import csv_cell
from tieline.model.firm import Firm
from tieline.store.capacity import list_open_deals, list_time_off, roles_in_psa
from tieline.store.database import Connection

MOST_WEEKS = 52
_PROJECT = """
with running as (
  select p.id, p.engagement_id, p.code, p.body, p.legal_entity from project p
    join engagement e on e.id = p.engagement_id
  where e.closed_at is null and (p.body->>'end_date')::date >= %(today)s)
"""
_WANTED = (
    _PROJECT
    + """
select p.id as project, p.body->>'name' as name, left(p.body->>'customer_name', 200) as customer, p.engagement_id,
  p.legal_entity, d->>'role' as role, (d->>'start_date')::date as start, (d->>'end_date')::date as end,
  (d->>'hours')::numeric as hours
from running p cross join jsonb_array_elements(p.body->'demand') d order by p.id, d->>'id'
"""
)
_ASSIGNED = """
select a.project_id as project, p.body->>'name' as name, left(p.body->>'customer_name', 200) as customer,
  p.engagement_id, p.legal_entity, a.person, a.role, a.start_date as start, a.end_date as end, a.minutes / 60.0 as hours
from assignment a join project p on p.id = a.project_id join engagement e on e.id = p.engagement_id
where a.confirmed and a.end_date >= %(today)s and e.closed_at is null order by a.id
"""
_DONE = (
    _PROJECT
    + """
select t.project_id as project, coalesce(t.role, '') as role, sum(t.quantity) / 60 as hours
from project_transaction t join running p on p.id = t.project_id
where t.kind = 'time' and t.live and t.sign = 1 and t.state in ('checked', 'held', 'in_exception', 'written_off')
group by 1, 2
"""
)


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """The plan, and what it does not know."""

    plan: CapacityPlan
    regions: tuple[str, ...]
    silent_deals: tuple[str, ...]
    """Open deals that tell no probability or no roles, and so want nothing here."""
    strangers: tuple[str, ...]
    """People of the PSA who are not in people.csv, and so supply nothing here."""


def read_capacity(
    db: Connection, firm: Firm, weeks: Weeks, *, role: str | None = None, region: str | None = None
) -> Capacity:
    """The weeks ahead; of a role or a region only, if wanted."""
    staff = _with_roles(firm, roles_in_psa(db))
    calendars = Calendars(staff, away_of(list_time_off(db, weeks.today, weeks.last)))
    roles = {one.id: one.role for one in staff.people}
    work, silent = _work(db, staff, roles, weeks.today)
    people = people_plans(staff, calendars, roles, work, weeks)
    regions = {one.region for one in people} | {one.region for one in work}
    plan = capacity_plan(
        staff,
        [one for one in people if role in (None, one.role) and region in (None, one.region)],
        of_role(work, role, region),
        weeks,
        firm.working_time.hire_after_weeks,
    )
    known = {one.id for one in firm.people}
    strangers = sorted(set(roles_in_psa(db)) - known)
    return Capacity(plan=plan, regions=tuple(sorted(regions)), silent_deals=silent, strangers=tuple(strangers))


def _with_roles(firm: Firm, in_psa: Mapping[str, str | None]) -> Firm:
    """Who has no role in people.csv has that of the PSA."""
    people = tuple(one if one.role else one.model_copy(update={"role": in_psa.get(one.id)}) for one in firm.people)
    return firm.model_copy(update={"people": people})


def _work(
    db: Connection, firm: Firm, roles: Mapping[str, str | None], today: date
) -> tuple[list[Work], tuple[str, ...]]:
    values = {"today": today}
    wanted = [Wanted(**_placed(row, firm)) for row in db.execute(_WANTED, values).fetchall()]
    assigned = [Assigned(**_placed(row, firm)) for row in db.execute(_ASSIGNED, values).fetchall()]
    done = {(row["project"], row["role"]): row["hours"] for row in db.execute(_DONE, values).fetchall()}
    regions = {one.id: entity_region(one.legal_entity, firm) for one in firm.people}
    work = confirmed_work(assigned, roles, regions, today) + unstaffed_work(wanted, assigned, done, today)
    silent = []
    for deal in list_open_deals(db):
        found = pipeline_work(deal, firm, today)
        work += found
        if not found:
            silent.append(deal.name)
    return work, tuple(silent)


def _placed(row: Mapping[str, Any], firm: Firm) -> dict[str, Any]:
    """A row with the region of its project's legal entity."""
    plain = {name: value for name, value in row.items() if name != "legal_entity"}
    return {**plain, "region": entity_region(row["legal_entity"], firm)}


COLUMNS = ("supply", "confirmed", "unstaffed", "weighted", "low", "high", "gap")


def capacity_csv(plan: CapacityPlan) -> str:
    """A row for each role and week, in hours, for a spreadsheet."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(["role", "week", *COLUMNS, "subcontract"])
    for row in plan.roles:
        for week, cell, lacking in zip(plan.weeks, row.cells, row.subcontract, strict=True):
            hours = [f"{getattr(cell, name):.2f}" for name in COLUMNS]
            writer.writerow([csv_cell(row.role), week.isoformat(), *hours, f"{lacking:.2f}"])
    return told.getvalue()
