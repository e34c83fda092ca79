"""Alerts: what is wrong now, what was, and whether people have been told."""

from dataclasses import dataclass
from datetime import datetime

from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """One alert."""

    id: int
    cause: str
    kind: str
    title: str
    message: str
    link: str
    opened_at: datetime
    resolved_at: datetime | None
    sent: int
    """Messages that have arrived."""
    waiting: int
    given_up: int
    problem: str | None
    """Why one has not arrived."""


_ALERTS = """
select a.id, a.cause, a.kind, a.title, a.message, a.link, a.opened_at, a.resolved_at,
  count(m.id) filter (where m.state = 'sent')::int as sent,
  count(m.id) filter (where m.state = 'waiting')::int as waiting,
  count(m.id) filter (where m.state = 'given_up')::int as given_up,
  min(m.channel || ': ' || m.problem) filter (where m.state <> 'sent') as problem
from alert a left join alert_message m on m.alert_id = a.id
where (%(all)s or a.resolved_at is null) and a.kind <> 'missing_time'
group by a.id order by a.resolved_at is not null, a.opened_at desc, a.id desc limit %(limit)s
"""


def list_alerts(db: Connection, *, resolved: bool = False, limit: int = 50) -> list[AlertRow]:
    """The open ones first; `resolved`: those that are over, too. Missing time has a page of its own."""
    rows = db.execute(_ALERTS, {"all": resolved, "limit": limit}).fetchall()
    return [AlertRow(**row) for row in rows]
