"""Lines and drafts of a period the ERP has closed wait together and go on with a later date; the work date stays."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tieline.billing.periods import month_of
from tieline.engine.problem import Problem
from tieline.engine.wake import wake_many
from tieline.store.database import Connection

FLOW = "closed_period"
FIELD = "posting date"
MONTH = "%Y-%m"


class PeriodKey(Struct, frozen=True):
    """One period of a legal entity in an ERP connection: the key of the flow that decides on its lines."""

    connection: str
    month: date
    legal_entity: str

    def __str__(self) -> str:
        return f"{self.connection}:{self.month:{MONTH}}:{self.legal_entity}"

    @property
    def name(self) -> str:
        """`October 2026`."""
        return f"{self.month:%B %Y}"


def period_key(text: str) -> PeriodKey:
    """The key a flow instance was woken with."""
    connection, month, legal_entity = text.split(":", 2)
    return PeriodKey(connection, date.fromisoformat(f"{month}-01"), legal_entity)


def in_closed_period(problem: Problem, day: date) -> Problem:
    """The refusal of a line or draft because of its day: one cause for all of the entity and month."""
    assert problem.connection is not None
    assert problem.legal_entity is not None
    key = PeriodKey(problem.connection, month_of(day), problem.legal_entity)
    return replace(
        problem,
        field=FIELD,
        key=f"{key.month:{MONTH}}",
        message=f"{key.name} is closed for {key.legal_entity} in {key.connection}: {problem.message}",
        suggestion=f"Approve posting them on the first open day, or open the period in {key.connection} and retry.",
    )


_REMEMBER = """
insert into closed_period (connection, legal_entity, month)
select %(connection)s, entity, month from unnest(%(entities)s::text[], %(months)s::date[]) n (entity, month)
on conflict (connection, legal_entity, month) do update set refused_at = excluded.refused_at
"""


def remember_closed(db: Connection, problems: Collection[Problem]) -> None:
    """Note the periods the ERP refused, and wake those who decide what becomes of their lines."""
    named = [
        f"{one.connection}:{one.key}:{one.legal_entity}"
        for one in problems
        if one.kind == "closed_period" and one.field == FIELD
    ]
    keys = sorted(set(named))
    for key in map(period_key, keys):
        values = {"connection": key.connection, "entities": [key.legal_entity], "months": [key.month]}
        db.execute(_REMEMBER, values)
    wake_many(db, [(FLOW, key, f"{FLOW}:{key}") for key in keys], "event")


def closed_months(db: Connection, key: PeriodKey) -> set[date]:
    """The months an ERP has refused for an entity."""
    rows = db.execute(
        "select month from closed_period where connection = %s and legal_entity = %s",
        [key.connection, key.legal_entity],
    ).fetchall()
    return {row["month"] for row in rows}


class WaitingLines(Struct, frozen=True):
    """What waits for a period, as a person is asked about it."""

    exception_id: int
    lines: int
    money: Mapping[str, Decimal]
    invoices: int
    invoiced: Mapping[str, Decimal]
    """What the draft invoices are worth; their lines may be among those that wait."""
    digest: str
    """Changes with the lines and drafts."""


_CAUSE = """
select id from exception_item where closed_at is null and kind = 'closed_period' and connection = %(connection)s
  and field = %(field)s and key = %(month)s and legal_entity = %(entity)s
"""
_WAITING = """
select count(*)::int as lines, coalesce(md5(string_agg(t.id::text, ' ' order by t.id)), '') as digest
from exception_line l join project_transaction t on t.id = l.transaction_id
where l.exception_id = %(id)s and t.state = 'in_exception'
"""
_MONEY = """
select t.currency, sum(t.amount * t.sign) as amount
from exception_line l join project_transaction t on t.id = l.transaction_id
where l.exception_id = %(id)s and t.state = 'in_exception' and t.currency is not null and t.amount is not null
group by t.currency order by t.currency
"""


_DRAFTS = """
select i.id, i.body->>'currency' as currency, (i.body->'net'->>'amount')::numeric as amount
from exception_line l join invoice i on i.id = l.subject
where l.exception_id = %(id)s and l.flow = 'billing' and l.target = 'invoice' and i.status = 'proposed' order by i.id
"""


def waiting_lines(db: Connection, key: PeriodKey) -> WaitingLines | None:
    """The lines and drafts that wait for a period, or None."""
    found = db.execute(
        _CAUSE,
        {
            "connection": key.connection,
            "field": FIELD,
            "month": f"{key.month:{MONTH}}",
            "entity": key.legal_entity,
        },
    ).fetchone()
    if found is None:
        return None
    row = db.execute(_WAITING, {"id": found["id"]}).fetchone()
    assert row is not None
    money = db.execute(_MONEY, {"id": found["id"]}).fetchall()
    drafts = db.execute(_DRAFTS, {"id": found["id"]}).fetchall()
    if not row["lines"] and not drafts:
        return None
    invoiced: dict[str, Decimal] = {}
    for one in drafts:
        invoiced[one["currency"]] = invoiced.get(one["currency"], Decimal(0)) + one["amount"]
    return WaitingLines(
        exception_id=found["id"],
        lines=row["lines"],
        money={one["currency"]: one["amount"] for one in money},
        invoices=len(drafts),
        invoiced=invoiced,
        digest=" ".join([row["digest"], *(one["id"] for one in drafts)]).strip(),
    )


# What was refused since the question was shown is not in it: such lines are refused again, and asked about again.
_LATER = """
update project_transaction t set posts_on = %(day)s
from (select t.id from exception_line l join project_transaction t on t.id = l.transaction_id
    where l.exception_id = %(id)s and t.state = 'in_exception' order by t.id for update of t) w
where t.id = w.id
"""
_TELL = """
insert into audit_event (engagement, actor, action, object, detail)
select p.engagement_id, %(by)s, 'lines.posted_later', %(connection)s || ':time:' || p.id,
  jsonb_build_object('label', count(*) || ' lines of ' || %(period)s || ' post on ' || %(day)s::date,
    'lines', count(*), 'period', %(month)s::text, 'posts_on', %(day)s::date)
from exception_line l join project_transaction t on t.id = l.transaction_id join project p on p.id = t.project_id
where l.exception_id = %(id)s and t.state = 'in_exception' group by p.engagement_id, p.id
"""
_DATED = """
with dated as (
  update invoice i set posts_on = %(day)s, changed_at = clock_timestamp() from exception_line l
  where l.exception_id = %(id)s and l.flow = 'billing' and l.target = 'invoice' and i.id = l.subject
    and i.status = 'proposed' returning i.id, i.project_id, i.engagement_id, i.connection),
told as (
  insert into audit_event (engagement, actor, action, object, detail)
  select engagement_id, %(by)s, 'invoice.dated_later', connection || ':invoice:' || id,
    jsonb_build_object('label', 'The draft invoice of ' || %(period)s || ' is dated ' || %(day)s::date,
      'period', %(month)s::text, 'posts_on', %(day)s::date) from dated)
select project_id, engagement_id from dated order by project_id
"""
_RETRY = "update exception_item set retry_by = %(by)s where id = %(id)s and closed_at is null"


def post_later(db: Connection, key: PeriodKey, waiting: WaitingLines, day: date, by: str) -> None:
    """Give lines and drafts another date, tell it in their engagements, and let them go on."""
    values: dict[str, Any] = {
        "id": waiting.exception_id,
        "day": day,
        "by": by,
        "connection": key.connection,
        "period": key.name,
        "month": f"{key.month:{MONTH}}",
    }
    db.execute(_LATER, values)
    db.execute(_TELL, values)
    drafts = db.execute(_DATED, values).fetchall()
    db.execute(_RETRY, values)
    wake_many(db, [("billing", row["project_id"], row["engagement_id"]) for row in drafts], "flow")


def money_words(money: Mapping[str, Decimal]) -> str:
    """`EUR 12,300.00 and USD 4.00`."""
    return " and ".join(f"{currency} {amount:,.2f}" for currency, amount in money.items())


def as_shown(key: PeriodKey, waiting: WaitingLines, day: date) -> dict[str, Any]:
    """What a person decides on."""
    return {
        "legal_entity": key.legal_entity,
        "system": key.connection,
        "period": f"{key.month:{MONTH}}",
        "entries": waiting.lines,
        "money": {currency: f"{amount:.2f}" for currency, amount in waiting.money.items()},
        **_shown_drafts(waiting),
        "posts_on": day.isoformat(),
        "digest": waiting.digest,
    }


def _shown_drafts(waiting: WaitingLines) -> dict[str, Any]:
    if not waiting.invoices:
        return {}
    worth = {currency: f"{amount:.2f}" for currency, amount in waiting.invoiced.items()}
    return {"draft invoices": waiting.invoices, "draft invoices worth": worth}
