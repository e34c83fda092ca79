"""Approvals: what a person is asked to decide, exactly as it will count, and what was decided."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tieline.app.views.paging import LARGEST
from tieline.engine.approval_policy import ApprovalPolicy, Asked, listed
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class ApprovalRow:
    """One question. The decision is bound to the hash of `content`: an edit voids it."""

    id: int
    label: str
    flow: str
    key: str
    engagement_id: str | None
    exception_id: int | None
    state: str
    """`asked`, `approved`, `declined`, `expired` or `void`."""
    content: dict[str, Any]
    content_hash: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    amount: Decimal | None
    currency: str | None
    legal_entity: str | None
    proposed_by: str | None
    approved_by: tuple[str, ...]
    """Who has approved already where several must."""

    @property
    def asked(self) -> Asked:
        """What the site's rules go by."""
        return Asked(
            label=self.label,
            legal_entity=self.legal_entity,
            amount=self.amount,
            currency=self.currency,
            proposed_by=self.proposed_by,
        )


_LIST = """
select a.id, a.label, a.flow, a.key, g.engagement as engagement_id, a.state, a.content,
  encode(a.content_hash, 'hex') as content_hash, a.asked_at, a.decided_by, a.decided_at, a.reason,
  a.amount, a.currency, a.legal_entity, a.proposed_by,
  array(select v.person from approval_vote v where v.approval_id = a.id order by v.at) as approved_by,
  (select i.id from exception_item i join exception_line l on l.exception_id = i.id
    where i.closed_at is null and i.kind = 'approval' and l.flow = a.flow and l.key = a.key limit 1) as exception_id
from approval a left join agenda g on g.flow = a.flow and g.key = a.key
where (%(id)s::bigint is null or a.id = %(id)s) and (%(state)s::text is null or a.state = %(state)s)
  and (%(engagement)s::text is null or g.engagement = %(engagement)s) and a.id > %(after)s
order by a.id limit %(limit)s
"""


def list_approvals(
    db: Connection,
    *,
    state: str | None = "asked",
    engagement_id: str | None = None,
    approval_id: int | None = None,
    after: int = 0,
    limit: int = LARGEST,
) -> list[ApprovalRow]:
    """The oldest question first; `state` None takes all."""
    values = {"state": state, "engagement": engagement_id, "id": approval_id, "after": after, "limit": limit}
    rows = db.execute(_LIST, values).fetchall()
    return [ApprovalRow(**{**row, "approved_by": tuple(row["approved_by"])}) for row in rows]


def read_approval(db: Connection, approval_id: int) -> ApprovalRow | None:
    """One question, decided or not."""
    return next(iter(list_approvals(db, state=None, approval_id=approval_id, limit=1)), None)


def who_decides(policy: ApprovalPolicy, row: ApprovalRow, day: date) -> str:
    """Who is to decide a question, in words: `anna@… or ben@…; 2 people must approve, anna@… has`."""
    rule = policy.rule(row.asked)
    if rule is None:
        return "anybody"
    words = listed(policy.approvers(row.asked, day)) or "anybody"
    if row.proposed_by:
        words += f", but not {row.proposed_by}, who proposed it"
    if rule.people > 1:
        words += f"; {rule.people} people must approve"
        words += f", {listed(row.approved_by, 'and')} did" if row.approved_by else ""
    return words
