"""What is known of engagements today, read for many at once: work, invoices, milestones, exceptions, satisfaction."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from tieline.model.contract import ContractVersion
from tieline.model.customer import Customer
from tieline.model.outlook import EngagementFacts, MilestoneFacts, ProjectFacts
from tieline.model.project import Project
from tieline.store.canonical import loaded
from tieline.store.database import Connection

# `record` has a customer as it was when the contract was made, `master_record` as last seen.
_ENGAGEMENTS = """
select e.id, left(e.name, 300) as name, e.customer_id, left(e.customer_name, 300) as customer, v.body as contract,
  coalesce(m.body, c.body) as buyer,
  (select s.score from satisfaction s where s.engagement_id = e.id order by s.id desc limit 1) as score
from engagement e
cross join lateral (select body from contract_version where engagement_id = e.id order by version desc limit 1) v
left join record c on c.kind = 'customer' and c.id = e.customer_id
left join master_record m on m.kind = 'customer' and m.id = e.customer_id
where e.closed_at is null and (%(all)s or e.id = any (%(ids)s)) order by e.id
"""
_PROJECTS = """
with wanted as (
  select p.id, p.engagement_id, p.body from project p join engagement e on e.id = p.engagement_id
  where e.closed_at is null and (%(all)s or e.id = any (%(ids)s))),
work as (
  select t.project_id, sum(t.quantity) filter (where t.kind = 'time') / 60 as hours,
    sum(t.quantity) filter (where t.kind = 'time' and t.work_date > %(today)s::date - 28) / 60 as hours_recent,
    sum(t.quantity) filter (where t.kind = 'time' and t.work_date <= %(today)s::date - 28
      and t.work_date > %(today)s::date - 56) / 60 as hours_before,
    sum(t.amount) filter (where t.disposition = 'billable' and t.state = 'checked') as worked,
    sum(case when t.kind = 'time' then round(t.quantity * t.cost_rate / 60, 2)
      when not cost_is_in_erp(t.kind, t.attributes) then t.cost_rate end) as cost,
    bool_and(t.cost_rate is not null and t.cost_currency = w.body->>'currency' or cost_is_in_erp(t.kind, t.attributes))
      filter (where t.kind in ('time', 'expense') and t.state = 'checked') as cost_known,
    avg(greatest(t.approved_at::date - t.work_date, 0)) filter (where t.kind = 'time' and t.approved_at is not null
      and t.work_date > %(today)s::date - 42) as approval_days,
    jsonb_object_agg(t.source_id, t.work_date) filter (where t.kind = 'milestone' and t.state = 'checked') as completed
  from wanted w join project_transaction t on t.project_id = w.id
  where t.live and t.sign = 1 and t.state in ('checked', 'in_exception') group by t.project_id),
born as (
  select c.project_id, sum(c.cost) as cost, bool_and(c.cost is not null) as known
  from wanted w join erp_cost c on c.project_id = w.id where c.live and c.counted group by c.project_id),
unbilled as (
  select u.project_id, min(u.work_date) as since from wanted w join unbilled_line u on u.project_id = w.id
  where u.amount > 0 or u.currency is null group by u.project_id),
bills as (
  select i.project_id, count(*) filter (where i.status in ('open', 'partly_paid', 'paid'))::int as invoices,
    sum((i.state->'net'->>'amount')::numeric) filter (where i.status in ('open', 'partly_paid', 'paid')) as billed,
    min((i.state->>'due_on')::date) filter (where i.status in ('open', 'partly_paid')) as due_on,
    min((i.body->>'period_end')::date) filter (where i.status = 'draft') as draft_of
  from wanted w join invoice i on i.project_id = w.id group by i.project_id),
held as (
  select t.project_id, sum(coalesce(t.amount * t.sign,
    case when l.currency = w.body->>'currency' then l.amount end)) as amount
  from exception_item x
  join exception_line l on l.exception_id = x.id join project_transaction t on t.id = l.transaction_id
  join wanted w on w.id = t.project_id where x.closed_at is null group by t.project_id)
select w.id, w.engagement_id, w.body, k.hours, k.hours_recent, k.hours_before, k.worked,
  coalesce(k.cost, 0) + coalesce(r.cost, 0) as cost, r.cost as external_cost,
  coalesce(k.cost_known, r.known, coalesce(k.hours, 0) = 0) and coalesce(r.known, true) as cost_known,
  k.approval_days, k.completed, u.since, b.invoices, b.billed, b.due_on, b.draft_of, h.amount as held
from wanted w left join work k on k.project_id = w.id left join born r on r.project_id = w.id
left join unbilled u on u.project_id = w.id left join bills b on b.project_id = w.id
left join held h on h.project_id = w.id order by w.engagement_id, w.id
"""


def read_facts(
    db: Connection, today: date, as_invoiced: frozenset[str], engagement_ids: Sequence[str] | None = None
) -> list[EngagementFacts]:
    """Of the engagements that are not withdrawn and have a contract; all, or those named.

    `as_invoiced`: service lines that bill as work is approved, without months.
    """
    values = {"all": engagement_ids is None, "ids": list(engagement_ids or ()), "today": today}
    projects: dict[str, list[ProjectFacts]] = {}
    for row in db.execute(_PROJECTS, values).fetchall():
        projects.setdefault(row["engagement_id"], []).append(_project(row, today))
    rows = db.execute(_ENGAGEMENTS, values).fetchall()
    return [_engagement(row, projects.get(row["id"], []), as_invoiced) for row in rows]


def _engagement(
    row: Mapping[str, Any], projects: Sequence[ProjectFacts], as_invoiced: frozenset[str]
) -> EngagementFacts:
    contract = loaded(ContractVersion, row["contract"])
    score = row["score"]
    if score is None and row["buyer"] is not None:
        score = loaded(Customer, row["buyer"]).satisfaction
    return EngagementFacts(
        id=row["id"],
        name=row["name"],
        customer_id=row["customer_id"],
        customer=row["customer"],
        contract_id=contract.id,
        end_date=contract.end_date,
        monthly=contract.service_line not in as_invoiced,
        sales_owner=contract.sales_owner,
        satisfaction=score,
        projects=tuple(projects),
    )


def _project(row: Mapping[str, Any], today: date) -> ProjectFacts:
    project = loaded(Project, row["body"])
    completed = {name: date.fromisoformat(day) for name, day in (row["completed"] or {}).items()}
    cost, planned = row["cost"], project.budget.cost
    known: dict[str, Any] = {
        "hours": row["hours"],
        "hours_recent": row["hours_recent"],
        "hours_before": row["hours_before"],
        "worked": row["worked"],
        "approval_days": row["approval_days"],
        "invoices": row["invoices"],
        "billed": row["billed"],
        "held": row["held"],
    }
    return ProjectFacts(
        id=project.id,
        code=project.code,
        currency=project.currency,
        start_date=project.start_date,
        end_date=project.end_date,
        value=project.value.amount,
        hours_budgeted=project.budget.hours,
        cost=cost if row["cost_known"] else None,
        external_cost=row["external_cost"] if row["cost_known"] else None,
        planned_cost=planned.amount if planned and planned.currency == project.currency else None,
        unbilled_since=row["since"],
        draft_of=row["draft_of"],
        overdue_since=row["due_on"] if row["due_on"] and row["due_on"] < today else None,
        milestones=tuple(
            MilestoneFacts(
                id=one.id, name=one.name, due_on=one.due_on, amount=one.amount, completed_on=completed.get(one.id)
            )
            for one in project.milestones
        ),
        **{name: value for name, value in known.items() if value is not None},
    )
