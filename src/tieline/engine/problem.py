"""Problems a run meets, and the exceptions they become: one open item per cause, joined by all who wait for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tieline.model.record import Record
from tieline.sdk.errors import ExceptionKind, Rejected, Unauthorized
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a person must mend. `connection` None: the firm's own data or rules."""

    kind: ExceptionKind
    message: str
    connection: str | None = None
    field: str | None = None
    key: str | None = None
    legal_entity: str | None = None
    owner: str = "integration"
    """The team whose matter it is; the site's rules may give the exception to somebody else."""
    suggestion: str | None = None
    label: str | None = None
    """The step that waits."""
    target: str | None = None
    subject: str | None = None
    amount: Decimal | None = None
    currency: str | None = None

    @property
    def cause(self) -> str:
        """One open exception per cause; never the vendor's free text."""
        return "|".join(part or "-" for part in (self.kind, self.connection, self.field, self.key, self.legal_entity))


def problem_of(error: Rejected, **where: str | None) -> Problem:
    """The problem behind a refusal. Without a master-data key the record itself is the cause."""
    key = error.key or f"{where.get('target')}:{where.get('subject')}"
    return Problem(
        kind=error.kind,
        message=error.message,
        connection=error.system,
        field=error.field,
        key=key,
        owner=error.owner,
        label=where.get("label"),
        target=where.get("target"),
        subject=where.get("subject"),
        legal_entity=where.get("legal_entity"),
    )


def auth_problem(system: str, error: Unauthorized) -> Problem:
    """The exception of a connection whose credentials or rights are refused; it pauses until a person resumes it."""
    return Problem(
        kind="auth",
        connection=error.system,
        key=error.system,
        message=f"{system} refuses our credentials: {error.message}. Its data waits.",
        suggestion=f"Renew the secret, then run: tieline resume {error.system}",
    )


def unusual_change(connection: str, flow: str, reason: str) -> Problem:
    """One exception for all writes the change guard holds back."""
    return Problem(
        kind="unusual_change",
        connection=connection,
        field=flow,
        key=flow,
        message=reason,
        suggestion=f"Look at what changes; if it is meant, run: tieline resume {connection}/{flow}",
        owner="integration",
    )


def legal_entity_of(record: Record) -> str | None:
    """The legal entity a record concerns, if it names one."""
    entity = getattr(record, "billed_by", None) or getattr(record, "legal_entity", None)
    return str(entity) if entity else None


def stored_form(error: Rejected) -> dict[str, Any]:
    """A refusal as kept with its effect."""
    return {
        "message": error.message,
        "kind": error.kind,
        "field": error.field,
        "key": error.key,
        "owner": error.owner,
    }


def stored_problem(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the refusal that was kept."""
    return {"message": "was refused", **stored}


# The site's rules say who owns it and by when; without a rule the team the problem names, within a day.
_OPEN = """
with given as (
  select coalesce((select r.owner from owner_rule r where (r.kinds is null or %(kind)s::text = any (r.kinds))
    and (r.domains is null or %(owner)s::text = any (r.domains))
    and (r.legal_entities is null or %(legal_entity)s::text = any (r.legal_entities))
    order by r.position limit 1), %(owner)s) as owner),
promised as (
  select s.due, s.at_risk from given, sla_rule s where (s.kinds is null or %(kind)s::text = any (s.kinds))
    and (s.owners is null or given.owner = any (s.owners)) order by s.position limit 1)
insert into exception_item (kind, cause, connection, field, key, legal_entity, message, suggestion, domain, owner,
  due_at, at_risk_at)
select %(kind)s, %(cause)s, %(connection)s, %(field)s, %(key)s, %(legal_entity)s, %(message)s, %(suggestion)s,
  %(owner)s, given.owner, clock_timestamp() + coalesce(promised.due, interval '24 hours'),
  clock_timestamp() + coalesce(promised.at_risk, interval '18 hours')
from given left join promised on true
on conflict (cause) where closed_at is null do update set message = excluded.message,
  suggestion = coalesce(excluded.suggestion, exception_item.suggestion)
returning id
"""
_JOIN = """
insert into exception_line (exception_id, flow, key, engagement, label, target, subject, amount, currency, records)
values (%(id)s, %(flow)s, %(key)s, %(engagement)s, %(label)s, %(target)s, %(subject)s, %(amount)s, %(currency)s,
  %(records)s)
on conflict (exception_id, flow, key) where flow is not null do update set label = excluded.label,
  target = excluded.target, subject = excluded.subject, amount = excluded.amount, currency = excluded.currency,
  records = excluded.records
"""
_LEAVE = """
with gone as (
  delete from exception_line where flow = %(flow)s and key = %(key)s and not (exception_id = any (%(keep)s))
  returning exception_id)
select distinct exception_id as id from gone
"""
_CLOSE = """
update exception_item i set closed_at = clock_timestamp(), closed_by = %(by)s, closing_note = %(note)s
where id = any (%(ids)s) and closed_at is null
  and not exists (select from exception_line l where l.exception_id = i.id)
returning id
"""


def open_exception(connection: Connection, problem: Problem) -> int:
    """The open exception of this cause, made if there is none; its row stays locked until the transaction ends."""
    row = connection.execute(
        _OPEN,
        {
            "kind": problem.kind,
            "cause": problem.cause,
            "connection": problem.connection,
            "field": problem.field,
            "key": problem.key,
            "legal_entity": problem.legal_entity,
            "message": problem.message,
            "suggestion": problem.suggestion,
            "owner": problem.owner,
        },
    ).fetchone()
    assert row is not None
    return int(row["id"])


def settle_problems(
    connection: Connection,
    *,
    flow: str,
    key: str,
    engagement: str,
    problems: Sequence[Problem],
    keep_others: bool,
    records: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Join this flow instance to the exceptions of its problems; leave (and so close) those it no longer has.

    `keep_others`: the run could not judge everything (it ends `retrying`), so nothing is closed. `records`: what it
    read, as the source holds it (`override.as_read`), for a person who corrects a field.
    """
    ids = []
    for problem in sorted(problems, key=lambda item: item.cause):  # one order, or two runs deadlock
        exception_id = open_exception(connection, problem)
        ids.append(exception_id)
        connection.execute(
            _JOIN,
            {
                "id": exception_id,
                "flow": flow,
                "key": key,
                "engagement": engagement,
                "label": problem.label,
                "target": problem.target,
                "subject": problem.subject,
                "amount": problem.amount,
                "currency": problem.currency,
                "records": Jsonb(list(records)) if records else None,
            },
        )
    if keep_others:
        return
    rows = connection.execute(_LEAVE, {"flow": flow, "key": key, "keep": ids}).fetchall()
    close_if_empty(connection, [row["id"] for row in rows], "tieline", "its cause is gone")


def close_if_empty(connection: Connection, ids: Iterable[int], by: str, note: str) -> None:
    """Close the exceptions nobody waits for any more."""
    wanted = sorted(ids)
    if wanted:
        connection.execute(
            "select id from exception_item where id = any (%s) order by id for update", [wanted]
        ).fetchall()
        connection.execute(_CLOSE, {"ids": wanted, "by": by, "note": note})
