"""Which exceptions are meant: the filter of the queue and of what is done to many at once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from psycopg.sql import SQL

Show = Literal["open", "postponed", "write_off", "all"]
"""`open`: not postponed. `write_off`: a second person must confirm a write-off."""
Sla = Literal["at_risk", "broken"]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Open exceptions; what is None fits all."""

    kind: str | None = None
    connection: str | None = None
    owner: str | None = None
    legal_entity: str | None = None
    engagement: str | None = None
    older_than: timedelta | None = None
    sla: Sla | None = None
    show: Show = "open"

    @property
    def narrows(self) -> bool:
        """Whether anything but `show` is asked for."""
        return self != Filter(show=self.show)

    def values(self) -> dict[str, Any]:
        """The parameters of `MATCHES`."""
        return {
            "kind": self.kind,
            "connection": self.connection,
            "owner": self.owner,
            "legal_entity": self.legal_entity,
            "engagement": self.engagement,
            "older_than": self.older_than,
            "sla": self.sla,
            "show": self.show,
        }


MATCHES = SQL("""
i.closed_at is null
  and (%(kind)s::text is null or i.kind = %(kind)s) and (%(connection)s::text is null or i.connection = %(connection)s)
  and (%(owner)s::text is null or i.owner = %(owner)s)
  and (%(legal_entity)s::text is null or i.legal_entity = %(legal_entity)s)
  and (%(older_than)s::interval is null or i.opened_at < clock_timestamp() - %(older_than)s::interval)
  and case %(sla)s::text when 'broken' then i.due_at <= clock_timestamp()
    when 'at_risk' then i.due_at > clock_timestamp() and i.at_risk_at <= clock_timestamp() else true end
  and case %(show)s::text when 'open' then coalesce(i.postponed_until <= clock_timestamp(), true)
    when 'postponed' then i.postponed_until > clock_timestamp()
    when 'write_off' then exists (select from write_off w where w.exception_id = i.id and w.state = 'proposed')
    else true end
  and (%(engagement)s::text is null or exists (select from exception_line l
    left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id
    where l.exception_id = i.id and coalesce(l.engagement, p.engagement_id) = %(engagement)s))
""")
"""The condition on `exception_item i`."""
