"""What derived charges follow from, read for the projects of a contract: approved lines, meters, and when to look."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.facts import Reading, Timeline, Work
from tieline.engine.approvals import approved_contents
from tieline.engine.wake import wake_many
from tieline.model.billing_terms import Cap
from tieline.model.project import Project
from tieline.store.database import Connection

FLOW = "billing"
"""What asks people about limits."""

# A line the ERP refused counts where an invoice holds it; any other that waits counts when it goes on.
_WORK = """
select t.connection || ':' || t.source_id as source, t.kind, t.project_id, t.work_date as day,
  case t.kind when 'time' then t.quantity else 0 end as minutes, t.amount, t.disposition, x.subject as task, t.role,
  case when t.cost_currency = t.currency then
    case t.kind when 'time' then t.quantity * t.cost_rate / 60 else t.cost_rate end end as cost
from project_transaction t
  left join cross_reference x
    on x.connection = t.connection and x.target = 'wbs_element' and x.external_id = t.task_ref
where t.project_id = any (%(projects)s) and t.kind in ('time', 'expense') and t.live and t.sign = 1
  and t.disposition is not null and (t.state = 'checked' or t.state = 'in_exception'
    and exists (select from invoice_line i where i.transaction_id = t.id))
"""


def approved_work(db: Connection, projects: Sequence[Project]) -> list[Work]:
    """The priced time and expenses of projects as they count now."""
    tasks, roles = workstreams(projects)
    rows = db.execute(_WORK, {"projects": [project.id for project in projects]}).fetchall()
    found = []
    for row in rows:
        task, role = row.pop("task"), row.pop("role")
        found.append(Work(**row, workstream=tasks.get(task) or roles.get((row["project_id"], role))))
    return found


def workstreams(projects: Iterable[Project]) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """The workstream of each task; and of each role of a project that works in a single one."""
    tasks: dict[str, str] = {}
    roles: dict[tuple[str, str], set[str]] = {}
    for project in projects:
        phases = {element.id: element.name for element in project.wbs if element.parent_id is None}
        for element in project.wbs:
            if element.parent_id is not None:
                tasks[element.id] = phases[element.parent_id]
                if element.role is not None:
                    roles.setdefault((project.id, element.role), set()).add(phases[element.parent_id])
    return tasks, {key: next(iter(names)) for key, names in roles.items() if len(names) == 1}


def readings(db: Connection, contract_id: str) -> list[Reading]:
    """What the meters of a contract counted."""
    rows = db.execute("select meter, day, quantity from meter_reading where contract_id = %s", [contract_id]).fetchall()
    return [Reading(row["meter"], row["day"], row["quantity"]) for row in rows]


def let_pass(db: Connection, timeline: Timeline) -> dict[str, Decimal]:
    """Cap -> the value above it that people approved."""
    held = [cap for cap in timeline.newest.billing_terms.caps if cap.above == "held"]
    return {cap.id: sum(approved_above(db, timeline, cap), Decimal(0)) for cap in held}


def approved_above(db: Connection, timeline: Timeline, cap: Cap) -> list[Decimal]:
    """What people let pass above a limit, one amount for each time they were asked."""
    contents = approved_contents(db, FLOW, timeline.lead, limit_label(cap))
    return [Decimal(content["more"]) for content in contents]


def limit_label(cap: Cap) -> str:
    """What the questions about a limit begin with."""
    return f"Bill what is above limit '{cap.id}', "


_READ = """
insert into meter_reading as m (contract_id, meter, day, source, quantity, read_by)
values (%(contract)s, %(meter)s, %(day)s, %(source)s, %(quantity)s, %(by)s)
on conflict (contract_id, meter, day, source) do update set quantity = excluded.quantity, read_by = excluded.read_by,
  read_at = clock_timestamp() where m.quantity <> excluded.quantity
"""
_PROJECTS = "select id, engagement_id from project where contract_id = %s order by id"


def keep_readings(db: Connection, contract_id: str, found: Mapping[tuple[str, date, str], Decimal], by: str) -> int:
    """Store (meter, day, source) -> quantity and wake billing; the same reading again changes nothing."""
    changed = 0
    for (meter, day, source), quantity in found.items():
        values = {"contract": contract_id, "meter": meter, "day": day, "source": source, "quantity": quantity, "by": by}
        changed += db.execute(_READ, values).rowcount
    if changed:
        rows = db.execute(_PROJECTS, [contract_id]).fetchall()
        wake_many(db, [("billing", row["id"], row["engagement_id"]) for row in rows], "event")
    return changed


_LOOK = """
insert into billing_due as d (project_id, engagement_id, due_on) values (%s, %s, %s)
on conflict (project_id) do update set due_on = excluded.due_on where d.due_on is distinct from excluded.due_on
"""
_DUE = "delete from billing_due where due_on <= %s returning project_id, engagement_id"


def look_on(db: Connection, project: Project, day: date) -> None:
    """Billing looks at this project again on a day, whether anything happens until then or not."""
    db.execute(_LOOK, [project.id, project.engagement_id, day])


def wake_billing_due(db: Connection, today: date) -> int:
    """Wake billing of the projects whose day has come; returns how many."""
    rows = db.execute(_DUE, [today]).fetchall()
    wake_many(db, [("billing", row["project_id"], row["engagement_id"]) for row in rows], "timer")
    return len(rows)
