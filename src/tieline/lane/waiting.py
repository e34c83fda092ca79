"""Lines that wait for a person: one exception per cause, whatever the number of its lines."""

from collections.abc import Iterable, Mapping, Sequence

from tieline.billing.cause import Cause
from tieline.engine.problem import Problem, close_if_empty, open_exception
from tieline.lane.check import Worth
from tieline.store.database import Connection

_JOIN = """
insert into exception_line (exception_id, transaction_id, engagement, label, target, subject, amount, currency)
select %(exception)s, t.id, p.engagement_id, initcap(t.kind) || ' of ' || t.work_date, t.kind,
  t.connection || ':' || t.source_id, coalesce(t.amount, n.amount, t.source_amount) * t.sign,
  case when coalesce(t.amount, n.amount) is null then t.source_currency else coalesce(t.currency, n.currency) end
from unnest(%(ids)s::bigint[], %(amounts)s::numeric[], %(currencies)s::text[]) n (id, amount, currency)
  join project_transaction t on t.id = n.id left join project p on p.id = t.project_id
on conflict (exception_id, transaction_id) where transaction_id is not null do nothing
"""


def problem_of_cause(cause: Cause) -> Problem:
    """The engine's form of a cause, so that flows and lines join one exception."""
    return Problem(
        kind=cause.kind,
        message=cause.message,
        connection=cause.connection,
        field=cause.field,
        key=cause.key,
        legal_entity=cause.legal_entity,
        owner=cause.owner,
        suggestion=cause.suggestion,
    )


def wait_for(
    db: Connection, waiting: Mapping[Problem, Sequence[int]], worths: Mapping[int, Worth | None] | None = None
) -> dict[Problem, int]:
    """Lines join the exceptions of their problems; returns the exceptions. `worths`: of lines without a price."""
    known = worths or {}
    exceptions: dict[Problem, int] = {}
    for problem in sorted(waiting, key=lambda one: one.cause):  # one order, or two pages deadlock
        exceptions[problem] = open_exception(db, problem)
        ids = list(waiting[problem])
        found = [known.get(line) or (None, None) for line in ids]
        values = {"amounts": [amount for amount, _ in found], "currencies": [currency for _, currency in found]}
        db.execute(_JOIN, {"exception": exceptions[problem], "ids": ids, **values})
    return exceptions


def wait_no_longer(db: Connection, ids: Iterable[int], note: str, keep: int | None = None) -> None:
    """Lines leave their exceptions (all but `keep`); an exception nobody waits for any more is closed."""
    rows = db.execute(
        "delete from exception_line where transaction_id = any (%s) and exception_id is distinct from %s"
        " returning exception_id",
        [list(ids), keep],
    ).fetchall()
    close_if_empty(db, {int(row["exception_id"]) for row in rows}, "tieline", note)
