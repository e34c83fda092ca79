"""The embedded PostgreSQL starts, is shared, survives kills and refuses what it must not touch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tieline.store.embedded import DatabaseUnavailable, EmbeddedPostgres, database_url

pytestmark = pytest.mark.database

FAST = {"fsync": "off"}
NewServer = Callable[[Path], EmbeddedPostgres]


@pytest.fixture
def new_server() -> Iterator[NewServer]:
    """Makes servers and stops at the end of the test those that still run."""
    made: list[EmbeddedPostgres] = []

    def make(state: Path) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(state, FAST))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def _write(url: str, note: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists note(text text)")
        connection.execute("insert into note values (%s)", [note])


def _notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select text from note order by text")]


def _process(server: EmbeddedPostgres) -> int:
    process = server.status().process
    assert process is not None
    return process


def test_a_first_start_makes_a_database_that_keeps_what_is_written_over_a_stop(
    tmp_path: Path, new_server: NewServer
) -> None:
    server = new_server(tmp_path)
    _write(server.start(), "kept")
    assert server.status().running
    assert server.stop()
    assert not server.status().running
    assert not server.stop()
    assert _notes(server.start()) == ["kept"]


def test_the_database_listens_on_no_network_port_and_its_socket_is_ours_alone(
    tmp_path: Path, new_server: NewServer
) -> None:
    with psycopg.connect(new_server(tmp_path).start()) as connection:
        shown = connection.execute(
            "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        ).fetchone()
    assert shown is not None
    assert shown[0] == ""
    assert Path(shown[1]).stat().st_mode & 0o777 == 0o700


def test_text_is_utf_8_ordered_by_code_point_and_knows_foreign_letters(tmp_path: Path, new_server: NewServer) -> None:
    with psycopg.connect(new_server(tmp_path).start()) as connection:
        row = connection.execute("select current_setting('server_encoding'), lower('ÄÖ'), 'a' > 'B'").fetchone()
    assert row == ("UTF8", "äö", True)


def test_another_process_finds_the_running_server(tmp_path: Path, new_server: NewServer) -> None:
    server = new_server(tmp_path)
    _write(server.start(), "from the first process")
    code = "import sys, pathlib; from tieline.store.embedded import *; print(database_url(pathlib.Path(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert _notes(done.stdout.strip()) == ["from the first process"]


def test_many_that_start_at_once_share_one_server(tmp_path: Path, new_server: NewServer) -> None:
    servers = [new_server(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(len(servers)) as pool:
        urls = set(pool.map(lambda server: server.start(), servers))
    assert len(urls) == 1
    assert len({_process(server) for server in servers}) == 1


def test_after_kill_9_of_the_server_the_next_start_recovers_what_was_committed(
    tmp_path: Path, new_server: NewServer
) -> None:
    server = new_server(tmp_path)
    url = server.start()
    with psycopg.connect(url):  # an open session: its server process outlives the killed one for a moment
        _write(url, "committed")
        os.kill(_process(server), signal.SIGKILL)
        assert _notes(server.start()) == ["committed"]


def test_after_kill_9_of_the_starting_process_the_server_is_found_again(tmp_path: Path, new_server: NewServer) -> None:
    code = (
        "import os, sys, pathlib; from tieline.store.embedded import *;"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1]), {'fsync': 'off'}).start(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    server = new_server(tmp_path)
    running = _process(server)
    server.start()
    assert _process(server) == running


def test_a_dead_servers_process_id_that_another_program_has_by_now_does_not_stop_a_start(
    tmp_path: Path, new_server: NewServer
) -> None:
    server = new_server(tmp_path)
    _write(server.start(), "kept")
    lock = server.data / "postmaster.pid"
    content = lock.read_text().split("\n", 1)[1]
    server.stop()
    owner = server.data.stat()
    # A neighbour with the server's own user: PostgreSQL ignores ids of other users' programs.
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None) as neighbour:
        lock.write_text(f"{neighbour.pid}\n{content}")
        os.chown(lock, owner.st_uid, owner.st_gid)
        try:
            assert _notes(server.start()) == ["kept"]
            assert neighbour.poll() is None
        finally:
            neighbour.kill()


def test_a_server_whose_socket_was_deleted_is_started_anew(tmp_path: Path, new_server: NewServer) -> None:
    server = new_server(tmp_path)
    url = server.start()
    _write(url, "kept")
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting('unix_socket_directories')").fetchone()
    assert row is not None
    for name in Path(row[0]).iterdir():
        name.unlink()
    assert not server.status().running
    assert _notes(server.start()) == ["kept"]


def test_a_broken_off_first_start_leaves_nothing_that_hinders_the_next(tmp_path: Path, new_server: NewServer) -> None:
    half = tmp_path / "postgres" / "data.new" / "base"
    half.mkdir(parents=True)
    server = new_server(tmp_path)
    server.start()
    assert server.status().running


def test_data_of_another_major_version_is_refused_and_the_message_says_what_to_do(
    tmp_path: Path, new_server: NewServer
) -> None:
    server = new_server(tmp_path)
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseUnavailable, match=r"made by PostgreSQL 9, but .* set TIELINE_PG_BIN to a folder"):
        server.start()


def test_a_damaged_version_file_is_refused(tmp_path: Path, new_server: NewServer) -> None:
    server = new_server(tmp_path)
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("emoji 🙂")
    with pytest.raises(DatabaseUnavailable, match="PG_VERSION is damaged: restore"):
        server.start()


def test_a_path_longer_than_a_socket_name_may_be_works(tmp_path: Path, new_server: NewServer) -> None:
    state = tmp_path / ("deep " * 12) / ("er" * 40)
    assert len(str(state)) > 107
    _write(new_server(state).start(), "deep")


def test_a_start_that_fails_shows_the_end_of_the_servers_log(tmp_path: Path) -> None:
    broken = EmbeddedPostgres(tmp_path, {**FAST, "shared_buffers": "nonsense"})
    with pytest.raises(DatabaseUnavailable, match=r"(?s)does not start in .*shared_buffers.*nonsense"):
        broken.start()
    assert not broken.stop()


def test_a_file_where_the_state_folder_should_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        EmbeddedPostgres(tmp_path / "state").start()


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path, new_server: NewServer) -> None:
    server = new_server(tmp_path)
    url = server.start()
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting('unix_socket_directories')").fetchone()
    assert row is not None
    server.stop()
    folder = Path(row[0])
    assert not folder.exists()
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(DatabaseUnavailable, match="mode 0700: remove it"):
        server.start()
    folder.rmdir()
    server.start()


def test_the_address_in_the_environment_comes_first_and_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", "postgresql://db.example/tieline")
    assert database_url(tmp_path) == "postgresql://db.example/tieline"
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_this_tests_own(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("select from pg_class where relnamespace = 'public'::regnamespace").rowcount == 0
