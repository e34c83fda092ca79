"""Builds a real Tryton server environment and a prepared database, once, into a cache (standard library only)."""

import argparse
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOCK = HERE / "requirements.lock"
SETUP = HERE / "setup_company.py"
FIRM = ROOT / "src" / "tieline_standins" / "firm.toml"
CACHE = ROOT / ".cache" / "tryton"
PASSWORD = "Halden-Marsh-8.2"  # noqa: S105 - of a throw-away server on loopback; Tryton refuses weaker ones
TAX_PERCENT = {"US": "10", "UK": "20", "DE": "19"}
MODULES = [
    "account_invoice",
    "account_payment",
    "account_statement",
    "analytic_invoice",
    "company_work_time",
    "project_invoice",
    "project_plan",
    "project_revenue",
    "sale",
    "sale_opportunity",
    "sale_project_task",
    "sale_subscription",
    "timesheet_cost",
]
STEP_SECONDS = 900
EXIT_NOT_INSTALLED = 3
"""Exit code when Tryton's packages cannot be had: no bug of ours, so tests are skipped."""


class BuildFailed(Exception):
    """A step failed; the message holds the step and the end of its output."""


class NotInstalled(BuildFailed):
    """Tryton's packages could not be had on this machine."""


@dataclass(frozen=True)
class Company:
    """The company a database is prepared for; tax in percent."""

    name: str
    currency: str
    tax: str

    @staticmethod
    def of_entity(code: str) -> "Company":
        """The company of a legal entity of the fictional firm."""
        for entity in tomllib.loads(FIRM.read_text(encoding="utf-8"))["entities"]:
            if entity["code"] == code:
                return Company(entity["name"], entity["currency"], TAX_PERCENT[code])
        raise BuildFailed(f"The firm has no legal entity '{code}'; see {FIRM.name}")


def say(text: str) -> None:
    """One line of progress."""
    print(f"tryton: {text}", file=sys.stderr, flush=True)


def environment(cache: Path = CACHE) -> Path:
    """The python of Tryton's own environment, installed when this lock file was not installed before."""
    digest = _digest(LOCK.read_bytes(), sys.version.split()[0].encode())
    home = cache / f"venv-{digest}"
    complete = home / "complete"
    with _only_one(cache / f"venv-{digest}.lock"):
        if not complete.exists():
            say("installing Tryton 8.2 into an environment of its own (once, about half a minute)")
            shutil.rmtree(home, ignore_errors=True)
            pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            try:
                _run([sys.executable, "-m", "venv", str(home)])
                _run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCK)])
            except BuildFailed as failed:
                raise NotInstalled(str(failed)) from failed
            complete.touch()
    return home / "bin" / "python"


def database(python: Path, company: Company, cache: Path = CACHE) -> Path:
    """A SQLite file with modules activated and the company set up, built when it is not in the cache."""
    inputs = [path.read_bytes() for path in (LOCK, SETUP, Path(__file__), FIRM)]
    digest = _digest(*inputs, repr(company).encode())
    prepared = cache / f"db-{digest}.sqlite"
    with _only_one(cache / f"db-{digest}.lock"):
        if not prepared.exists():
            say(f"preparing the database of {company.name} (once, about a minute)")
            with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as directory:
                _prepare(python, company, Path(directory))
                _pack(Path(directory) / "tryton.sqlite", Path(directory) / "packed.sqlite")
                (Path(directory) / "packed.sqlite").replace(prepared)
    return prepared


def write_config(directory: Path, listen: str) -> Path:
    """Tryton's configuration for databases in a directory."""
    path = directory / "trytond.conf"
    path.write_text(f"[database]\nuri = sqlite://\npath = {directory}\n[web]\nlisten = {listen}\n", encoding="utf-8")
    return path


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would leak our own Python into Tryton's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "TRYTON"))}
    return {**kept, **extra}


def _prepare(python: Path, company: Company, directory: Path) -> None:
    config = write_config(directory, "127.0.0.1:0")
    (directory / "tryton.sqlite").touch()
    password_file = directory / "password"
    password_file.write_text(PASSWORD, encoding="utf-8")
    env = clean_environment(TRYTONPASSFILE=str(password_file), TRYTOND_CONFIG=str(config))
    admin = [str(python), str(python.with_name("trytond-admin")), "-c", str(config), "-d", "tryton"]
    say("  1 of 3: base tables")
    _run([*admin, "--all", "--email", "admin@haldenmarsh.example"], env)
    say("  2 of 3: modules")
    _run([*admin, "--activate-dependencies", "-u", *MODULES], env)
    say("  3 of 3: company, books, products, people")
    options = ["--database", "tryton", "--config", str(config), "--firm", str(FIRM), "--password", PASSWORD]
    firm_options = ["--company", company.name, "--currency", company.currency, "--tax", company.tax]
    _run([str(python), str(SETUP), *options, *firm_options], env)


def _pack(source: Path, target: Path) -> None:
    """Copies with what may still stand in SQLite's write-ahead log."""
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            env=env or clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=STEP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"'{Path(command[1]).name}' took longer than {STEP_SECONDS} s and was stopped") from None
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise BuildFailed(f"'{' '.join(command[:4])} …' ended with code {done.returncode}:\n{tail}")


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\x1f".join(parts)).hexdigest()[:16]


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Builders of the same thing wait for each other; the lock ends with the process, even a killed one."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Fills the cache for the entities given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entities", nargs="*", default=["DE"], help="legal entities of the firm: DE, US, UK")
    parser.add_argument("--cache", type=Path, default=CACHE)
    chosen = parser.parse_args()
    try:
        python = environment(chosen.cache)
        for entity in chosen.entities:
            print(database(python, Company.of_entity(entity), chosen.cache))
    except BuildFailed as failed:
        return told(failed)
    return 0


def told(failed: BuildFailed) -> int:
    """Says what failed; the exit code."""
    say(str(failed))
    return EXIT_NOT_INSTALLED if isinstance(failed, NotInstalled) else 1


if __name__ == "__main__":
    sys.exit(main())
