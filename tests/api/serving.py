"""A surface on a real socket of this machine, and a client that speaks to it as a program would."""

import atexit
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import httpx2
import uvicorn
from starlette.types import ASGIApp

from tests.console.world import CONNECTIONS, cards
from tieline.app.assembly import FLOWS
from tieline.app.desk import Desk
from tieline.app.example import Example, write_example
from tieline.app.replay import Replays
from tieline.app.site import load_site
from tieline.engine.controls import Controls
from tieline.engine.flow import FlowEngine
from tieline.engine.intake import Concerns, Instance
from tieline.engine.run import Run
from tieline.sdk.feed import Changed
from tieline.store.database import Connection, Database

WEBHOOK_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def opportunities(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
    """What events concern, as far as these tests look."""
    return [("opportunity_to_contract", one.external_id, one.external_id) for one in changed]


@lru_cache
def _example() -> Path:
    """The example site, written once: its keys take a while."""
    folder = Path(tempfile.mkdtemp(prefix="tieline-site-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_example(folder / "site", Example())
    return folder / "site"


def all_is_well(run: Run, key: str, systems: object) -> None:
    """A flow that finds everything as it should be."""


def desk_on(database: Database, folder: Path, concerns: Concerns = opportunities) -> Desk:
    """A desk of the example site; Salesforce signs its events."""
    shutil.copytree(_example(), folder)
    text = (folder / "site.toml").read_text("utf-8")
    text = text.replace(
        'client_id = "file:secrets/salesforce-client-id"',
        'webhook = "file:secrets/webhook", client_id = "file:secrets/salesforce-client-id"',
    )
    (folder / "site.toml").write_text(text, "utf-8")
    (folder / "secrets" / "webhook").write_text(WEBHOOK_SECRET, "utf-8")
    site = load_site(folder)
    assert {settings.name for settings in site.connections} == set(CONNECTIONS)
    flows = ("opportunity_to_contract", "contract_to_project")
    engine = FlowEngine(
        database=database,
        flows=dict.fromkeys(FLOWS, all_is_well),
        systems=lambda db: None,
        controls=Controls(),
        site_uid="test",
        app_version="test",
    )
    replays = Replays(database=database, engine=engine, connected={})
    return Desk(site=site, database=database, cards=cards(), flows=flows, concerns=concerns, replays=replays)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of the app while it runs."""
    config = uvicorn.Config(app, port=0, log_level="error", server_header=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    started = threading.Event()
    while not server.started:
        assert thread.is_alive()
        started.wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def client_of(app: ASGIApp) -> Iterator[httpx2.Client]:
    """A client of the app; redirects are told, not followed."""
    with served(app) as url, httpx2.Client(base_url=url, timeout=30) as client:
        yield client
