"""One write: to which record of which system, what became of it, and what happens next."""

from dataclasses import dataclass
from datetime import datetime

from tieline.app.views.lineage_places import Place, place_at
from tieline.app.views.systems import Cards
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class EffectPage:
    """A row of table `effect`, for reading. Its content is not told: it may hold costs."""

    id: int
    label: str
    state: str
    system: str
    connection: str
    target: str
    subject: str
    place: Place | None
    engagement_id: str
    engagement: str | None
    flow: str
    generation: int
    """How often its content has changed."""
    attempts: int
    problem: str | None
    sent_at: datetime | None
    changed_at: datetime
    retry_at: datetime | None
    quarantine_until: datetime | None
    retired: bool
    """No process demands it any more."""


_EFFECT = """
select e.id, e.label, e.state, e.connection, e.target, left(e.subject, 300) as subject, e.external_id,
  e.engagement as engagement_id, g.name as engagement, e.flow, e.generation, e.attempts,
  left(e.problem->>'message', 1000) as problem, e.sent_at, e.changed_at, e.retry_at, e.quarantine_until,
  e.retired_at is not null as retired
from effect e left join engagement g on g.id = e.engagement where e.id = %s
"""


def read_effect(db: Connection, cards: Cards, effect_id: int) -> EffectPage | None:
    """One write, or None."""
    row = db.execute(_EFFECT, [effect_id]).fetchone()
    if row is None:
        return None
    external_id = row.pop("external_id")
    card = cards.get(row["connection"])
    return EffectPage(
        **row,
        system=card.system if card else row["connection"],
        place=place_at(cards, row["connection"], row["target"], external_id) if external_id else None,
    )
