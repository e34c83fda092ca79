"""What every test may use: an empty or a migrated database of its own; and the list of what this machine skipped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import hypothesis
import psycopg
import pytest
import structlog
from psycopg import sql

from tests.effort import examples, tortured
from tieline.engine.schema import migrate_database
from tieline.store.embedded import DatabaseUnavailable, EmbeddedPostgres
from tieline.store.embedded_process import held

# One server for all worker processes of a run. The folder is named by the process that leads the run.
FOLDER = "TIELINE_TESTS_FOLDER"
PREFIX = "tieline-tests-"
# A test's database need not survive a power failure.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Databases come and go all the time, and on a disk the file system's search for free inodes took half of the CPU.
MEMORY, ENOUGH = Path("/dev/shm"), 4 * 2**30  # bytes
# Every worker of the run has firms of its own, with up to thirty sessions each.
MANY = {"max_connections": "250"}

# Tests that mostly wait come first, beside those that compute. Those that need Tryton come late, while it is built, and
# not last: many short ones behind them keep all workers busy to the end.
SHORT = ("tests/api/", "tests/cli/", "tests/console/", "tests/lane/", "tests/mapping/", "tests/standins")
WAITING = ("tests/e2e/", "tests/bench/", "tests/docs/test_tour.py")
BUILD = str(Path(__file__).resolve().parents[1] / "tools" / "tryton" / "build.py")
BUILDING = pytest.StashKey["subprocess.Popen[bytes]"]()


def plain_logs() -> None:
    """Log as usual, but tell a traceback without the values of every frame, which takes seconds."""
    structlog.reset_defaults()
    *usual, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*usual, plain])


hypothesis.settings.register_profile(
    "tieline",
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # it is the machine that is slow
)
hypothesis.settings.load_profile("tieline")


def pytest_configure(config: pytest.Config) -> None:
    plain_logs()
    os.environ.pop("TIELINE_DATABASE_URL", None)  # tests never touch a database that somebody uses
    if not _is_worker(config):
        _work_in_memory()
        _sweep_dead_runs()
        os.environ[FOLDER] = str(Path(tempfile.gettempdir()) / f"{PREFIX}{os.getpid()}")


def pytest_itemcollected(item: pytest.Item) -> None:
    if {"database", "module_database", "empty_database"} & set(getattr(item, "fixturenames", ())):
        item.add_marker("database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not tortured() and "torture" not in config.option.markexpr:
        _leave_torture_out(config, items)
    items.sort(key=_turn)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to build Tryton's environment at once, so that it stands when its tests come, which is last."""
    first = getattr(session.config, "workerinput", {"workerid": "gw0"})["workerid"] == "gw0"
    needed = any(item.get_closest_marker("tryton") for item in session.items)
    if first and needed and not session.config.option.collectonly:
        nowhere = subprocess.DEVNULL
        session.config.stash[BUILDING] = subprocess.Popen(
            [sys.executable, BUILD, "DE"], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    building = session.config.stash.get(BUILDING, None)
    if building is not None and building.poll() is None:
        os.killpg(building.pid, signal.SIGTERM)
        building.wait(20)
    if _is_worker(session.config):
        return
    _remove_run(Path(os.environ[FOLDER]))
    skipped = _skipped(session.config)
    if skipped and os.environ.get("TIELINE_FAIL_ON_SKIP") == "1" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in _told(terminalreporter):
        terminalreporter.line(line)
    reasons: dict[str, int] = {}
    for reason in _skipped(config):
        reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        terminalreporter.section(f"{sum(reasons.values())} skipped on this machine, and what would enable them")
        for reason, count in sorted(reasons.items()):
            terminalreporter.line(f"{count:4d}  {reason}")


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of a database of this test alone, with nothing in it."""
    with _new_database("template0") as url:
        yield url


@pytest.fixture
def database(_migrated_template: str) -> Iterator[str]:
    """The address of a database of this test alone, with all migrations applied."""
    with _new_database(_migrated_template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(_migrated_template: str) -> Iterator[str]:
    """The address of a migrated database that the tests of one module share."""
    with _new_database(_migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
def _migrated_template() -> str:
    name = "migrated"
    url = _address()
    with held(_server().folder / "template.lock", 120), psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [name]).rowcount == 0:
            connection.execute("drop database if exists migrating")
            connection.execute("create database migrating template template0")
            migrate_database(_url_of(url, "migrating"))
            connection.execute(sql.SQL("alter database migrating rename to {}").format(sql.Identifier(name)))
    return name


@contextmanager
def _new_database(template: str) -> Iterator[str]:
    url = _address()
    name = f"test_{uuid.uuid4().hex}"
    # Copying files takes half the time of the default here, which writes every page of the template to the log.
    create = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    drop = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(create)
        try:
            yield _url_of(url, name)
        finally:
            connection.execute(drop)


@cache
def _address() -> str:
    """Of the run's server, which is started by whoever asks first."""
    return _server().start()


def _server() -> EmbeddedPostgres:
    return EmbeddedPostgres(Path(os.environ[FOLDER]), FAST | MANY)


def _url_of(url: str, database: str) -> str:
    return url.replace("@/tieline?", f"@/{database}?")


def _told(reporter: pytest.TerminalReporter) -> list[str]:
    """What tests recorded with `record_property("told", line)`: figures and tables somebody wants to read."""
    reports = [one for ended in ("passed", "failed") for one in reporter.stats.get(ended, [])]
    return sorted(str(line) for one in reports for name, line in one.user_properties if name == "told")


def _leave_torture_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselected, not skipped: no machine lacks anything for them, they are of another run."""
    torture = [item for item in items if item.get_closest_marker("torture")]
    if torture:
        config.hook.pytest_deselected(items=torture)
        items[:] = [item for item in items if not item.get_closest_marker("torture")]


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("tryton"):
        return 2 if item.nodeid.startswith(WAITING) else 3
    if item.nodeid.startswith(SHORT):
        return 4
    return 0 if item.nodeid.startswith(WAITING) else 1


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _skipped(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    return [_reason(report) for report in reports]


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def _work_in_memory() -> None:
    """Let temporary files of all processes of the run lie in memory, where there is enough and programs may run."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return
    about = os.statvfs(MEMORY)
    if about.f_bavail * about.f_frsize >= ENOUGH and not about.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _sweep_dead_runs() -> None:
    """Stop the servers of runs that were killed before they could do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = folder.name.removeprefix(PREFIX)
        if process.isdigit() and folder.stat().st_uid == os.geteuid() and not _is_alive(int(process)):
            _remove_run(folder)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_run(folder: Path) -> None:
    try:
        EmbeddedPostgres(folder).stop()
    except DatabaseUnavailable as error:
        print(f"A test server was left behind in {folder}: {error}")  # noqa: T201 - there is no test to report it
        return
    shutil.rmtree(folder, ignore_errors=True)
