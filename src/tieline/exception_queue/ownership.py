"""Who mends an exception, and by when: the site's rules, giving it to somebody else, and postponing it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tieline.exception_queue.actions import NotPossible, open_item, record_all
from tieline.store.database import Connection, Database

TEAMS: Final = ("finance", "delivery", "sales", "resource", "integration")
"""The teams a problem itself may name."""


@dataclass(frozen=True, kw_only=True)
class OwnerRule:
    """Who owns exceptions of this sort; None fits all, and the first rule that fits decides."""

    owner: str
    kinds: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    """Teams the problem names."""
    legal_entities: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class SlaRule:
    """By when such exceptions are to be mended; the first rule that fits decides."""

    due: timedelta
    at_risk: timedelta
    """From then on it is told as being at risk."""
    kinds: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None


def keep_rules(db: Connection, owners: Sequence[OwnerRule], slas: Sequence[SlaRule]) -> bool:
    """Make the site's rules count; when they changed, open exceptions nobody gave away by hand follow them."""
    db.execute("select pg_advisory_xact_lock(hashtext('exception rules'))")
    known = (_owner_rules(db), _sla_rules(db))
    if known == (list(owners), list(slas)):
        return False
    db.execute("delete from owner_rule")
    db.execute("delete from sla_rule")
    for place, rule in enumerate(owners):
        db.execute(
            "insert into owner_rule (position, kinds, domains, legal_entities, owner) values (%s, %s, %s, %s, %s)",
            [place, _list(rule.kinds), _list(rule.domains), _list(rule.legal_entities), rule.owner],
        )
    for place, sla in enumerate(slas):
        db.execute(
            "insert into sla_rule (position, kinds, owners, due, at_risk) values (%s, %s, %s, %s, %s)",
            [place, _list(sla.kinds), _list(sla.owners), sla.due, sla.at_risk],
        )
    rows = db.execute("select id from exception_item where closed_at is null order by id for update").fetchall()
    ids = [row["id"] for row in rows]
    db.execute(_ROUTE, [ids])
    db.execute(_PROMISE, [ids])
    return True


# What `open_exception` does for a new one.
_ROUTE = """
update exception_item i set owner = coalesce((select r.owner from owner_rule r
  where (r.kinds is null or i.kind = any (r.kinds)) and (r.domains is null or coalesce(i.domain, i.owner) = any
    (r.domains)) and (r.legal_entities is null or i.legal_entity = any (r.legal_entities))
  order by r.position limit 1), i.domain, i.owner)
where i.id = any (%s) and i.assigned_by is null
"""
_PROMISE = """
update exception_item i set due_at = i.opened_at + coalesce(p.due, interval '24 hours'),
  at_risk_at = i.opened_at + coalesce(p.at_risk, interval '18 hours')
from exception_item o left join lateral (select s.due, s.at_risk from sla_rule s
  where (s.kinds is null or o.kind = any (s.kinds)) and (s.owners is null or o.owner = any (s.owners))
  order by s.position limit 1) p on true
where o.id = i.id and i.id = any (%s)
"""


def _owner_rules(db: Connection) -> list[OwnerRule]:
    rows = db.execute("select kinds, domains, legal_entities, owner from owner_rule order by position").fetchall()
    return [
        OwnerRule(
            owner=row["owner"],
            kinds=_tuple(row["kinds"]),
            domains=_tuple(row["domains"]),
            legal_entities=_tuple(row["legal_entities"]),
        )
        for row in rows
    ]


def _sla_rules(db: Connection) -> list[SlaRule]:
    rows = db.execute("select kinds, owners, due, at_risk from sla_rule order by position").fetchall()
    return [
        SlaRule(due=row["due"], at_risk=row["at_risk"], kinds=_tuple(row["kinds"]), owners=_tuple(row["owners"]))
        for row in rows
    ]


def _list(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _tuple(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


# ---- giving away and postponing ----


def assign(
    database: Database, exception_id: int, owner: str, by: str, *, known: Collection[str] = TEAMS, reason: str = ""
) -> None:
    """Give it to a team or a person of the firm; the deadline is the new owner's, counted from its opening."""
    with database.transaction() as db:
        open_item(db, exception_id)
        assign_all(db, [exception_id], owner, by, known=known, reason=reason)


def assign_all(
    db: Connection, ids: Sequence[int], owner: str, by: str, *, known: Collection[str] = TEAMS, reason: str = ""
) -> None:
    """`assign` of open exceptions whose rows are locked."""
    if owner not in known:
        raise NotPossible(f"there is no team or person '{owner}' here; there are {', '.join(list(known)[:12])}")
    db.execute("update exception_item set owner = %s, assigned_by = %s where id = any (%s)", [owner, by, list(ids)])
    db.execute(_PROMISE, [list(ids)])
    record_all(db, "exception.assigned", ids, by, text=owner, **({"reason": f"{owner}: {reason}"} if reason else {}))


LATEST = timedelta(days=366)


def postpone(database: Database, exception_id: int, until: datetime | None, by: str, *, reason: str = "") -> None:
    """Leave it out of the list until then; None takes it back into the list. Its deadline stays."""
    with database.transaction() as db:
        open_item(db, exception_id)
        postpone_all(db, [exception_id], until, by, reason=reason)


def postpone_all(db: Connection, ids: Sequence[int], until: datetime | None, by: str, *, reason: str = "") -> None:
    """`postpone` of open exceptions whose rows are locked."""
    row = db.execute("select clock_timestamp() as now").fetchone()
    assert row is not None
    if until is not None and not row["now"] < until <= row["now"] + LATEST:
        raise NotPossible("it can be postponed to a moment within the next year")
    db.execute(
        "update exception_item set postponed_until = %s, postponed_by = %s where id = any (%s)",
        [until, by if until is not None else None, list(ids)],
    )
    if until is None:
        record_all(db, "exception.taken_up", ids, by, text=reason)
    else:
        told = f"{until:%d %b %Y %H:%M} UTC" + (f": {reason}" if reason else "")
        record_all(db, "exception.postponed", ids, by, text=told)
