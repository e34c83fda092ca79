"""Approved time of people on projects of another entity than their own, by project, role and day."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tieline.billing.intercompany import Delivered
from tieline.model.firm import Firm
from tieline.store.database import Connection


class Worked(NamedTuple):
    """What was delivered across entities, and the minutes of people the site does not list."""

    delivered: list[Delivered]
    unknown_minutes: Decimal


# The work counts in the month it was done, as it stands now; people without an entity are told apart.
_WORK = """
select h.entity as deliverer, p.legal_entity as seller, p.id as project_id, p.code, p.engagement_id,
  left(e.name, 200) as engagement, t.role, t.work_date as day, sum(t.quantity) as minutes,
  case when bool_and(t.cost_rate is not null) then sum(t.quantity * t.cost_rate / 60) end as cost, t.cost_currency,
  sum(coalesce(t.amount, 0)) as worth, p.currency
from project_transaction t join project p on p.id = t.project_id join engagement e on e.id = p.engagement_id
  left join unnest(%(people)s::text[], %(entities)s::text[]) h (person, entity) on h.person = t.person
where t.kind = 'time' and t.live and t.sign = 1 and t.state = 'checked'
  and t.work_date between %(since)s and %(until)s and h.entity is distinct from p.legal_entity
group by h.entity, p.legal_entity, p.id, p.code, p.engagement_id, e.name, t.role, t.work_date, t.cost_currency
order by 1, 2, 4, 7, 8
"""


def read_delivered(db: Connection, firm: Firm, since: date, until: date) -> Worked:
    """Of the work of these days."""
    people = {one.id.lower(): one.legal_entity for one in firm.people}
    values = {"people": list(people), "entities": list(people.values()), "since": since, "until": until}
    rows = db.execute(_WORK, values).fetchall()
    known = [Delivered(**row) for row in rows if row["deliverer"] is not None]
    return Worked(known, sum((row["minutes"] for row in rows if row["deliverer"] is None), Decimal(0)))
