"""The database of a laptop or a demo: a PostgreSQL of our own, used unless TIELINE_DATABASE_URL names another."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from tieline.store.embedded_binaries import Binaries, find_binaries
from tieline.store.embedded_process import (
    DatabaseUnavailable,
    ServerUser,
    disown_reused_pid,
    held,
    live_postmaster,
)

__all__ = ["DatabaseUnavailable", "EmbeddedPostgres", "ServerStatus", "database_url"]

NAME = "tieline"  # of the database and of its owner
RECOVERY_SECONDS = 300  # how long a start may take: after a crash PostgreSQL replays its log first
DYING_SECONDS = 30  # how long a killed server may need to let go of its data directory
STOP_SECONDS = 60
LOG_BYTES = 5_000_000

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "dynamic_shared_memory_type": "mmap",  # /dev/shm may be small or missing in a container
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and details quote business records; they do not belong into a log file.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class ServerStatus:
    """What `tieline db status` shows. `process` is None when the server does not run."""

    running: bool
    process: int | None
    major: int | None
    data: Path
    url: str


def database_url(state_dir: Path) -> str:
    """The address of the database: TIELINE_DATABASE_URL, else that of the embedded server, which is started if need be.

    Raises DatabaseUnavailable.
    """
    named = os.environ.get("TIELINE_DATABASE_URL", "").strip()
    return named or EmbeddedPostgres(state_dir).start()


class EmbeddedPostgres:
    """A PostgreSQL with its data in `state_dir/postgres`, on a Unix socket only; any number of processes share it."""

    def __init__(self, state_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are PostgreSQL's own, for the next start, e.g. {"fsync": "off"} for tests."""
        self.folder = state_dir.resolve() / "postgres"
        self.data = self.folder / "data"
        self.log = self.data / "server.log"
        self.settings = {**SETTINGS, **(settings or {})}

    def start(self) -> str:
        """Start the server unless it runs, and return its address. Raises DatabaseUnavailable."""
        with self._explained(), self._alone():
            user = ServerUser.choose(self.data)
            if not self._accepts(user):
                binaries = find_binaries(self._major(), user)
                self._create_data(user, binaries)
                self._launch(user, binaries)
            self._create_database(user)
            return self._url(user, NAME)

    def stop(self) -> bool:
        """Stop the server, breaking off what is open in it; False when it did not run. Raises DatabaseUnavailable."""
        if not self.data.exists():
            return False
        with self._explained(), self._alone():
            return self._stop()

    def status(self) -> ServerStatus:
        """Whether the server answers; starts nothing. Raises DatabaseUnavailable."""
        with self._explained():
            user = ServerUser.choose(self.data)
            running = self._accepts(user)
            process = live_postmaster(self.data) if running else None
            return ServerStatus(running, process, self._major(), self.data, self._url(user, NAME))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, subprocess.SubprocessError, psycopg.Error) as error:
            raise DatabaseUnavailable(f"The database in {self.folder} cannot be used: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with held(self.folder / "start.lock", RECOVERY_SECONDS):
            yield

    def _stop(self) -> bool:
        process = live_postmaster(self.data)
        if process is None:
            return False
        os.kill(process, signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + STOP_SECONDS
        while live_postmaster(self.data) is not None:
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"The database server (process {process}) did not stop in {STOP_SECONDS} s")
            time.sleep(0.02)
        with suppress(OSError):  # the socket's folder is empty now; if not, the next start looks at it
            self._socket_folder(ServerUser.choose(self.data)).rmdir()
        return True

    def _major(self) -> int | None:
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            raise DatabaseUnavailable(
                f"{self.data / 'PG_VERSION'} is damaged: restore {self.data} from a backup"
            ) from None

    def _socket_folder(self, user: ServerUser) -> Path:
        # Short, because a socket's path is limited to about 107 characters; PostgreSQL touches the socket's lock file
        # every hour, so that cleaners of /tmp leave it alone.
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return Path("/tmp") / f"tieline-{user.uid}-{digest}"  # noqa: S108 - owner and mode are checked before use

    def _url(self, user: ServerUser, database: str) -> str:
        return f"postgresql://{NAME}@/{database}?host={quote(str(self._socket_folder(user)), safe='')}"

    def _accepts(self, user: ServerUser) -> bool:
        try:
            with psycopg.connect(self._url(user, "postgres"), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _create_data(self, user: ServerUser, binaries: Binaries) -> None:
        """Make the data directory aside and move it into place, so that a broken-off attempt leaves no half of one."""
        if self._major() is not None:
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        user.make_folder(fresh)
        options = ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", *_locale(binaries.major)]
        durable = [] if self.settings.get("fsync") != "off" else ["--no-sync"]
        with user.entrance(fresh) as (inside, descriptors):
            command: list[str | Path] = [
                binaries.folder / "initdb",
                "--pgdata",
                inside,
                "--username",
                NAME,
                *options,
                *durable,
            ]
            done = user.run(command, RECOVERY_SECONDS, descriptors)
        if done.returncode != 0:
            raise DatabaseUnavailable(f"A new database cannot be made in {self.folder}: {done.stderr.strip()[-600:]}")
        fresh.rename(self.data)

    def _create_database(self, user: ServerUser) -> None:
        with psycopg.connect(self._url(user, "postgres"), autocommit=True) as connection:
            if connection.execute("select from pg_database where datname = %s", [NAME]).rowcount == 0:
                connection.execute("create database tieline")

    def _launch(self, user: ServerUser, binaries: Binaries) -> None:
        """Start the server; while the children of a killed one still hold the data directory, try again."""
        self._stop()  # one that runs but does not answer: its socket was deleted
        socket_folder = self._prepare_socket_folder(user)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        deadline = time.monotonic() + DYING_SECONDS
        while not self._started(user, binaries, socket_folder):
            if not (self.data / "postmaster.pid").exists() or time.monotonic() > deadline:
                with suppress(OSError):
                    socket_folder.rmdir()
                raise DatabaseUnavailable(
                    f"PostgreSQL does not start in {self.data}. Its log ends:\n{self._log_tail()}"
                )
            time.sleep(0.1)

    def _started(self, user: ServerUser, binaries: Binaries, socket_folder: Path) -> bool:
        disown_reused_pid(self.data)
        (socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        settings = {**self.settings, "unix_socket_directories": str(socket_folder)}
        options = shlex.join(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        with user.entrance(self.data) as (inside, descriptors):
            command: list[str | Path] = [
                binaries.folder / "pg_ctl",
                "start",
                "--wait",
                "--timeout",
                str(RECOVERY_SECONDS),
            ]
            where = ["--pgdata", inside, "--log", f"{inside}/{self.log.name}", "--options", options]
            return user.run([*command, *where], RECOVERY_SECONDS + 10, descriptors).returncode == 0

    def _prepare_socket_folder(self, user: ServerUser) -> Path:
        """Make the socket's folder; refuse one that somebody else has put there."""
        folder = self._socket_folder(user)
        if not folder.exists():
            user.make_folder(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or found.st_mode & 0o077:
            raise DatabaseUnavailable(f"{folder} must be a folder of the user {user.name} with mode 0700: remove it")
        return folder

    def _log_tail(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError as error:
            return f"({error})"
        return "\n".join(lines[-12:])


def _locale(major: int) -> list[str]:
    """Code-point order and Unicode letters on every machine; before 17 only Linux's C library has that locale."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]
