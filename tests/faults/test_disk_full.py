"""PostgreSQL's disk is full: nothing is acknowledged, reading goes on, and with space again work goes on by itself."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.api.serving import client_of, desk_on
from tests.api.test_webhooks import EVENT, push
from tests.faults.server import Server, server
from tieline import api
from tieline.store.database import Database

MEGABYTES = 260

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a small disk of its own needs root (mount -t tmpfs)"
    ),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tieline-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.timeout(300)
def test_with_a_full_disk_nothing_is_acknowledged_and_all_goes_on_afterwards(small_disk: Path, tmp_path: Path) -> None:
    with server(small_disk) as postgres:
        database = Database(postgres.url)
        with client_of(api.build(desk_on(database, tmp_path / "site"))) as client:
            assert push(client, EVENT, event_id="msg_0").status_code == 202
            ballast = small_disk / "ballast"
            acknowledged = until_refused(client, ballast)
            assert client.get("/api/engagements").status_code == 200, "reading goes on"
            ballast.unlink()
            assert push(client, EVENT, event_id="msg_after").status_code == 202
        database.close()
        stored = ids(postgres)
    assert stored == {"msg_0", "msg_after", *acknowledged}, "no half batch, and nothing acknowledged is missing"


def until_refused(client: httpx2.Client, ballast: Path) -> set[str]:
    """Fill the disk and push until it is told to come later; what was acknowledged before."""
    acknowledged = set[str]()
    with ballast.open("wb") as file:
        for number in range(1, 2000):
            try:
                file.write(b"\0" * 1_000_000)
                file.flush()
            except OSError:
                pass
            body = {**EVENT, "id": f"o{number}-{'x' * 180}"}
            answer = push(client, body, event_id=f"msg_{number}")
            if answer.status_code == 503:
                assert "retry-after" in answer.headers
                return acknowledged
            assert answer.status_code == 202, answer.text
            acknowledged.add(f"msg_{number}")
    raise AssertionError("the disk is never full")


def ids(postgres: Server) -> set[str]:
    with psycopg.connect(postgres.url) as db:
        return {row[0].rpartition(":")[2] for row in db.execute("select vendor_event_id from inbox").fetchall()}
