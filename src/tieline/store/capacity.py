"""What capacity rests on in the database: people of the PSA, time off, assignments, open deals."""

from collections.abc import Sequence
from datetime import date

from psycopg.types.json import Jsonb

from tieline.model.opportunity import Opportunity
from tieline.model.staffing import Assignment, Resource
from tieline.model.working_time import SubmittedTime, TimeOff
from tieline.store.canonical import body_of, loaded
from tieline.store.database import Connection


def keep_people(db: Connection, connection: str, people: Sequence[Resource]) -> None:
    """The people of a PSA as just read; who is gone there is gone here."""
    rows = [{"email": one.email.lower(), "name": one.name, "role": one.role} for one in people]
    db.execute(
        "delete from psa_person where connection = %s and not (email = any (%s))",
        [connection, [row["email"] for row in rows]],
    )
    db.execute(
        "insert into psa_person as p (connection, email, name, role) select distinct on (email) %s, email, name, role"
        " from jsonb_to_recordset(%s) as n (email text, name text, role text) order by email"
        " on conflict (connection, email) do update set name = excluded.name, role = excluded.role"
        " where (p.name, p.role) is distinct from (excluded.name, excluded.role)",
        [connection, Jsonb(rows)],
    )


def roles_in_psa(db: Connection) -> dict[str, str | None]:
    """E-mail -> role of everyone who may book time."""
    rows = db.execute("select email, role from psa_person order by role nulls first").fetchall()
    return {row["email"]: row["role"] for row in rows}


def keep_time_off(db: Connection, connection: str, since: date, entries: Sequence[TimeOff]) -> None:
    """Time off from a day on as just read; what is gone there is gone here."""
    rows = [one.model_dump(mode="json") for one in entries]
    db.execute("delete from time_off where connection = %s and day >= %s", [connection, since])
    db.execute(
        "insert into time_off (connection, id, person, day, hours) select %s, id, person, day, hours"
        " from jsonb_to_recordset(%s) as n (id text, person text, day date, hours numeric) on conflict do nothing",
        [connection, Jsonb(rows)],
    )


def list_time_off(db: Connection, first: date, last: date) -> list[TimeOff]:
    """Hours off between two days, both included."""
    rows = db.execute(
        "select id, person, day, hours from time_off where day between %s and %s order by day, id", [first, last]
    ).fetchall()
    return [TimeOff(**row) for row in rows]


def keep_submitted_time(db: Connection, connection: str, entries: Sequence[SubmittedTime]) -> None:
    """What waits for approval as just read; what is approved, rejected or gone there is gone here."""
    rows = [one.model_dump(mode="json") for one in entries]
    db.execute("delete from submitted_time where connection = %s", [connection])
    db.execute(
        "insert into submitted_time (connection, id, person, day, minutes, project_id)"
        " select %(connection)s, n.id, n.person, n.day, n.minutes, r.subject from jsonb_to_recordset(%(rows)s) as n"
        " (id text, person text, day date, minutes int, project_ref text) left join cross_reference r"
        " on r.connection = %(connection)s and r.target = 'project' and r.external_id = n.project_ref"
        " on conflict do nothing",
        {"connection": connection, "rows": Jsonb(rows)},
    )


def keep_assignments(db: Connection, project_id: str, assignments: Sequence[Assignment]) -> None:
    """Who is planned and confirmed on a project; who is no more is gone here too."""
    names = ("id", "person", "role", "start_date", "end_date", "minutes", "confirmed")
    rows = [{name: one.model_dump(mode="json")[name] for name in names} for one in assignments]
    db.execute(
        "delete from assignment where project_id = %s and not (id = any (%s))",
        [project_id, [row["id"] for row in rows]],
    )
    db.execute(
        "insert into assignment as a (id, project_id, person, role, start_date, end_date, minutes, confirmed)"
        " select id, %s, lower(person), role, start_date, end_date, minutes, confirmed from jsonb_to_recordset(%s) as n"
        " (id text, person text, role text, start_date date, end_date date, minutes int, confirmed boolean)"
        " order by id on conflict (id) do update set project_id = excluded.project_id, person = excluded.person,"
        " role = excluded.role, start_date = excluded.start_date, end_date = excluded.end_date,"
        " minutes = excluded.minutes, confirmed = excluded.confirmed where a.* is distinct from excluded.*",
        [project_id, Jsonb(rows)],
    )


def keep_open_deal(db: Connection, deal: Opportunity) -> None:
    """A deal that may still be won; one that is won, lost or deleted is none any more."""
    if deal.is_committed or deal.is_lost or deal.is_deleted:
        db.execute("delete from open_deal where opportunity_id = %s", [deal.id])
        return
    db.execute(
        "insert into open_deal as d (opportunity_id, schema_version, body) values (%s, %s, %s)"
        " on conflict (opportunity_id) do update set schema_version = excluded.schema_version, body = excluded.body,"
        " seen_at = clock_timestamp() where d.body is distinct from excluded.body"
        " and (d.body->>'source_version')::bigint <= (excluded.body->>'source_version')::bigint",
        [deal.id, deal.schema_version, body_of(deal)],
    )


def list_open_deals(db: Connection) -> list[Opportunity]:
    """All deals that may still be won."""
    rows = db.execute("select body from open_deal order by opportunity_id").fetchall()
    return [loaded(Opportunity, row["body"]) for row in rows]
