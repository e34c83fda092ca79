"""Repairs that are safe: they wake, read or write again under the same keys, so a second time changes nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from tieline.engine.audit import audit
from tieline.engine.feed_lock import lock_feed
from tieline.engine.wake import wake
from tieline.lane.deleted import database_time, take_back_deleted
from tieline.lane.pull import feed_of, take_pages
from tieline.lane.release import batch_unposted
from tieline.model.ids import born_outside
from tieline.reconciliation.comparison import Firm
from tieline.reconciliation.discrepancy import Discrepancy, asked_repairs, read_open
from tieline.sdk import jsontext
from tieline.sdk.books import Days
from tieline.sdk.feed import LinePage, SourceLine
from tieline.store.canonical import engagement_of_opportunity, refer
from tieline.store.database import Connection, Database

CHUNK = 1000
TIMES_A_DAY = 3
"""A field of ours somebody keeps changing back is a person's matter the third time."""


class CannotRepair(ValueError):
    """Nothing safe mends it; the message says what a person does."""


def ask_repair(database: Database, discrepancy_id: int, by: str) -> Discrepancy:
    """Have a discrepancy repaired by the worker, within seconds. Raises CannotRepair, LookupError."""
    with database.transaction() as db:
        found = read_open(db, discrepancy_id)
        if found is None:
            raise LookupError(f"There is no open discrepancy {discrepancy_id}; list them with: tieline reconcile")
        if found.repair == "person":
            raise CannotRepair("Nothing Tieline could do by itself would be safe: its exception says what to do.")
        if found.repair == "ensure" and _repaired_lately(db, found) >= TIMES_A_DAY - 1:
            raise CannotRepair(
                f"It was written again {TIMES_A_DAY - 1} times within a day: find out who changes it back first."
            )
        db.execute("update discrepancy set repair_by = %s, repaired_at = null where id = %s", [by, found.id])
        audit(
            db,
            "discrepancy.repair_asked",
            engagement=found.engagement_id,
            actor=by,
            object_=_object(found),
            detail={"discrepancy": found.id, "repair": found.repair, "kind": found.kind},
        )
    return found


def _object(found: Discrepancy) -> str:
    connection = found.right_side if found.right_side != "tieline" else found.left_side
    return f"{connection}:{found.record}:{found.reference}"


def _repaired_lately(db: Connection, found: Discrepancy) -> int:
    row = db.execute(
        "select count(*) as times from audit_event where object = %s and action = 'discrepancy.repair_asked'"
        " and at > clock_timestamp() - interval '1 day'",
        [_object(found)],
    ).fetchone()
    return int(row["times"]) if row else 0


def do_repairs(firm: Firm) -> int:
    """Carry out what was asked for; returns how many. Raises the three errors when a source cannot be read."""
    with firm.database.connection() as db:
        asked = asked_repairs(db)
    done = 0
    groups: dict[tuple[str, str, str, str], list[Discrepancy]] = {}
    for one in asked:
        groups.setdefault((one.repair, one.record, one.left_side, one.right_side), []).append(one)
    for some in groups.values():
        _repair(firm, some)
        with firm.database.transaction() as db:
            db.execute(
                "update discrepancy set repaired_at = clock_timestamp() where id = any (%s)", [[one.id for one in some]]
            )
        done += len(some)
    return done


def _repair(firm: Firm, some: Sequence[Discrepancy]) -> None:
    first = some[0]
    match first.repair, first.record:
        case "re_read", "time" | "expense":
            _read_lines(firm, first.left_side, "time" if first.record == "time" else "expense", some)
        case "take_back", "time" | "expense":
            _take_back(firm, first.left_side, "time" if first.record == "time" else "expense")
        case "wake", "time":
            for name, connected in firm.connected.items():
                if connected.psa is not None:
                    batch_unposted(firm.database, firm.pricing, name)
        case _:
            with firm.database.transaction() as db:
                for one in some:
                    _wake(db, firm, one)


def _read_lines(firm: Firm, connection: str, kind: Literal["time", "expense"], some: Sequence[Discrepancy]) -> None:
    """Read the days concerned from the source again and take the lines in, as a page of the feed would have."""
    psa = firm.connected[connection].psa
    if psa is None:
        return
    wanted = {one.reference for one in some}
    days = sorted({date.fromisoformat(one.expected["day"]) for one in some if one.expected and "day" in one.expected})
    lines: dict[str, SourceLine] = {}
    for page in psa.books.list_approved(kind, Days(days[0], days[-1]) if days else None):
        lines |= {line.source_id: line for line in page.lines if line.source_id in wanted}
    feed, found = feed_of(psa, kind), list(lines.values())
    for start in range(0, len(found), CHUNK):
        part = found[start : start + CHUNK]
        body = jsontext.dumps({"read_again": [line.source_id for line in part]})
        with firm.database.transaction() as db:
            lock_feed(db, feed.stream)
            take_pages(db, feed, [LinePage(lines=part, body=body, cursor="", more=False)], firm.pricing)


def _take_back(firm: Firm, connection: str, kind: Literal["time", "expense"]) -> None:
    """The nightly comparison of id sets, now: what is gone or un-approved there is reversed here."""
    psa = firm.connected[connection].psa
    if psa is None:
        return
    feed, listed_at = feed_of(psa, kind), database_time(firm.database)
    take_back_deleted(firm.database, feed, firm.pricing, set(psa.list_approved_refs(kind)), listed_at)


def _wake(db: Connection, firm: Firm, one: Discrepancy) -> None:
    match one.record, one.repair:
        case "opportunity", _:
            account = firm.connected[one.left_side].settings.account
            opportunity = born_outside(account, "opportunity", one.reference)
            refer(db, one.left_side, "opportunity", opportunity, one.reference)
            lock = engagement_of_opportunity(db, opportunity) or opportunity
            wake(db, "opportunity_to_contract", opportunity, lock, "operator")
        case "milestone", _:
            wake(db, "milestone_billing", one.project_id, one.engagement_id or one.project_id, "operator")
        case "payment", "re_read":
            wake(db, "invoice_feedback", one.reference, one.engagement_id or one.reference, "operator")
        case _:
            _ensure(db, one)


def _ensure(db: Connection, one: Discrepancy) -> None:
    """A confirmed write counts as drifted, so that its flow sends it again; one that was refused is tried again."""
    target: Any = "invoice" if one.record == "payment" else one.record
    row = db.execute(
        "update effect set state = case state when 'confirmed' then 'drifted' else state end,"
        " changed_at = clock_timestamp() where connection = %s and target = %s and subject = %s"
        " returning flow, key, engagement",
        [one.right_side, target, one.reference],
    ).fetchone()
    if row is not None:
        wake(db, row["flow"], row["key"], row["engagement"], "operator")
