"""Figures for Prometheus in its text format (0.0.4), read from the database so that all processes are in them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tieline import __version__
from tieline.app.site import Site
from tieline.app.views.calls import read_calls
from tieline.app.views.service import read_service
from tieline.engine.limits_calls import BOUNDS
from tieline.store.database import Connection

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


@dataclass(slots=True)
class Metric:
    """One figure with its samples."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    help: str
    samples: list[tuple[str, Labels, float]] = field(default_factory=list)
    """(what is added to the name, labels, value)."""

    def add(self, value: float | None, suffix: str = "", **labels: str) -> "Metric":
        """One sample; nothing when there is no value."""
        if value is not None:
            self.samples.append((suffix, labels, value))
        return self


def exposition(db: Connection, site: Site) -> str:
    """All figures as text."""
    return "".join(_told([*_machine(db), *_queue(db), *_service(db, site), *_systems(db, site)]))


def _told(metrics: Iterable[Metric]) -> Iterator[str]:
    for metric in metrics:
        name = f"tieline_{metric.name}"
        yield f"# HELP {name} {metric.help}\n# TYPE {name} {metric.kind}\n"
        for suffix, labels, value in metric.samples:
            inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield f"{name}{suffix}{{{inner}}} {value:.17g}\n" if inner else f"{name}{suffix} {value:.17g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


_FIGURES = """
select (select count(*) from agenda where behind)::int as behind,
  (select count(*) from agenda where due_at is not null and not behind)::int as due,
  (select count(*) from procrastinate_workers where last_heartbeat > clock_timestamp() - interval '10 seconds')::int
    as workers,
  (select coalesce(max(id), 0) from inbox) as events,
  (select count(*) from alert where resolved_at is null)::int as alerts,
  (select count(*) from alert_message where state = 'waiting')::int as messages
"""


def _machine(db: Connection) -> Iterator[Metric]:
    row = db.execute(_FIGURES).fetchone()
    assert row is not None
    yield Metric("info", "gauge", "The version that answers.").add(1, version=__version__)
    yield Metric("workers", "gauge", "Workers with a heartbeat in the last ten seconds.").add(row["workers"])
    yield Metric("flows_behind", "gauge", "Processes that look again as soon as a worker is free.").add(row["behind"])
    yield Metric("flows_due_later", "gauge", "Processes that look again by themselves later.").add(row["due"])
    yield Metric("events_total", "counter", "Events received.").add(row["events"])
    yield Metric("alerts_open", "gauge", "Alerts that are not resolved.").add(row["alerts"])
    yield Metric("alert_messages_waiting", "gauge", "Messages that have not arrived yet.").add(row["messages"])


def _queue(db: Connection) -> Iterator[Metric]:
    found = Metric("exceptions_open", "gauge", "Open exceptions, by kind and owner.")
    oldest = Metric("exception_oldest_seconds", "gauge", "Age of the oldest open exception, by owner.")
    rows = db.execute(
        "select kind, owner, count(*)::int as open, extract(epoch from clock_timestamp() - min(opened_at))::float8"
        " as age from exception_item where closed_at is null group by kind, owner order by kind, owner"
    ).fetchall()
    ages: dict[str, float] = {}
    for row in rows:
        found.add(row["open"], kind=row["kind"], owner=row["owner"])
        ages[row["owner"]] = max(ages.get(row["owner"], 0.0), row["age"])
    for owner, age in sorted(ages.items()):
        oldest.add(age, owner=owner)
    yield from (found, oldest)


def _service(db: Connection, site: Site) -> Iterator[Metric]:
    records = Metric("service_records", "gauge", "Records measured in the last 24 hours, by service tier.")
    late = Metric("service_late", "gauge", "Of these, those that took longer than promised.")
    overdue = Metric("service_overdue", "gauge", "Records not there yet although the promise has passed.")
    promise = Metric("service_promise_seconds", "gauge", "The promise of the tier.")
    took = Metric("service_seconds", "gauge", "From the event to the target's confirmation, by share of the records.")
    for row in read_service(db, site.levels):
        tier = {"tier": row.tier}
        records.add(row.records, **tier)
        late.add(row.late, **tier)
        overdue.add(row.overdue, **tier)
        promise.add(row.within_seconds, **tier)
        took.add(row.p50_seconds, quantile="0.5", **tier).add(row.p95_seconds, quantile="0.95", **tier)
        took.add(row.slowest_seconds, quantile="1", **tier)
    yield from (records, late, overdue, promise, took)


def _systems(db: Connection, site: Site) -> Iterator[Metric]:
    room = Metric("head_room_ratio", "gauge", "Share of the vendor account's limits that is free; the scarcest counts.")
    speed = Metric(
        "speed_ratio", "gauge", "Share of the stated limits the vendor takes now, learned from its refusals."
    )
    lines = Metric("lines_waiting", "gauge", "Priced lines that are not booked yet.")
    writes = Metric("writes_waiting", "gauge", "Writes of documents that go on by themselves.")
    rate = Metric("records_a_minute", "gauge", "Records confirmed a minute, over the last five.")
    for name, row in read_calls(db, site).items():
        room.add(row.head_room.free, connection=name)
        speed.add(row.head_room.speed, connection=name)
        lines.add(row.lines_waiting, connection=name)
        writes.add(row.writes_waiting, connection=name)
        rate.add(row.a_minute, connection=name)
    yield from (room, speed, lines, writes, rate)
    yield from _totals(db.execute("select * from call_total order by connection").fetchall())


def _totals(rows: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    calls = Metric("calls_total", "counter", "Calls to a connection, by how they ended.")
    took = Metric("call_seconds", "histogram", "How long calls to a connection took.")
    for row in rows:
        name = {"connection": row["connection"]}
        calls.add(row["calls"] - row["failed"] - row["throttled"], end="answered", **name)
        calls.add(row["failed"], end="failed", **name).add(row["throttled"], end="throttled", **name)
        upto = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), row["buckets"], strict=True):
            upto += count
            took.add(upto, "_bucket", le=bound, **name)
        took.add(row["seconds"], "_sum", **name).add(row["calls"], "_count", **name)
    yield from (calls, took)
