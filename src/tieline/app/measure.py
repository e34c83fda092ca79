"""The service clock of the bulk lane: lines of finished batches, from the arrival of their page to their booking.

Writes of flows are measured in the commit of their outcome; a batch here once, when it is done, by whichever worker.
"""

from tieline.engine.tracing import record
from tieline.store.database import Database

BATCHES = 200
"""Batches measured in one transaction."""
CALLS_KEPT_DAYS = 35
FACTS_KEPT_DAYS = 400

_MEASURE = """
with batch as (
  select id, connection, line_ids from posting_batch where state = 'done' and not measured
  order by id limit %s for update skip locked),
marked as (update posting_batch b set measured = true from batch where b.id = batch.id returning b.id),
lines as (
  select b.id, b.connection, p.engagement_id, g.pulled_at, max(e.posted_at) as posted_at, count(*) as records
  from batch b cross join unnest(b.line_ids) l (id) join erp_line e on e.transaction_id = l.id
  join project_transaction t on t.id = l.id join pull_page g on g.id = t.page_id
  left join project p on p.id = t.project_id
  group by b.id, b.connection, p.engagement_id, g.id, g.pulled_at),
facts as (
  insert into service_fact (tier, connection, engagement, label, object, started_at, ended_at, records)
  select 'transactions', connection, engagement_id, records || case records when 1 then ' approved entry'
    else ' approved entries' end, 'batch:' || id, pulled_at, posted_at, records from lines
  returning connection, engagement, label, object, started_at, ended_at, records)
select facts.*, (select count(*) from marked) as batches from facts
union all
select null, null, null, null, null, null, null, count(*) from marked having not exists (select from facts)
"""


def measure_batches(database: Database) -> None:
    """Measure what was posted since the last look."""
    while True:
        with database.transaction() as db:
            rows = db.execute(_MEASURE, [BATCHES]).fetchall()
        for row in rows:
            if row["engagement"] is not None:
                record(
                    "Time and expenses posted",
                    row["engagement"],
                    row["started_at"],
                    row["ended_at"],
                    connection=row["connection"],
                    flow="transactions",
                    effect=row["object"],
                    records=row["records"],
                )
        if not rows or rows[0]["batches"] < BATCHES:
            return


def forget_old(database: Database) -> None:
    """Figures nobody looks at any more; once a night."""
    with database.transaction() as db:
        db.execute(
            "delete from call_minute where minute < clock_timestamp() - make_interval(days => %s)", [CALLS_KEPT_DAYS]
        )
        db.execute(
            "delete from service_fact where ended_at < clock_timestamp() - make_interval(days => %s)", [FACTS_KEPT_DAYS]
        )
