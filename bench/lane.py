"""The bulk lane: approved time entries of Kantata become cost records in NetSuite, and what that costs."""

import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from bench.flows import LAST, rest
from bench.recording import Bare, Call, recording
from bench.world import Postgres, Vendors, customers, tokens, trust_certificate, vendors, win_deals, write_bench_site
from tieline.app.assembly import assemble
from tieline.app.intake import Intake
from tieline.app.site import load_site
from tieline.app.worker import start
from tieline.engine.wake import wake_many
from tieline.sdk.feed import Changed
from tieline.store.database import connect

PROJECTS = 10
TIME_SECONDS = 300.0
WITHOUT_ITEM = "grace.lee@haldenmarsh.example"
"""Her role has no service item in NetSuite; her time would wait for a person."""
SETTLE_SECONDS = 3.0
"""Kantata's moments have whole seconds: a second must be over before its changes are read."""


def measure(postgres: Postgres, folder: Path, seed: int, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """One row for each size, then the bare calls of the first one."""
    rows = [_run(postgres, folder / str(size), seed, size) for size in sizes]
    bare = _bare(postgres, folder / "bare", seed, sizes[0])
    for row in rows:
        row["share_of_bare"] = row["lines_per_second"] / bare["lines_per_second"]
    return [*rows, bare]


@dataclass(frozen=True)
class Prepared:
    """A site whose Kantata holds approved entries of linked projects."""

    world: Vendors
    site: Path
    conninfo: str


def _prepare(stack: ExitStack, postgres: Postgres, folder: Path, seed: int, size: int) -> Prepared:
    world = stack.enter_context(vendors(seed))
    write_bench_site(folder, world, time_seconds=TIME_SECONDS)
    trust_certificate(folder, world)
    conninfo = postgres.fresh_database("bench_lane")
    _open_engagements(folder, conninfo, world)
    with connect(conninfo) as db:
        rows = db.execute(
            "select p.external_id as project, min(w.external_id) as task from cross_reference p"
            " join project r on r.id = p.subject join effect e on e.engagement = r.engagement_id"
            " and e.connection = 'kantata' and e.target = 'wbs_element' join cross_reference w"
            " on w.connection = e.connection and w.target = e.target and w.subject = e.subject"
            " where p.connection = 'kantata' and p.target = 'project' group by 1 order by 1"
        ).fetchall()
    people = [int(user["id"]) for user in customers(world).list("users") if user["email_address"] != WITHOUT_ITEM]
    for row in rows:
        body = {
            "time_entries": size // len(rows),
            "workspace_id": int(row["project"]),
            "story_id": int(row["task"]),
            "people": people,
        }
        world.control("kantata", "POST", "kantata/seed", body)
    time.sleep(SETTLE_SECONDS)
    return Prepared(world, folder, conninfo)


def _open_engagements(folder: Path, conninfo: str, world: Vendors) -> None:
    """The projects of these deals, made by the flows, so that projects and people are linked as in real life."""
    with ExitStack() as stack:
        seen = stack.enter_context(recording(lambda call: None))
        tieline = assemble(load_site(folder), conninfo, threads=4)
        stack.callback(tieline.close)
        stopped = threading.Event()
        worker = start(tieline, stopped, threads=4)
        stack.callback(worker.join, 40)
        stack.callback(stopped.set)
        rest(tieline, feeds=3)
        intake = Intake(tieline)
        for deal in win_deals(world, PROJECTS):
            with tieline.database.transaction() as db:
                wake_many(db, intake.concerns(db, "salesforce", [Changed("opportunity", deal, 1)]), "event")
        seen.wait_for(LAST, PROJECTS)
        rest(tieline)
    with connect(conninfo) as db:  # the measured pull begins where the feed begins
        db.execute("delete from feed_cursor where stream = 'kantata:time'")
        db.execute("delete from procrastinate_jobs")
        db.execute("analyze")  # what autovacuum does within a minute; without it plans are those of empty tables


def _run(postgres: Postgres, folder: Path, seed: int, size: int) -> dict[str, Any]:
    with ExitStack() as stack:
        prepared = _prepare(stack, postgres, folder, seed, size)
        vendor_cpu, database_cpu = prepared.world.cpu_seconds(), postgres.cpu_seconds()
        idle = psutil.cpu_times().idle
        result = _client(prepared, size)
        idle = psutil.cpu_times().idle - idle
        time.sleep(0.5)  # until the server has counted the sessions that have ended
        after = prepared.world.cpu_seconds()
        used = {name: after[name] - vendor_cpu[name] for name in after}
        seconds = result["seconds"]
        row = {
            "what": "Tieline",
            "entries": size,
            "seconds": seconds,
            "lines_per_second": size / seconds,
            "pulled_per_second": size / result["pulling"] if result["pulling"] else None,
            "cpu_client_s": result["cpu"],
            "cpu_postgresql_s": postgres.cpu_seconds() - database_cpu,
            "cpu_kantata_s": used["kantata"],
            "cpu_netsuite_s": used["netsuite"],
            "cpu_idle_share": idle / (seconds * (psutil.cpu_count() or 1)),
            "peak_memory_mb": result["peak_mb"],
            "batches": result["batches"],
            "posted": result["posted"],
            "with_lineage": result["traced"],
            "in_exception": result["waiting"],
        }
        if result["posted"] != size or result["traced"] != size:
            raise RuntimeError(f"{size} entries were approved, but: {row}")
        return row


def _client(prepared: Prepared, size: int, record_to: str = "") -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.lane_client", str(prepared.site), prepared.conninfo, str(size), record_to]
    done = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _bare(postgres: Postgres, folder: Path, seed: int, size: int) -> dict[str, Any]:
    """The calls of a run, recorded, then made again to the same stand-ins under other keys and references."""
    with ExitStack() as stack:
        prepared = _prepare(stack, postgres, folder, seed, size)
        record = folder / "calls.pickle"
        _client(prepared, size, str(record))
        calls = [call for call in _calls(record) if call.vendor != "salesforce"]
        bare = Bare(prepared.world.urls, tokens(folder, prepared.world))
        stack.callback(bare.close)
        vendor_cpu = prepared.world.cpu_seconds()
        me = psutil.Process()
        before, begun = sum(me.cpu_times()[:2]), time.perf_counter()
        other = _again(bare, calls)
        seconds = time.perf_counter() - begun
        after = prepared.world.cpu_seconds()
        return {
            "what": "bare calls",
            "entries": size,
            "calls": len(calls),
            "seconds": seconds,
            "lines_per_second": size / seconds,
            "cpu_client_s": sum(me.cpu_times()[:2]) - before,
            "cpu_kantata_s": after["kantata"] - vendor_cpu["kantata"],
            "cpu_netsuite_s": after["netsuite"] - vendor_cpu["netsuite"],
            "answers_that_differ": other,
        }


def _again(bare: Bare, calls: Sequence[Call]) -> int:
    """Pages are read again; batches are sent under new keys as new lines, and their own jobs are asked for."""
    jobs: dict[str, str] = {}
    sent: list[str] = []
    other = 0
    for call in calls:
        body = call.body.replace(b'"kantata:time:', b'"kantata:bare:')
        target = call.target
        if "/async/" in target:
            job = target.split("/job/")[1].split("/")[0]
            target = target.replace(f"/job/{job}", f"/job/{jobs.setdefault(job, sent[len(jobs)])}")
        headers = dict(call.headers)
        if "x-netsuite-idempotency-key" in headers:
            headers["x-netsuite-idempotency-key"] = str(uuid4())
        again = Call(call.vendor, call.flow, call.method, target, headers, body, call.status)
        answer = bare.send(again)
        if "x-netsuite-idempotency-key" in headers:
            sent.append(answer.headers["location"].rsplit("/", 1)[1])
        other += answer.status_code != call.status
    return other


def _calls(record: Path) -> Iterator[Call]:
    with record.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)  # noqa: S301 - written a moment ago by our own child
            except EOFError:
                return
