"""Where a line's project, task and bookings stand in the vendors' systems, with the addresses of their own screens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tieline.app.views.systems import Cards
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class Place:
    """A record in a system."""

    connection: str
    system: str
    target: str
    external_id: str
    url: str | None


@dataclass(frozen=True, kw_only=True)
class Places:
    """What one line names in the systems."""

    cards: Cards
    task: str | None
    """The task's name."""
    shown: tuple[Place, ...] = ()

    def at(self, connection: str, target: str, external_id: str) -> Place:
        """A record's place."""
        return place_at(self.cards, connection, target, external_id)


def place_at(cards: Cards, connection: str, target: str, external_id: str) -> Place:
    """A record's place, with an address where its system has a page for it."""
    card = cards.get(connection)
    return Place(
        connection=connection,
        system=card.system if card else connection,
        target=target,
        external_id=external_id,
        url=card.url(target, external_id) if card else None,
    )


_RECORDS = """
select r.connection, r.target, r.external_id from cross_reference r
where r.subject = any (%s) and r.target in ('project', 'wbs_element') and r.connection in (select name from connection)
order by r.target, r.connection
"""
_TASK = """
select subject from cross_reference
where connection = %s and target in ('wbs_element', 'milestone') and external_id = %s limit 1
"""


def places_of(db: Connection, cards: Cards, line: Mapping[str, Any], project: Mapping[str, Any] | None) -> Places:
    """The places of a line's project and task."""
    task = line["source_id"] if line["kind"] == "milestone" else _task(db, line)
    subjects = [one for one in (line["project_id"], task) if one]
    rows = db.execute(_RECORDS, [subjects]).fetchall()
    return Places(
        cards=cards,
        task=_name(project["body"] if project else {}, task) or line["task_ref"],
        shown=tuple(place_at(cards, row["connection"], row["target"], row["external_id"]) for row in rows),
    )


def _task(db: Connection, line: Mapping[str, Any]) -> str | None:
    if line["task_ref"] is None:
        return None
    row = db.execute(_TASK, [line["connection"], line["task_ref"]]).fetchone()
    return row["subject"] if row else None


def _name(project: Mapping[str, Any], task: str | None) -> str | None:
    for element in (*project.get("wbs", ()), *project.get("milestones", ())):
        if element.get("id") == task:
            return str(element.get("name"))
    return None
