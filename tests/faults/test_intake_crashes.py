"""kill -9 while an event is stored: what was acknowledged is there, what was not comes again and counts once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.api.test_webhooks import EVENT, push
from tests.faults.test_database_restarts import rows

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("point", "stored"), [("webhook.storing", 0), ("webhook.stored", 1)])
def test_killed_over_an_event_nothing_acknowledged_is_missing_and_its_repeat_counts_once(
    database: str, tmp_path: Path, point: str, stored: int
) -> None:
    with listening(database, tmp_path / "first", f"{point}:1:kill") as (client, process):
        with pytest.raises(httpx2.TransportError):
            push(client, EVENT)
        assert process.wait(60) < 0
    assert rows(database, "select count(*)::text from inbox") == [(str(stored),)]
    with listening(database, tmp_path / "second") as (client, _):
        answer = push(client, EVENT)
        assert (answer.status_code, answer.json()["new"]) == (200 if stored else 202, not stored)
    assert rows(database, "select vendor_event_id from inbox") == [("opportunity:0068d00000abc:hook:msg_1",)]
    assert rows(database, "select wanted::text from agenda") == [("1",)]
    assert rows(database, "select status::text from procrastinate_jobs") == [("todo",)]


@contextmanager
def listening(conninfo: str, folder: Path, *faults: str) -> Iterator[tuple[httpx2.Client, "subprocess.Popen[bytes]"]]:
    """A client of an API that runs in a process of its own."""
    command = [sys.executable, "-m", "tests.faults.hook_process", conninfo, str(folder), *faults]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with httpx2.Client(base_url=process.stdout.readline().decode().strip(), timeout=30) as client:
            yield client, process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
