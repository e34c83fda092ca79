"""The audit trail, written in the transaction of what it tells."""

from typing import Any

from psycopg.types.json import Jsonb

from tieline.store.database import Connection


def audit(
    connection: Connection,
    action: str,
    *,
    engagement: str | None = None,
    run_id: int | None = None,
    actor: str = "tieline",
    object_: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one event. Details never hold secrets, pay rates or whole payloads."""
    connection.execute(
        "insert into audit_event (engagement, run_id, actor, action, object, detail) values (%s, %s, %s, %s, %s, %s)",
        [engagement, run_id, actor, action, object_, Jsonb(detail or {})],
    )
