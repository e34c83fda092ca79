"""Which contract version each system of a project has confirmed, and which one it must hold."""

from collections.abc import Mapping
from datetime import date

from tieline.store.database import Connection

ROLES = ("crm", "psa", "erp")


def held_versions(db: Connection, project_id: str) -> dict[str, int]:
    """Role -> the newest version its system has confirmed."""
    rows = db.execute("select role, version from version_held where project_id = %s", [project_id]).fetchall()
    return {row["role"]: row["version"] for row in rows}


def hold_version(db: Connection, project_id: str, version: int, connections: Mapping[str, str]) -> None:
    """Systems, by role, have confirmed all a version demands of a project there."""
    db.execute(
        "insert into version_held as h (project_id, role, connection, version)"
        " select %s, role, connection, %s from unnest(%s::text[], %s::text[]) n (role, connection) order by role"
        " on conflict (project_id, role) do update set connection = excluded.connection, version = excluded.version,"
        " confirmed_at = clock_timestamp() where h.version <> excluded.version",
        [project_id, version, list(connections), list(connections.values())],
    )


_BEHIND = """
select v.version, r.role from (select max(version) as version from contract_version
    where contract_id = %(contract)s and version > 1 and coalesce(effective_from, '-infinity') <= %(until)s) v
  cross join unnest(%(roles)s::text[]) r (role)
  left join version_held h on h.project_id = %(project)s and h.role = r.role
where coalesce(h.version, 0) < v.version order by r.role
"""


def roles_behind(db: Connection, contract_id: str, project_id: str, until: date) -> dict[str, int]:
    """Roles whose systems have not confirmed the version that took effect by a day, and that version.

    Version 1 holds nothing up: what it still lacks in a system is shown there, and was before there were change orders.
    """
    values = {"contract": contract_id, "project": project_id, "until": until, "roles": list(ROLES)}
    return {row["role"]: row["version"] for row in db.execute(_BEHIND, values).fetchall()}
