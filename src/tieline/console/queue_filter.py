"""The filter of the exception queue as it stands in an address of the console."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from tieline.app.desk import Desk
from tieline.app.views.exceptions import KINDS, Sort
from tieline.exception_queue.filter import Filter

Text = Annotated[str, Query(max_length=300)]
AGES = {"1": "1 day", "3": "3 days", "7": "7 days", "30": "30 days"}
SLAS = {"broken": "past its deadline", "at_risk": "at risk"}
SHOWS = {"": "not postponed", "postponed": "postponed", "write_off": "write-off to confirm", "everything": "all open"}
SORTS: dict[Sort, str] = {"due": "nearest deadline", "age": "oldest", "newest": "newest"}


@dataclass(frozen=True)
class Asked:
    """What a reader chose; a choice that does not exist is none."""

    kind: str = ""
    connection: str = ""
    owner: str = ""
    entity: str = ""
    engagement: str = ""
    days: str = ""
    sla: str = ""
    see: str = ""
    sort: Sort = "due"

    def filter(self, desk: Desk) -> Filter:
        """As the queue understands it."""
        return Filter(
            kind=self.kind if self.kind in KINDS else None,
            connection=self.connection if desk.settings(self.connection) is not None else None,
            owner=self.owner.replace("\0", "") or None,
            legal_entity=self.entity if desk.site.firm.legal_entity(self.entity) is not None else None,
            engagement=self.engagement.replace("\0", "") or None,
            older_than=timedelta(days=int(self.days)) if self.days in AGES else None,
            sla="broken" if self.sla == "broken" else "at_risk" if self.sla == "at_risk" else None,
            show="postponed"
            if self.see == "postponed"
            else "write_off"
            if self.see == "write_off"
            else "all"
            if self.see == "everything"
            else "open",
        )

    def address(self, **changes: str) -> str:
        """The choices as the query of an address, some of them changed; "" when there are none."""
        chosen = {name: value for name, value in {**vars(self), **changes}.items() if value}
        if chosen.get("sort") == "due":
            del chosen["sort"]
        return f"?{urlencode(chosen)}" if chosen else ""


def chosen_words(asked: Asked) -> str:
    """The choices of a filter as people read them."""
    told = [
        (asked.kind in KINDS, f"kind {KINDS.get(asked.kind, '').lower()}"),
        (bool(asked.connection), f"system {asked.connection}"),
        (bool(asked.owner), f"owner {asked.owner}"),
        (bool(asked.entity), f"legal entity {asked.entity}"),
        (bool(asked.engagement), f"engagement {asked.engagement}"),
        (asked.days in AGES, f"older than {AGES.get(asked.days)}"),
        (asked.sla in SLAS, str(SLAS.get(asked.sla))),
        (bool(asked.see) and asked.see in SHOWS, str(SHOWS.get(asked.see))),
    ]
    words = ", ".join(text for chosen, text in told if chosen)
    return words[:1].upper() + words[1:]


def _asked(
    kind: Text = "",
    connection: Text = "",
    owner: Text = "",
    entity: Text = "",
    engagement: Text = "",
    days: Text = "",
    sla: Text = "",
    see: Text = "",
    sort: Text = "",
) -> Asked:
    known: Sort = "age" if sort == "age" else "newest" if sort == "newest" else "due"
    return Asked(kind, connection, owner, entity, engagement, days, sla, see, known)


Wanted = Annotated[Asked, Depends(_asked)]
