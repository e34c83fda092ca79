"""Outlooks as last looked at, and what customers said."""

from collections.abc import Sequence
from decimal import Decimal

from psycopg.types.json import Jsonb

from tieline.model.outlook import Colour, Outlook
from tieline.store.canonical import loaded
from tieline.store.database import Connection

_KEEP = """
insert into outlook as o (engagement_id, customer_id, colour, schema_version, body)
select * from jsonb_to_recordset(%(rows)s) as n (engagement_id text, customer_id text, colour text, schema_version int,
  body jsonb)
order by engagement_id
on conflict (engagement_id) do update set customer_id = excluded.customer_id, colour = excluded.colour,
  schema_version = excluded.schema_version, body = excluded.body, changed_at = clock_timestamp(),
  since = case when o.colour = excluded.colour then o.since else clock_timestamp() end
where o.body is distinct from excluded.body
"""


def keep_outlooks(db: Connection, outlooks: Sequence[Outlook]) -> None:
    """Store what was found; one that says the same is left as it is."""
    rows = [
        {
            "engagement_id": one.id,
            "customer_id": one.customer_id,
            "colour": one.colour,
            "schema_version": one.schema_version,
            "body": one.model_dump(mode="json"),
        }
        for one in outlooks
    ]
    db.execute(_KEEP, {"rows": Jsonb(rows)})


def forget_outlooks(db: Connection) -> None:
    """Withdrawn engagements have none any more."""
    db.execute("delete from outlook o using engagement e where e.id = o.engagement_id and e.closed_at is not null")


def read_outlook(db: Connection, engagement_id: str) -> Outlook | None:
    """The outlook of an engagement, if it was looked at."""
    row = db.execute("select body from outlook where engagement_id = %s", [engagement_id]).fetchone()
    return loaded(Outlook, row["body"]) if row else None


def outlooks_of_customer(db: Connection, customer_id: str) -> list[Outlook]:
    """All engagements of a customer that were looked at."""
    rows = db.execute("select body from outlook where customer_id = %s order by engagement_id", [customer_id])
    return [loaded(Outlook, row["body"]) for row in rows.fetchall()]


def list_outlooks(
    db: Connection, colour: Colour | None = None, limit: int | None = None, *, warned: bool = False
) -> list[Outlook]:
    """The worst first, by score. `warned`: only those with early warnings."""
    rows = db.execute(
        "select body from outlook where (%(colour)s::text is null or colour = %(colour)s)"
        " and (not %(warned)s or body->'warnings' <> '[]')"
        " order by (body->>'score')::numeric desc, engagement_id limit %(limit)s",
        {"colour": colour, "limit": limit, "warned": warned},
    ).fetchall()
    return [loaded(Outlook, row["body"]) for row in rows]


def add_satisfaction(db: Connection, engagement_id: str, score: Decimal, by: str) -> bool:
    """Append what a customer said, 0 to 100; False when there is no such engagement."""
    row = db.execute(
        "insert into satisfaction (engagement_id, score, told_by) select id, %s, %s from engagement where id = %s"
        " returning id",
        [score, by, engagement_id],
    ).fetchone()
    return row is not None
