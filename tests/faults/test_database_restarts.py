"""PostgreSQL dies and freezes under load: nothing acknowledged is lost, callers are told, work goes on by itself."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.api.serving import WEBHOOK_SECRET
from tests.e2e.deals import Line, shown, win
from tests.e2e.world import World
from tests.effort import turns
from tests.faults.books import books, doubles
from tests.faults.firm import furnish
from tests.faults.load import pushing
from tests.faults.server import server
from tieline.demo.processes import Processes, tieline_command

DEATHS = (1, 5)
"""Of the server: usually, and in torture."""
OK, AWAY = (200, 202), (503,)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("turn", turns(1, 3))
def test_after_its_death_all_that_was_acknowledged_is_there_and_work_goes_on(
    here: World, tmp_path: Path, turn: int
) -> None:
    furnish(here)
    with server(tmp_path / "database") as postgres, served(here, postgres.url, tmp_path) as url:
        deal = win(here, "Deal of many deaths", Line(), Line("Build", "Consultant", 60, 165))
        with pushing(url, deal.id) as load:
            for _ in range(DEATHS[turn > 0]):
                load.until(OK, 10)
                postgres.kill()
                load.until(AWAY, 1)
                postgres.start()
            load.until(OK, 10)
            with postgres.frozen():
                time.sleep(2 if turn == 0 else 20)
            load.until(OK, 10)
        until(lambda: shown(here, deal) is not None, "the deal's project shown in the CRM")
        until(lambda: not rows(postgres.url, "select key from agenda where behind and flow <> 'unlinked'"), "rest")
        stored = {key.rpartition(":")[2] for (key,) in rows(postgres.url, "select vendor_event_id from inbox")}
    print(load.answers)  # noqa: T201 - shown when the test fails
    assert load.unfit == []
    assert set(load.acknowledged) - stored == set()
    assert doubles(books(here)) == {}


@contextmanager
def served(here: World, conninfo: str, folder: Path) -> Iterator[str]:
    """The address of `tieline serve`, a process of its own."""
    site = shutil.copytree(here.site, folder / "site")
    text = (site / "site.toml").read_text("utf-8")
    key = 'client_id = "file:secrets/salesforce-client-id"'
    assert key in text
    (site / "site.toml").write_text(text.replace(key, f'webhook = "file:secrets/webhook", {key}'), "utf-8")
    (site / "secrets/webhook").write_text(WEBHOOK_SECRET, "utf-8")
    processes = Processes(folder / "logs")
    try:
        command = tieline_command("serve", "--site", str(site), "--port", "0", "--json")
        yield processes.start("serve", command, {"TIELINE_DATABASE_URL": conninfo})
        assert processes.alive("serve"), "it ended with its database"
    finally:
        processes.stop()


def rows(conninfo: str, query: str) -> list[tuple[str, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as db:
        return db.execute(query.encode()).fetchall()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)
