"""Events pushed over HTTP: signed, verified, stored once and durably; also while the database dies and comes back."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.world import cpu_of, trust_certificate, vendors, write_bench_site
from tieline.demo.processes import tieline_command
from tieline.store.database import connect
from tieline.store.embedded import EmbeddedPostgres

SECRET = "measured-webhook-secret"  # noqa: S105 - of this measurement
SENDERS = 32
REPEATED = 10
"""Every so many-th event is sent a second time."""
RECORDS = 50
"""The events are about so many records, which nobody knows: what is measured is the intake."""


@dataclass
class Sent:
    """What the senders saw."""

    acknowledged: set[str] = field(default_factory=set)
    repeats: int = 0
    refused: int = 0
    took: list[float] = field(default_factory=list)
    """Milliseconds of each acknowledged event."""
    answered: list[tuple[float, float]] = field(default_factory=list)
    """When each of them was sent and acknowledged."""


def measure(folder: Path, seed: int, events: int) -> list[dict[str, Any]]:
    """A row for a quiet database, a row for one that is killed half way."""
    with vendors(seed) as world:
        rows = []
        for number, kill in enumerate((False, True)):
            site = folder / str(number)
            write_bench_site(site, world)
            trust_certificate(site, world)
            settings = site / "site.toml"
            text = settings.read_text("utf-8")
            settings.write_text(text.replace("secrets = { ", 'secrets = { webhook = "file:secrets/webhook", '), "utf-8")
            (site / "secrets/webhook").write_text(SECRET, "utf-8")
            with _serving(site) as (url, process):
                before = cpu_of(process)
                row = _run(site, url, events, kill=kill)
                rows.append(row | {"server_cpu_ms_each": (cpu_of(process) - before) * 1000 / row["answers"]})
        return rows


@contextmanager
def _serving(site: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`tieline serve` with its own database, as on a laptop; its address, and the process with its worker."""
    environment = {name: value for name, value in os.environ.items() if name != "TIELINE_DATABASE_URL"}
    command = tieline_command("serve", "--site", str(site), "--port", "0", "--json")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["ready"], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(45)
        EmbeddedPostgres(site / ".state").stop()


def _run(site: Path, url: str, events: int, *, kill: bool) -> dict[str, Any]:
    server = EmbeddedPostgres(site / ".state")
    sent = Sent()
    begun = time.perf_counter()
    killed_at = asyncio.run(_send(url, events, sent, server if kill else None))
    seconds = time.perf_counter() - begun
    with connect(server.start()) as db:
        rows = db.execute("select vendor_event_id as id from inbox where connection = 'kantata'").fetchall()
    stored = [row["id"].rsplit(":", 1)[1] for row in rows]
    took = sorted(sent.took)
    row = {
        "what": "the database is killed half way" if kill else "signed events over HTTP",
        "events": events,
        "answers": len(took),
        "seconds": seconds,
        "acknowledged": len(sent.acknowledged),
        "per_second": len(took) / seconds,
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[int(len(took) * 0.99)],
        "repeats": sent.repeats,
        "answered_503": sent.refused,
        "acknowledged_and_lost": len(sent.acknowledged - set(stored)),
        "stored_twice": len(stored) - len(set(stored)),
    }
    if killed_at is not None:
        row["back_after_s"] = min(at for begun, at in sent.answered if begun > killed_at) - killed_at
    return row


async def _send(url: str, events: int, sent: Sent, victim: EmbeddedPostgres | None) -> float | None:
    """All events, and then again those that were refused; returns when the database was killed."""
    todo = list(range(events))
    todo += todo[::REPEATED]
    todo.reverse()
    killed_at: list[float] = []

    async def killer() -> None:
        while len(sent.acknowledged) < events // 2:
            await asyncio.sleep(0.01)
        assert victim is not None
        os.kill(int((victim.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        killed_at.append(time.perf_counter())
        await asyncio.to_thread(victim.start)  # as a service manager does

    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(_sender(url, todo, sent))
        if victim is not None:
            group.create_task(killer())
    return killed_at[0] if killed_at else None


async def _sender(url: str, todo: list[int], sent: Sent) -> None:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    while todo:
        number = todo.pop()
        event = f"evt_{number}"
        begun = time.perf_counter()
        writer.write(_request(host, event, number))
        status = await _status(reader)
        now = time.perf_counter()
        if status in (200, 202):
            sent.took.append((now - begun) * 1000)
            sent.answered.append((begun, now))
            sent.repeats += event in sent.acknowledged
            sent.acknowledged.add(event)
        else:
            sent.refused += status == 503
            todo.insert(0, number)
            await asyncio.sleep(0.05)
    writer.close()


def _request(host: str, event: str, number: int) -> bytes:
    body = json.dumps({"record": "project", "id": f"9{number % RECORDS:05}", "version": number}).encode()
    stamp = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"{event}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers: Mapping[str, str] = {
        "host": host,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "webhook-id": event,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /hooks/kantata HTTP/1.1\r\n{lines}\r\n".encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of an answer whose body is read and dropped."""
    status, length = int((await reader.readline()).split()[1]), 0
    while (header := await reader.readline()) not in (b"\r\n", b""):
        if header.lower().startswith(b"content-length:"):
            length = int(header[15:])
    await reader.readexactly(length)
    return status
