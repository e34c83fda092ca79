"""The demo's result as JSON: engagement, systems, timeline and checks (schema in docs/demo-result.schema.json)."""

from dataclasses import asdict
from typing import Any

from tieline.app.views.timeline import TimelineItem, read_timeline
from tieline.demo.story import Check
from tieline.store.database import Connection


def newest_engagement(db: Connection) -> str | None:
    """The demo's only engagement, once there is one."""
    row = db.execute("select id from engagement order by opened_at desc limit 1").fetchone()
    return row["id"] if row else None


def result(db: Connection, engagement: str | None, checks: list[Check]) -> dict[str, Any]:
    """All of it."""
    items = read_timeline(db, engagement, limit=5000) if engagement else []
    return {
        "engagement": engagement,
        "systems": _systems(db, engagement),
        "timeline": [_line(item) for item in items],
        "checks": [asdict(check) for check in checks],
    }


def _systems(db: Connection, engagement: str | None) -> dict[str, dict[str, str]]:
    rows = db.execute(
        "select e.connection, e.target, e.external_id,"
        " row_number() over (partition by e.connection, e.target order by e.id) as n"
        " from effect e where e.engagement = %s and e.external_id is not null order by e.id",
        [engagement],
    ).fetchall()
    systems: dict[str, dict[str, str]] = {}
    for row in rows:
        name = row["target"] if row["n"] == 1 else f"{row['target']} {row['n']}"
        systems.setdefault(row["connection"], {})[name] = row["external_id"]
    return systems


def _line(item: TimelineItem) -> dict[str, Any]:
    return {
        "at": item.at.isoformat(),
        "step": item.step,
        "connection": item.connection,
        "outcome": item.outcome,
        "vendor_id": item.vendor_id,
    }
