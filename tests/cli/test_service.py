"""The commands that tell how well the firm is served."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.console.week import BusyWeek
from tests.security.listener import Listener, listening
from tieline.store.database import Database


@pytest.fixture
def hook() -> Iterator[Listener]:
    with listening() as server:
        yield server


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    opened = Database(database)
    BusyWeek(opened).fill()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("invoice-ready", "18,562.50"),
        ("failed-entries", "Role 'Sr. Architect' has no service item in NetSuite"),
        ("contract-changes", "Customer in ERP refused"),
        ("margin", "11,062.50"),
    ],
)
def test_a_question_is_answered(tieline: Command, site: Path, books: Database, question: str, told: str) -> None:
    ran = tieline("answer", question, "--site", site)
    assert ran.code == 0, ran.err
    assert told in ran.out
    assert tieline("answer", question, "--site", site, "--json").json()


def test_service_levels_are_told(tieline: Command, site: Path, books: Database) -> None:
    with books.connection() as db:
        db.execute(
            "insert into service_fact (tier, connection, label, object, started_at, ended_at) values"
            " ('project', 'netsuite', 'x', 'x', clock_timestamp() - interval '1 hour', clock_timestamp())"
        )
    (row,) = [row for row in tieline("sla", "--site", site, "--json").json()["tiers"] if row["tier"] == "project"]
    assert (row["records"], row["late"], row["kept"]) == (1, 1, False)
    assert "Project set-up" in tieline("sla", "--hours", "48", "--site", site).out


def test_calls_are_told(tieline: Command, site: Path, books: Database) -> None:
    assert {row["connection"] for row in tieline("calls", "--site", site, "--json").json()} == {
        "salesforce",
        "kantata",
        "netsuite",
    }
    assert "netsuite" in tieline("calls", "--site", site).out


def test_alerts_are_told_and_a_channel_is_tried(tieline: Command, site: Path, books: Database, hook: Listener) -> None:
    assert "No alert is open" in tieline("alerts", "--site", site).out
    with books.connection() as db:
        db.execute(
            "insert into alert (cause, kind, title, message, link) values ('x', 'sla', 'It is late', 'Very', '/')"
        )
    assert "It is late" in tieline("alerts", "--resolved", "--site", site).out
    assert tieline("alerts", "--site", site, "--json").json()[0]["cause"] == "x"
    assert "no alert channel 'ops'" in tieline("alerts", "--test", "ops", "--site", site).sentence()
    (site / "secrets" / "alerts").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with (site / "site.toml").open("a") as toml:
        toml.write(
            f'\n[[alert_channel]]\nname = "ops"\nkind = "webhook"\nurl = "http://{hook.place}/"\n'
            f'secret = "file:secrets/alerts"\nallow = ["{hook.place}"]\n'
        )
    assert tieline("alerts", "--test", "ops", "--site", site, "--json").json() == {"sent": "ops"}
    hook.status = 500
    assert (
        "did not arrive: ops answered with status 500" in tieline("alerts", "--test", "ops", "--site", site).sentence()
    )
