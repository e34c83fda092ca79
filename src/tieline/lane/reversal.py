"""Reversals: the mirror of a line that was booked or invoiced as a row of its own, sign -1."""

from collections.abc import Mapping, Sequence

from tieline.store.database import Connection


def next_ids(db: Connection, count: int) -> list[int]:
    """Ids of lines to be."""
    row = db.execute(
        "select array_agg(nextval('project_transaction_id_seq')) as ids from generate_series(1, %s)", [count]
    ).fetchone()
    assert row is not None
    return row["ids"] or []


_MIRROR = """
insert into project_transaction (id, connection, kind, source_id, source_version, part, seq, sign, live, supersedes_id,
  page_id, legal_entity, project_id, person, project_ref, person_ref, task_ref, role, work_date, quantity, unit,
  billable, source_currency, source_amount, note, currency, rate, amount, tax_code, rate_rule, cost_rate,
  cost_currency, contract_version, item_code, disposition, attributes, posts_on, state, batch_id)
select n.id, connection, kind, source_id, source_version, part, seq + 1, -1, false, t.id,
  page_id, legal_entity, project_id, person, project_ref, person_ref, task_ref, role, work_date, quantity, unit,
  billable, source_currency, source_amount, note, currency, rate, amount, tax_code, rate_rule,
  cost_rate, cost_currency, contract_version, item_code, disposition, attributes, posts_on, n.state, n.batch
from unnest(%(originals)s::bigint[], %(ids)s::bigint[], %(states)s::text[], %(batches)s::bigint[])
  n (original, id, state, batch) join project_transaction t on t.id = n.original
"""
_AUDIT = """
insert into audit_event (engagement, action, object, detail)
select p.engagement_id, t.kind || '.reversed', p.id, jsonb_build_object('lines', count(*))
from project_transaction t join project p on p.id = t.project_id
where t.id = any (%s) group by p.engagement_id, p.id, t.kind
"""


def mirror(db: Connection, reversals: Mapping[int, tuple[int, str]], batches: Mapping[int, int]) -> None:
    """Write reversals: id of the original -> (id of its mirror, state); a mirror in `batches` is posted."""
    ids = [line_id for line_id, _ in reversals.values()]
    db.execute(
        _MIRROR,
        {
            "originals": list(reversals),
            "ids": ids,
            "states": [state for _, state in reversals.values()],
            "batches": [batches.get(line_id) for line_id in ids],
        },
    )
    db.execute(_AUDIT, [list(reversals)])


_UNCREDITED = """
select t.id from project_transaction t
where t.id = any (%s) and t.sign = 1 and (not t.live or t.state in ('withdrawn', 'void'))
  and not exists (select from project_transaction r
    where r.supersedes_id = t.id and r.sign = -1 and r.state <> 'void')
order by t.id
"""


def credit(db: Connection, invoiced: Sequence[int]) -> None:
    """Lines that were corrected before they were marked as invoiced get the reversal that credits them."""
    rows = db.execute(_UNCREDITED, [list(invoiced)]).fetchall()
    if rows:
        pairs = zip(rows, next_ids(db, len(rows)), strict=True)
        mirror(db, {row["id"]: (line_id, "checked") for row, line_id in pairs}, {})
