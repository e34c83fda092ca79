"""The operating system's side of the embedded PostgreSQL: which user runs it, and whether its process is alive."""

from __future__ import annotations

import fcntl
import os
import pwd
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Linux can name an open folder and a process's working directory; macOS cannot.
HAS_PROC = Path("/proc/self/fd").is_dir()
# Larger than any process id on Linux (2**22) and macOS, so no process ever has it.
NO_PROCESS = 2**30


class DatabaseUnavailable(Exception):
    """The database cannot be used; the message is one sentence for the person who must mend it."""


@dataclass(frozen=True)
class ServerUser:
    """The user the server runs as: ourselves, or an unprivileged one for root, as PostgreSQL refuses root."""

    uid: int
    gid: int
    name: str
    switch: bool

    @classmethod
    def choose(cls, data: Path) -> ServerUser:
        """The owner of an existing data directory; else ourselves, or `postgres` or `nobody` when we are root."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), "who runs Tieline", switch=False)
        entry = pwd.getpwuid(data.stat().st_uid) if data.exists() else _unprivileged()
        if entry.pw_uid == 0:
            raise DatabaseUnavailable(f"{data} belongs to root, whom PostgreSQL refuses: give it to another user")
        return cls(entry.pw_uid, entry.pw_gid, entry.pw_name, switch=True)

    def run(
        self, command: Sequence[str | Path], seconds: float = 60, open_folders: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a PostgreSQL program as this user, without our caller's PG... variables and with English messages."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.run(
            [str(part) for part in command],
            cwd="/",
            pass_fds=open_folders,
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    @contextmanager
    def entrance(self, folder: Path) -> Iterator[tuple[str, Sequence[int]]]:
        """The name under which this user's programs reach `folder`, and the descriptors to hand to `run` for it.

        When root starts the server as another user, that user may be unable to pass the folders above (a clone below
        root's 0700 home). Through a descriptor opened by root it enters the folder itself, whose owner it is.
        """
        if not self.switch or not HAS_PROC:
            yield str(folder), ()
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)

    def make_folder(self, folder: Path) -> None:
        """A new folder that only this user (and root) may enter."""
        folder.mkdir(mode=0o700)
        if self.switch:
            os.chown(folder, self.uid, self.gid)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root and this machine has neither a user 'postgres' nor 'nobody': "
        "run Tieline as an ordinary user, or set TIELINE_DATABASE_URL"
    )


@contextmanager
def held(lock: Path, seconds: float) -> Iterator[None]:
    """Hold a lock file; of several processes that start or stop the server at once, one acts at a time."""
    deadline = time.monotonic() + seconds
    with lock.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(
                        f"Another process has been starting or stopping the database for {seconds:.0f} seconds ({lock})"
                    ) from None
                time.sleep(0.05)
        yield


def live_postmaster(data: Path) -> int | None:
    """The process id of the server of this data directory, or None when it is dead.

    A process id alone proves nothing: after a crash or a restart of the machine it may be another program's, and a
    killed server stays a zombie for a while.
    """
    process = read_postmaster_pid(data)
    if process is None or process <= 1:
        return None
    if HAS_PROC:
        try:
            return process if Path(f"/proc/{process}/cwd").samefile(data) else None
        except OSError:
            return None
    shown = subprocess.run(["ps", "-o", "comm=", "-p", str(process)], capture_output=True, text=True, check=False)
    return process if Path(shown.stdout.strip()).name == "postgres" else None


def read_postmaster_pid(data: Path) -> int | None:
    """The process id that the lock file of the data directory names, whether that process lives or not."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def disown_reused_pid(data: Path) -> None:
    """Take a dead server's process id out of its lock file when another program has that id by now.

    PostgreSQL would refuse to start as long as that program lives. The file itself must stay: it names the shared
    memory by which PostgreSQL recognises surviving children of the dead server.
    """
    process = read_postmaster_pid(data)
    if process is None or live_postmaster(data) is not None:
        return
    lock = data / "postmaster.pid"
    content = lock.read_text().split("\n", 1)
    handle = os.open(lock, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join([str(NO_PROCESS), *content[1:]]))
