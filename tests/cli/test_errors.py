"""What a user can do wrong, or what is down, is one sentence with exit code 1, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tieline.cli import operate
from tieline.cli.serving import HIGHEST, TRIES, listening
from tieline.store.database import Database

ON_A_SITE = [
    ["check"],
    ["discover", "netsuite"],
    ["migrate"],
    ["try", "netsuite", "customer", "1"],
    ["serve"],
    ["worker"],
    ["engagements"],
    ["timeline", "x"],
    ["exceptions"],
    ["retry", "1"],
    ["approve", "1"],
    ["decline", "1"],
    ["pause", "netsuite"],
    ["resume", "netsuite"],
    ["db", "status"],
    ["db", "stop"],
]
ON_A_DATABASE = [words for words in ON_A_SITE if words[0] not in ("check", "discover", "try", "db")]


@pytest.mark.parametrize("words", ON_A_SITE, ids=" ".join)
def test_no_site_here_says_how_to_make_one(tieline: Command, words: list[str], tmp_path: Path) -> None:
    assert tieline(*words).sentence() == "site.toml:1: there is no site here; make one with: tieline init ."
    told = tieline(*words, "--site", tmp_path / "nowhere").sentence()
    assert told.endswith("there is no site here; make one with: tieline init " + str(tmp_path / "nowhere"))


@pytest.mark.parametrize("words", ON_A_SITE, ids=" ".join)
def test_a_broken_site_is_told_with_file_and_line(tieline: Command, words: list[str], site: Path) -> None:
    file = site / "site.toml"
    file.write_text(file.read_text().replace('role = "psa"', 'role = "pas"'))
    told = tieline(*words, "--site", site).sentence()
    assert told.startswith(f"{file}:")
    assert "route.role: String should match pattern" in told


def test_all_defects_of_a_site_are_told_one_a_line(tieline: Command, site: Path) -> None:
    file = site / "site.toml"
    file.write_text(file.read_text().replace('role = "', 'role = "x'))
    ran = tieline("check", "--site", site)
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 3
    assert all(line.startswith(f"{file}:") for line in ran.err.splitlines())


@pytest.mark.parametrize("words", ON_A_DATABASE, ids=" ".join)
def test_a_database_that_refuses_connections_is_told(
    tieline: Command, words: list[str], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        monkeypatch.setenv("TIELINE_DATABASE_URL", f"postgresql://tieline:hunter2@127.0.0.1:{port}/tieline")
        told = tieline(*words, "--site", site).sentence()
    assert told.startswith("The database does not answer: ")
    assert told.endswith("Look with: tieline db status")
    assert "hunter2" not in told


def test_a_database_address_that_is_none_is_told(tieline: Command, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", "my database")
    assert tieline("engagements", "--site", site).sentence().startswith("The database does not answer: ")


def test_an_embedded_database_of_another_major_version_is_told(tieline: Command, site: Path) -> None:
    data = site / ".state" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    if os.geteuid() == 0:
        os.chown(data, 65_534, -1)  # PostgreSQL refuses to run as root
    assert "PostgreSQL 9" in tieline("engagements", "--site", site).sentence()
    (data / "PG_VERSION").write_text("nonsense\n")
    assert "PG_VERSION is damaged: restore" in tieline("engagements", "--site", site).sentence()


@pytest.mark.parametrize("words", [["discover", "sap"], ["try", "sap", "customer", "1"]], ids=" ".join)
def test_an_unknown_connection_is_told_with_those_there_are(tieline: Command, words: list[str], site: Path) -> None:
    assert tieline(*words, "--site", site).sentence() == (
        "The site has no connection 'sap'; it has salesforce, kantata, netsuite"
    )


@pytest.mark.parametrize("words", [["discover", "netsuite", "--record", "pizza"], ["try", "netsuite", "pizza", "1"]])
def test_an_unknown_record_is_told_with_those_there_are(tieline: Command, words: list[str], site: Path) -> None:
    assert tieline(*words, "--site", site).sentence().startswith("netsuite has no mapping 'pizza'; it has ")


def test_a_system_that_does_not_answer_is_told(tieline: Command, site: Path) -> None:
    file = site / "site.toml"
    file.write_text(file.read_text().replace("http://127.0.0.1:9103", "http://127.0.0.1:1"))
    assert tieline("try", "netsuite", "customer", "1", "--site", site).sentence().startswith("netsuite: cannot be")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["timeline", "eng_?"], "No engagement begins with 'eng_?'; list them with: tieline engagements"),
        (["timeline", "O'Brien 🚀"], "No engagement begins with 'O'Brien 🚀'; list them with: tieline engagements"),
        (["retry", "4711"], "There is no open exception 4711; list them with: tieline exceptions"),
        (["retry", str(2**63 - 1)], f"There is no open exception {2**63 - 1}; list them with: tieline exceptions"),
        (["retry", "4711", "--link", "7"], "There is no open exception 4711; list them with: tieline exceptions"),
        (["retry", "4711", "--create-new"], "There is no open exception 4711; list them with: tieline exceptions"),
        (
            ["approve", "4711"],
            "Approval 4711 does not wait any more: it was decided or expired, or what it showed has changed.",
        ),
        (
            ["decline", "4711"],
            "Approval 4711 does not wait any more: it was decided or expired, or what it showed has changed.",
        ),
        (["pause", "sap"], "'sap' is neither a connection nor a flow nor a legal entity of this site."),
        (["resume", "sap"], "'sap' is neither a connection nor a flow nor a legal entity of this site."),
        (["resume", "netsuite"], "connection netsuite was not paused."),
        (["resume", "netsuite/billing"], "guard netsuite/billing was not paused."),
        (
            ["pause", "netsuite/billing"],
            "Only the change guard stops netsuite/billing alone; pause the connection or the flow.",
        ),
    ],
)
def test_what_does_not_exist_is_told_with_where_to_look(
    tieline: Command, stored: Path, words: list[str], told: str
) -> None:
    assert tieline(*words, "--site", stored).sentence() == told


def test_a_name_that_fits_several_engagements_is_asked_back_and_a_whole_id_never(
    tieline: Command, stored: Path, books: Database
) -> None:
    with books.connection() as db:
        for number in ("eng_1", "eng_10", "eng_2"):
            db.execute(
                "insert into engagement (id, name, customer_id, customer_name) values (%s, 'A', 'c', 'C')", [number]
            )
    told = tieline("timeline", "a", "--site", stored).sentence()
    assert told.startswith("'a' fits several engagements: A (eng_")
    assert told.endswith("; give the whole id")
    assert tieline("timeline", "eng_1", "--site", stored, "--json").json()["engagement"] == "eng_1"


def test_a_new_site_in_an_existing_one_is_refused(tieline: Command, site: Path) -> None:
    assert tieline("init", site).sentence() == f"{site / 'site.toml'} exists already; choose another folder"


def test_a_new_site_below_a_file_is_refused(tieline: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert tieline("init", tmp_path / "file" / "site").sentence().endswith("Not a directory")


def test_a_port_in_use_gives_the_next_free_one() -> None:
    with listening(0) as first:
        taken = first.getsockname()[1]
        if taken + 1 <= HIGHEST:
            with listening(taken) as second:
                assert taken < second.getsockname()[1] < taken + TRIES


def test_no_free_port_is_told(tieline: Command, stored: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", HIGHEST))
        taken.listen()
        told = tieline("serve", "--port", str(HIGHEST), "--site", stored).sentence()
    assert told == f"No port from {HIGHEST} to {HIGHEST} is free; choose one with --port"


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_wrong_usage(tieline: Command, site: Path, port: str) -> None:
    assert tieline("serve", "--port", port, "--site", site).code == 2


def test_a_bug_of_ours_is_a_sentence_too_and_a_traceback_only_when_asked_for(
    tieline: Command, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(site: Path) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(operate, "load_site", breaks)
    told = tieline("db", "stop", "--site", site).sentence()
    assert told == ("Tieline itself failed: KeyError: 'surprise'. Report it with what TIELINE_LOG=debug shows.")
    monkeypatch.setenv("TIELINE_LOG", "debug")
    with pytest.raises(KeyError, match="surprise"):
        tieline("db", "stop", "--site", site)


def test_the_environment_may_name_the_site(tieline: Command, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_SITE", str(stored))
    assert tieline("engagements", "--json").json() == []


def test_the_installed_command_ends_like_the_one_in_these_tests(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("tieline")
    ran = subprocess.run([command, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "site.toml:1: there is no site here; make one with: tieline init .\n"


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_process_that_a_test_would_make_fail_does_not_start(
    tieline: Command, command: str, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_FAULT", "run.ended:1:kill")
    told = tieline(command, "--site", stored).sentence()
    assert told == "TIELINE_FAULT is set, which makes processes of a test fail; unset it to run Tieline"
