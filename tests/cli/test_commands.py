"""What the commands answer: to people and, with --json, to programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.conftest import Command
from tieline.app.assembly import connector_folder
from tieline.app.example import Example, write_example
from tieline.engine.approval_policy import Asked
from tieline.engine.approvals import ask_approval
from tieline.engine.effect import Author
from tieline.engine.problem import Problem, settle_problems
from tieline.engine.wake import wake
from tieline.sdk.connector import load_facts
from tieline.store.canonical import open_engagement
from tieline.store.database import Database
from tieline_standins.core.background import running
from tieline_standins.salesforce import build

HOSTILE = "O'Brien [/red] [bold]売上[/bold] 🚀"


@pytest.fixture
def waiting(books: Database) -> Database:
    """An engagement whose contract waits for a person."""
    author = Author("opportunity_to_contract", "opp_1", "eng_1", 1, 0)
    with books.transaction() as db:
        open_engagement(db, "eng_1", "opp_1", HOSTILE, "cus_1", HOSTILE)
        wake(db, author.flow, author.key, "eng_1", "event")
        ask_approval(db, author, Asked(label="Terms"), {"rate": "1"}, b"hash")
        problem = Problem(
            kind="approval", message=HOSTILE, suggestion=HOSTILE, key="opp_1:Terms", owner="finance", label="Terms"
        )
        settle_problems(db, flow=author.flow, key=author.key, engagement="eng_1", problems=[problem], keep_others=False)
    return books


def test_a_new_site_is_in_order(tieline: Command, tmp_path: Path) -> None:
    ran = tieline("init", tmp_path / "new [red]")
    assert ran.code == 0
    assert f"tieline check --site {tmp_path / 'new [red]'}" in ran.out
    ran = tieline("check", "--site", tmp_path / "new [red]")
    assert (ran.code, ran.out.endswith("The site is in order.\n")) == (0, True)
    found = tieline("check", "--json", "--site", tmp_path / "new [red]").json()
    assert found["ok"] is True
    assert [finding["subject"] for finding in found["findings"]] == ["salesforce", "kantata", "netsuite"]


def test_init_tells_programs_where_the_site_is(tieline: Command, tmp_path: Path) -> None:
    assert tieline("init", tmp_path / "a", "--json").json() == {"site": str(tmp_path / "a")}


def test_check_ends_with_1_and_says_what_to_mend_as_it_is_written(tieline: Command, site: Path) -> None:
    file = site / "site.toml"
    file.write_text(file.read_text().replace('connector = "kantata"', 'connector = "[/red]"'))
    ran = tieline("check", "--site", site)
    assert ran.code == 1
    assert "mend kantata: connection kantata: there is no connector '[/red]'" in ran.out
    assert ran.out.endswith("1 to mend.\n")
    ran = tieline("check", "--json", "--site", site)
    assert ran.code == 1
    assert '"ok":false' in ran.out


def test_check_live_of_systems_that_are_down_names_each(tieline: Command, site: Path) -> None:
    file = site / "site.toml"
    text = file.read_text()
    for port in (9101, 9102, 9103):
        text = text.replace(f"http://127.0.0.1:{port}", "http://127.0.0.1:1")
    file.write_text(text)
    ran = tieline("check", "--live", "--site", site)
    assert ran.code == 1
    for name in ("salesforce", "kantata", "netsuite"):
        assert f"mend {name}, " in ran.out


def test_an_empty_firm_says_so(tieline: Command, stored: Path) -> None:
    assert "No engagement yet" in tieline("engagements", "--site", stored).out
    assert "Nothing waits for a person." in tieline("exceptions", "--site", stored).out
    for words in (["engagements"], ["exceptions"]):
        assert tieline(*words, "--json", "--site", stored).json() == []


def test_what_waits_is_shown_as_it_is_written(tieline: Command, stored: Path, waiting: Database) -> None:
    for words in (["exceptions"], ["engagements"], ["timeline", "eng_1"]):
        ran = tieline(*words, "--site", stored)
        assert (ran.code, ran.err) == (0, "")
    assert HOSTILE in tieline("exceptions", "--site", stored).out
    (row,) = tieline("exceptions", "--json", "--site", stored).json()
    assert (row["message"], row["owner"], row["waiting"]) == (HOSTILE, "finance", 1)
    (one,) = tieline("engagements", "--json", "--site", stored).json()
    assert (one["id"], one["name"]) == ("eng_1", HOSTILE)
    assert set(tieline("timeline", "O'B", "--json", "--site", stored).json()) == {"engagement", "timeline", "waiting"}


@pytest.mark.parametrize(("word", "state"), [("approve", "approved"), ("decline", "declined")])
def test_a_decision_is_recorded_once_with_its_name_and_reason(
    tieline: Command, stored: Path, waiting: Database, word: str, state: str
) -> None:
    (shown,) = tieline("exceptions", "--json", "--site", stored).json()
    number = shown["approval_id"]
    decided = tieline(word, str(number), "--as", "dana", "--reason", "it's fine", "--json", "--site", stored).json()
    assert decided == {"approval": number, "state": state}
    with waiting.connection() as db:
        row = db.execute("select state, decided_by, reason from approval").fetchone()
    assert row == {"state": state, "decided_by": "dana", "reason": "it's fine"}
    assert "does not wait any more" in tieline(word, str(number), "--site", stored).sentence()


def test_retry_wakes_what_waits(tieline: Command, stored: Path, waiting: Database) -> None:
    (shown,) = tieline("exceptions", "--json", "--site", stored).json()
    number = str(shown["id"])
    assert tieline("retry", number, "--json", "--site", stored).json() == {"exception": shown["id"], "woken": 1}
    assert "1 waiting item is tried again now." in tieline("retry", number, "--site", stored).out
    with waiting.connection() as db:
        row = db.execute("select reasons from agenda").fetchone()
    assert row == {"reasons": ["event", "operator"]}
    assert "only a possible duplicate" in tieline("retry", number, "--link", "7", "--site", stored).sentence()


@pytest.mark.parametrize(("name", "scope"), [("netsuite", "connection"), ("billing", "flow"), ("DE", "entity")])
def test_pause_and_resume_name_what_they_stop(
    tieline: Command, stored: Path, books: Database, name: str, scope: str
) -> None:
    paused = tieline("pause", name, "--reason", "[/red] audit", "--as", "dana", "--json", "--site", stored).json()
    assert paused == {"paused": name, "scope": scope}
    with books.connection() as db:
        assert db.execute("select scope, name, reason, paused_by from pause").fetchone() == {
            "scope": scope,
            "name": name,
            "reason": "[/red] audit",
            "paused_by": "dana",
        }
    assert f"{scope} {name} goes on" in tieline("resume", name, "--site", stored).out
    assert tieline("resume", name, "--site", stored).code == 1


def test_resume_lets_go_what_the_change_guard_holds_back(tieline: Command, stored: Path, books: Database) -> None:
    with books.connection() as db:
        db.execute(
            "insert into change_count (connection, flow, hour, records)"
            " values ('netsuite', 'billing', date_trunc('hour', clock_timestamp()), 5000)"
        )
    assert tieline("resume", "netsuite/billing", "--as", "dana", "--json", "--site", stored).json() == {
        "resumed": "netsuite/billing",
        "scope": "guard",
    }
    with books.connection() as db:
        row = db.execute("select allowed_by from change_count").fetchone()
    assert row == {"allowed_by": "dana"}


def test_migrate_brings_an_empty_database_up_to_date_and_again_changes_nothing(
    tieline: Command, site: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", empty_database)
    first = tieline("migrate", "--json", "--site", site).json()["migrations"]
    assert first[0]["name"] == "0001_engine.sql"
    assert tieline("migrate", "--json", "--site", site).json()["migrations"] == first
    assert f"({first[-1]['name']})" in tieline("migrate", "--site", site).out


def test_db_speaks_of_the_embedded_database_only(tieline: Command, stored: Path) -> None:
    assert tieline("db", "status", "--json", "--site", stored).json() == {"embedded": False}
    assert "TIELINE_DATABASE_URL names" in tieline("db", "status", "--site", stored).out


def test_an_embedded_database_that_was_never_started_is_stopped(tieline: Command, site: Path) -> None:
    found = tieline("db", "status", "--json", "--site", site).json()
    assert (found["running"], found["process"]) == (False, None)
    assert str(site / ".state") in tieline("db", "status", "--site", site).out
    assert tieline("db", "stop", "--json", "--site", site).json() == {"stopped": False}


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A site whose CRM runs, and a customer with an awkward name in it."""
    with running(build) as url:
        folder = tmp_path / "live"
        write_example(folder, Example(salesforce_url=url))
        secrets = {name: (folder / "secrets" / f"salesforce-client-{name}").read_text() for name in ("id", "secret")}
        with httpx2.Client(base_url=url) as http:
            wanted = load_facts(connector_folder("salesforce")).custom_fields
            change: Any = {
                "objects": [row for row in wanted if "object" not in row],
                "fields": [row for row in wanted if "object" in row],
            }
            http.post("/__standin__/customize", json=change).raise_for_status()
            form: Any = {
                "grant_type": "client_credentials",
                "client_id": secrets["id"],
                "client_secret": secrets["secret"],
            }
            token = http.post("/services/oauth2/token", data=form).json()["access_token"]
            made = http.post(
                "/services/data/v62.0/sobjects/Account",
                json={"Name": HOSTILE},
                headers={"authorization": f"Bearer {token}"},
            ).json()
        yield folder, made["id"]


def test_try_shows_a_record_row_by_row_as_it_is_written(tieline: Command, crm: tuple[Path, str]) -> None:
    folder, customer = crm
    ran = tieline("try", "salesforce", "customer", customer, "--site", folder)
    assert (ran.code, ran.err) == (0, "")
    assert HOSTILE in ran.out
    rows = tieline("try", "salesforce", "customer", customer, "--json", "--site", folder).json()
    assert {row["canonical"]: row["value"] for row in rows}["name"] == HOSTILE


def test_try_of_a_record_that_does_not_exist_is_one_sentence(tieline: Command, crm: tuple[Path, str]) -> None:
    assert tieline("try", "salesforce", "customer", "001000000000000AAA", "--site", crm[0]).sentence()
    assert tieline("try", "salesforce", "customer", "O'Brien", "--site", crm[0]).sentence()


def test_discover_lists_fields_no_mapping_covers_and_writes_drafts(
    tieline: Command, crm: tuple[Path, str], tmp_path: Path
) -> None:
    found = tieline("discover", "salesforce", "--json", "--site", crm[0]).json()
    assert {"mapping", "vendor", "uncovered"} == set(found[0])
    ran = tieline("discover", "salesforce", "--write", tmp_path / "drafts", "--site", crm[0])
    assert (ran.code, ran.err) == (0, "")
    drafted = {path.stem for path in (tmp_path / "drafts").glob("*.toml")} if (tmp_path / "drafts").exists() else set()
    assert drafted == {row["mapping"] for row in found if row["uncovered"]}
