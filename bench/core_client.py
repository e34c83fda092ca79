"""The measured process of the lane's core: the lane, or a bare durable pipeline, on the smallest target there is."""

import gc
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.lane_client import _cpu, _peak_mb
from tests.lane.world import ERP, PSA, World
from tieline.app.worker import look_for_garbage_less_often
from tieline.lane.post import post_ready
from tieline.lane.pull import Feed, pull_feed
from tieline.lane.worker import Worker
from tieline.sdk import jsontext
from tieline.sdk.feed import LinePage, SourceLine
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import WriteSafety
from tieline.store.database import Connection, Database, connect

BATCH = 100
CONNECTIONS = 16
POSTERS = 2


class Target:
    """A client of the target; a connection for each thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._local = threading.local()

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One request."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request(method, path, body)
        return bytes(connection.getresponse().read())

    def post(self, lines: Sequence[tuple[Any, ...]]) -> list[str]:
        """Ids of the lines of a batch."""
        ids: list[str] = jsontext.loads(self.call("POST", "/batches", json.dumps(lines).encode()))
        return ids

    def page(self, cursor: str | None) -> tuple[bytes, list[list[Any]], str, bool]:
        """Body, rows, next cursor, whether more wait."""
        number = int(cursor or 0)
        body = self.call("GET", f"/pages/{number}")
        content = jsontext.loads(body)
        return body, content["lines"], str(number + 1), content["more"]


def outgoing(line: ErpLine) -> tuple[Any, ...]:
    """A line as the target takes it."""
    return (
        line.reference,
        line.project,
        line.person,
        line.item,
        line.work_date.isoformat(),
        str(line.minutes),
        line.note,
    )


@dataclass
class Sink:
    """The target as an ERP that knows our references."""

    target: Target
    connection: str = ERP
    system: str = "TestERP"
    batch_size: int = BATCH
    at_once: int = CONNECTIONS // POSTERS
    safety: WriteSafety = WriteSafety.UPSERT
    quarantine: timedelta = timedelta(0)

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled:
        """Send a batch."""
        ids = self.target.post([outgoing(line) for line in lines])
        return Settled({line.reference: one for line, one in zip(lines, ids, strict=True)}, {})

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled:
        """Never asked: the target answers at once."""
        return Settled({}, {})

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        """Never asked: nothing is in doubt here."""
        return {}


def feed(target: Target) -> Feed:
    """The target as a PSA."""

    def pages(cursor: str | None) -> LinePage:
        body, rows, following, more = target.page(cursor)
        return LinePage([_line(row) for row in rows], body, following, more)

    return Feed(PSA, "Kantata", "time", pages)


def _line(row: Sequence[Any]) -> SourceLine:
    return SourceLine(
        kind="time",
        source_id=row[0],
        source_version=row[1],
        approved=True,
        project_ref=row[2],
        task_ref=None,
        person_ref=row[3],
        role=None,
        work_date=date.fromisoformat(row[4]),
        quantity=Decimal(row[5]),
        unit="min",
        billable=True,
        approved_by=row[6],
        approved_at=datetime.fromisoformat(row[7]),
        note=row[8],
    )


def tieline(database: Database, target: Target) -> int:
    """The lane as a worker runs it: one thread pulls, two post."""
    world = World(database)
    sink = Sink(target)
    workers = [Worker(database) for _ in range(POSTERS)]
    news, done = threading.Event(), threading.Event()
    posted = [0] * POSTERS

    def post(place: int) -> None:
        while not done.is_set():
            news.wait(1)
            news.clear()
            posted[place] += post_ready(database, {ERP: sink}, workers[place], world.pricing)

    with ThreadPoolExecutor(POSTERS) as posters:
        running = [posters.submit(post, place) for place in range(POSTERS)]
        pull_feed(database, feed(target), world.pricing, news.set)
        done.set()
        news.set()
        for one in running:
            one.result()
    posted[0] += post_ready(database, {ERP: sink}, workers[0], world.pricing)
    for worker in workers:
        worker.close()
    return sum(posted)


_BARE = """
create table bare_inbox (id bigint primary key, source_id text not null, source_version bigint not null,
  body text not null, unique (source_id, source_version));
create table bare_intent (id bigint primary key, line_ids bigint[] not null, state text not null);
create index on bare_intent (id) where state <> 'done';
create table bare_lineage (line_id bigint primary key, intent_id bigint not null, erp_id text not null,
  at timestamptz not null default now());
create table bare_cursor (position text)
"""


@dataclass
class Bare:
    """What anybody would write: inbox, intent, call, result and lineage, each durable; nothing is priced or checked."""

    database: Database
    target: Target
    ready: list[list[int]] = field(default_factory=list)
    rows: dict[int, list[Any]] = field(default_factory=dict)
    intents: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    pulled: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Move all lines; returns how many arrived."""
        with self.database.connection() as db:
            for statement in _BARE.split(";"):
                db.execute(statement.encode())
        with ThreadPoolExecutor(POSTERS) as posters:
            running = [posters.submit(self._post) for _ in range(POSTERS)]
            self._pull()
            self.pulled.set()
            return sum(one.result() for one in running)

    def _pull(self) -> None:
        cursor, more, number = "0", True, 0
        with ThreadPoolExecutor(1) as reader:
            reading = reader.submit(self.target.page, cursor)
            while more:
                _, rows, cursor, more = reading.result()
                if more:
                    reading = reader.submit(self.target.page, cursor)
                ids = range(number, number + len(rows))
                number += len(rows)
                with self.database.transaction() as db:
                    with db.cursor() as cur, cur.copy("copy bare_inbox from stdin (format binary)") as copy:
                        copy.set_types(["int8", "text", "int8", "text"])
                        for line_id, row in zip(ids, rows, strict=True):
                            copy.write_row((line_id, row[0], row[1], json.dumps(row)))
                    db.execute("delete from bare_cursor")
                    db.execute("insert into bare_cursor values (%s)", [cursor])
                with self.lock:
                    self.rows |= dict(zip(ids, rows, strict=True))
                    self.ready += [list(ids[first : first + BATCH]) for first in range(0, len(ids), BATCH)]

    def _post(self) -> int:
        posted = 0
        session = connect(self.database.conninfo)
        with ThreadPoolExecutor(CONNECTIONS // POSTERS) as senders:
            while True:
                last = self.pulled.is_set()
                with self.lock:
                    batches, self.ready = self.ready[: CONNECTIONS // POSTERS], self.ready[CONNECTIONS // POSTERS :]
                    first = self.intents
                    self.intents += len(batches)
                if batches:
                    posted += self._round(session, senders, dict(enumerate(batches, first)))
                elif last:
                    session.close()
                    return posted
                else:
                    time.sleep(0.002)

    def _round(self, session: Connection, senders: ThreadPoolExecutor, batches: Mapping[int, list[int]]) -> int:
        with session.transaction(), session.cursor() as cursor:
            cursor.executemany(
                "insert into bare_intent values (%s, %s, 'sending')", [(one, ids) for one, ids in batches.items()]
            )
        answers = list(senders.map(self._send, batches.values()))
        with session.transaction(), session.cursor() as cursor:
            with cursor.copy("copy bare_lineage (line_id, intent_id, erp_id) from stdin (format binary)") as copy:
                copy.set_types(["int8", "int8", "text"])
                for (intent, ids), answer in zip(batches.items(), answers, strict=True):
                    for line_id, erp_id in zip(ids, answer, strict=True):
                        copy.write_row((line_id, intent, erp_id))
            cursor.execute("update bare_intent set state = 'done' where id = any (%s)", [list(batches)])
        for ids in batches.values():
            for line_id in ids:
                del self.rows[line_id]
        return sum(map(len, batches.values()))

    def _send(self, ids: Sequence[int]) -> list[str]:
        rows = [self.rows[line_id] for line_id in ids]
        return self.target.post(
            [(f"psa:time:{row[0]}:0", "e1", row[3], None, row[4], str(row[5]), row[8]) for row in rows]
        )


def main(what: str, conninfo: str, port: int, lines: int) -> None:
    """Move so many lines, and print what it cost."""
    database, target = Database(conninfo), Target(port)
    if what == "tieline":
        World(database).furnish()
        with database.connection() as db:
            db.execute("analyze")
    look_for_garbage_less_often()
    gc.collect()
    run: Callable[[], int] = (
        (lambda: tieline(database, target)) if what == "tieline" else lambda: Bare(database, target).run()
    )
    wal, before, begun = _wal(database), _cpu(), time.perf_counter()
    posted = run()
    seconds, cpu = time.perf_counter() - begun, _cpu() - before
    counts = json.loads(target.call("GET", "/counts"))
    if (posted, counts) != (lines, {"held": lines, "repeated": 0}):
        raise RuntimeError(f"{lines} lines, but {posted} were noted and the target holds {counts}")
    wal = (_wal(database) - wal) // lines
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": _peak_mb(), "wal": wal}))  # noqa: T201 - read by the parent
    database.close()


def _wal(database: Database) -> int:
    with database.connection() as db:
        row = db.execute("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as bytes").fetchone()
    assert row is not None
    return int(row["bytes"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
