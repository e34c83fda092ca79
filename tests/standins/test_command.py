"""The command tieline-standins: start, ready line, clear refusals, and state that survives kill -9."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.standins.kantata_account import Account, ids

COMMAND = [sys.executable, "-c", "from tieline_standins.cli import main; main()"]


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running command and the addresses of its ready line."""
    process = subprocess.Popen([*COMMAND, "run", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["ready"]
    finally:
        process.kill()
        process.communicate()


def refused(*arguments: str, command: str = "run") -> str:
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [*COMMAND, command, *arguments], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_serves_until_it_is_told_to_stop() -> None:
    with started("kantata=0") as (process, ready):
        with Account(ready["kantata"]) as account:
            assert account.control("health", method="GET") == {"ok": True, "vendor": "kantata", "bugs": []}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    arguments = ("kantata=0", "--state", str(tmp_path))

    def everything(account: Account) -> Any:
        reads = [account.read("time_entries", include="workspace,user,external_references", per_page=200)]
        reads += [account.read(plural) for plural in ("workspaces", "timesheet_submissions", "invoices")]
        return reads, account.control("ledger", method="GET")

    with started(*arguments) as (process, ready), Account(ready["kantata"]) as account:
        account.settings(events_addon=True)
        account.control("clock", {"at": "2026-11-02T08:00:00Z"})
        account.control("kantata/seed", {"time_entries": 20})
        workspace = account.workspace(require_time_approvals=True)
        for number in range(30):
            reference = {"service_name": "t", "service_model": "line", "service_model_ref": str(number)}
            account.entry(workspace, external_reference=reference)
        account.approved(workspace, "21", "22")
        account.create("invoices", workspace_id=workspace, payment_schedule=1, time_entry_ids=[21])
        account.call("DELETE", "time_entries/50")
        before = everything(account)
        process.kill()
        process.wait()
    with started(*arguments) as (_, ready), Account(ready["kantata"]) as account:
        assert everything(account) == before
        assert account.listed("subscribed_events", event_types="time_entry:deleted")[0]["subject_id"] == 50
        assert account.entry(workspace) == "51"
        assert ids(account.listed("time_entries", invoiced="true")) == ["21"]


def test_wrong_arguments_are_refused_in_one_sentence(tmp_path: Path) -> None:
    assert "is no stand-in" in refused("sap=9101")
    assert "needs a port" in refused("kantata")
    assert "needs a port" in refused("kantata=99999")
    assert "each vendor once" in refused("kantata=0", "kantata=0")
    (tmp_path / "kantata.journal").write_text("not a journal\n")
    assert "not a journal line" in refused("kantata=0", "--state", str(tmp_path))


def test_a_taken_port_is_reported_clearly() -> None:
    with started("kantata=0") as (_, ready):
        port = ready["kantata"].rpartition(":")[2]
        assert "address already in use" in refused(f"kantata={port}").lower()


def customize(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "customize", *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_an_administrators_work_is_done_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "kantata.json").write_text('{"tokens": {"hers": {"user": "priya.raman@haldenmarsh.example"}}}', "utf-8")
    with started("kantata=0") as (_, ready):
        port = ready["kantata"].rpartition(":")[2]
        done = customize(str(tmp_path), f"kantata={port}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "kantata is set up\n", "")
        with Account(ready["kantata"], token="hers") as account:
            assert account.read("users/me")


def test_administrators_work_that_cannot_be_done_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "kantata.json").write_text('{"no such part": 1}', "utf-8")
    with started("kantata=0") as (_, ready):
        port = ready["kantata"].rpartition(":")[2]
        refused = customize(str(tmp_path), f"kantata={port}")
        nothing = customize(str(tmp_path / "nowhere"), f"kantata={port}")
    silent = customize(str(tmp_path), f"kantata={port}")
    assert [done.returncode for done in (refused, nothing, silent)] == [1, 1, 1]
    assert refused.stderr.startswith(f"tieline-standins: kantata refuses {tmp_path / 'kantata.json'}: ")
    assert "kantata.json: No such file or directory" in nothing.stderr
    assert (
        silent.stderr == f"tieline-standins: no kantata answers at port {port}; start it with: tieline-standins run\n"
    )


def test_a_simulation_says_what_it_lacks(tmp_path: Path) -> None:
    three = ("salesforce=1", "kantata=1", "netsuite=1")
    folder = str(tmp_path)
    assert "a firm needs all of" in refused(folder, "salesforce=1", "kantata=1", command="simulate")
    assert "is no day" in refused(folder, *three, "--until", "soon", command="simulate")
    assert "is not over yet" in refused(folder, *three, "--until", "9999-01-01", command="simulate")
    assert "nobody answers at http://127.0.0.1:1" in refused(folder, *three, command="simulate")
