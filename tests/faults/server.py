"""A PostgreSQL of a test's own, which keeps what it has committed and may be killed, frozen and started again."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from tieline.engine.schema import migrate_database
from tieline.store.embedded import EmbeddedPostgres
from tieline.store.embedded_process import live_postmaster

# A killed server loses nothing that the machine itself has not lost, so its files need not be flushed to the disk.
SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class Server:
    """One server and its address."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._embedded = EmbeddedPostgres(folder, {**SETTINGS, **settings})
        self.url = self._embedded.start()
        migrate_database(self.url)

    def admit(self, address: str, network: str) -> str:
        """Let everybody of a network in; the URL for them. The server listens on `address` by its settings."""
        with (self._embedded.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute("select pg_reload_conf()")
        return make_conninfo(self.url, host=address, port="5432")

    def kill(self) -> None:
        """kill -9 of the server; its children find themselves alone and end."""
        process = live_postmaster(self._embedded.data)
        assert process is not None
        os.kill(process, signal.SIGKILL)

    def start(self) -> None:
        """Again, as often as it takes for the dead one to let go of its data."""
        assert self._embedded.start() == self.url

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server and all its children stand still."""
        process = psutil.Process(live_postmaster(self._embedded.data))
        family = [process, *process.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.suspend()
        try:
            yield
        finally:
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.resume()

    def end(self) -> None:
        """Stop it."""
        self._embedded.stop()


@contextmanager
def server(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A migrated server for one test."""
    opened = Server(folder, settings or {})
    try:
        yield opened
    finally:
        opened.end()
