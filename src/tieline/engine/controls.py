"""What may be sent at all: modes per flow, connection and legal entity, and what a person has paused."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from tieline.engine.audit import audit
from tieline.engine.change_guard import ChangeGuard, allow
from tieline.store.database import Connection, Database, repeating

Mode = Literal["off", "shadow", "live"]


@dataclass(frozen=True, slots=True)
class ModeRule:
    """One `[[mode]]` of the site; empty parts fit all, `*` works. The last rule that fits decides."""

    mode: Mode
    flow: str = "*"
    connection: str = "*"
    legal_entity: str = "*"

    def fits(self, flow: str, connection: str, legal_entity: str | None) -> bool:
        """Whether this rule speaks about such an effect."""
        return (
            fnmatchcase(flow, self.flow)
            and fnmatchcase(connection, self.connection)
            and fnmatchcase(legal_entity or "", self.legal_entity)
        )


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing may be sent now. `unusual`: the change guard asks a person, nobody has paused it."""

    reason: str
    unusual: bool = False


REMEMBERED = 1.0
"""Seconds for which a process trusts what it has read of pauses."""


class Controls:
    """Asked before every round of writes; pauses and counts are re-read at most once a second per process."""

    def __init__(
        self, rules: tuple[ModeRule, ...] = (), default: Mode = "live", guard: ChangeGuard | None = None
    ) -> None:
        self._rules = rules
        self._default: Mode = default
        self._guard = guard or ChangeGuard()
        self._lock = threading.Lock()
        self._pauses: dict[tuple[str, str], Pause] = {}
        self._read_at = -1e9

    def mode(self, flow: str, connection: str, legal_entity: str | None) -> Mode:
        """`off`, `shadow` or `live` for an effect of this flow."""
        for rule in reversed(self._rules):
            if rule.fits(flow, connection, legal_entity):
                return rule.mode
        return self._default

    def pause_of(self, db: Connection, flow: str, connection: str, legal_entity: str | None) -> Pause | None:
        """Why nothing may be sent now, or None."""
        pauses = self._current(db)
        names = (
            ("connection", connection),
            ("flow", flow),
            ("entity", legal_entity or ""),
            ("guard", f"{connection}/{flow}"),
        )
        return next((pauses[name] for name in names if name in pauses), None)

    def _current(self, db: Connection) -> dict[tuple[str, str], Pause]:
        with self._lock:
            if time.monotonic() - self._read_at > REMEMBERED:
                rows = db.execute("select scope, name, reason from pause").fetchall()
                self._pauses = {
                    (row["scope"], row["name"]): Pause(f"{row['name']} is paused: {row['reason']}") for row in rows
                }
                for name, reason in self._guard.exceeded(db).items():
                    self._pauses["guard", name] = Pause(reason, unusual=True)
                self._read_at = time.monotonic()
            return self._pauses


def pause(database: Database, scope: str, name: str, reason: str, by: str) -> None:
    """Stop sending to a connection, of a flow, or for a legal entity; intake goes on. Works within seconds."""
    with database.transaction() as db:
        db.execute(
            "insert into pause (scope, name, reason, paused_by) values (%s, %s, %s, %s)"
            " on conflict (scope, name) do update set reason = excluded.reason, paused_by = excluded.paused_by",
            [scope, name, reason, by],
        )
        audit(db, "pause", actor=by, object_=f"{scope}:{name}", detail={"reason": reason})


@repeating
def resume(database: Database, scope: str, name: str, by: str) -> bool:
    """Let it send again and wake what waited; False when it was not paused."""
    with database.transaction() as db:
        if scope == "guard":
            return allow(db, name, by)
        gone = db.execute("delete from pause where scope = %s and name = %s returning name", [scope, name]).fetchone()
        if gone is None:
            return False
        audit(db, "resume", actor=by, object_=f"{scope}:{name}")
        _try_again(db, name if scope == "connection" else None)
    return True


def pause_refused(database: Database, connection: str, since: datetime) -> None:
    """Pause a connection that refused our credentials; if a person resumed it since then, try again instead."""
    with database.transaction() as db:
        renewed = db.execute(
            "select from audit_event where action = 'resume' and object = %s and at > %s limit 1",
            [f"connection:{connection}", since],
        ).fetchone()
        if renewed is not None:
            return _try_again(db, connection)
    return pause(database, "connection", connection, "its credentials are refused", "tieline")


def _try_again(db: Connection, connection: str | None) -> None:
    if connection:  # refused credentials are tried again in an hour, or now that a person has mended them
        query = "update effect set retry_at = null where connection = %s and state = 'refused_for_now'"
        db.execute(query, [connection])
    # Not at once: who still remembers the pause would find it in force and put off the flow for minutes. Those at work
    # as well: a run that has begun has read when its effects are tried again.
    db.execute(
        "update agenda set due_at = clock_timestamp() + make_interval(secs => %s)"
        " where state in ('blocked', 'retrying')",
        [REMEMBERED * 1.5],
    )
