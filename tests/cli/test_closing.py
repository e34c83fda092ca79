"""`tieline close`, `wip` and `adjust`: what is open, what is unbilled, and what two persons agree to take off."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.flows.deals import CUSTOMER, contract
from tieline.flows.plan import plan_projects
from tieline.lane.own_charges import OwnCharge, add_charge
from tieline.store.canonical import add_contract_version, open_engagement, put_project, refer
from tieline.store.database import Database


@pytest.fixture
def unbilled(books: Database) -> str:
    """A project with a charge of 1,200 that no invoice holds; its code."""
    project = plan_projects(contract(), CUSTOMER.name, "006", "001")[0]
    charge = OwnCharge(
        connection="tieline",
        kind="milestone",
        source="m",
        version=1,
        project=project,
        day=date(2026, 4, 1),
        amount=Decimal(1200),
        text="[Design]",
        rule="",
    )
    with books.transaction() as db:
        open_engagement(db, "eng_1", "opp_1", "Bluepeak rollout", CUSTOMER.id, CUSTOMER.name)
        add_contract_version(db, contract())
        put_project(db, project)
        add_charge(db, charge)
    return project.code


def test_a_close_is_previewed_asked_for_and_called_off(tieline: Command, stored: Path, unbilled: str) -> None:
    shown = tieline("close", "bluepeak", "--preview", "--site", stored).out
    assert "It is open. A close would wait for this:\n  open USD 1,200.00 is not billed" in shown
    asked = tieline("close", "bluepeak", "--as", "[dana]", "--site", stored).out
    assert "Asked for by [dana]. The close goes on by itself when this is cleared:" in asked
    found = tieline("close", "bluepeak", "--preview", "--json", "--site", stored).json()
    assert (found["state"], found["asked_by"], found["projects"]) == ("asked", "[dana]", [unbilled])
    assert tieline("close", "bluepeak", "--reopen", "--json", "--site", stored).json()["state"] == "open"
    assert "it is open" in tieline("close", "bluepeak", "--reopen", "--site", stored).sentence()


def test_a_deal_is_named_to_follow_a_contract(tieline: Command, stored: Path, books: Database, unbilled: str) -> None:
    with books.transaction() as db:
        for deal in ("opp_1", "opp_2"):
            refer(db, "salesforce", "opportunity", deal, f"006{deal}")
    named = ("succeed", "bluepeak", "--site", stored, "--as", "dana", "--reason", "[moves]")
    assert "No deal '006' was read" in tieline(*named, "--deal", "006").sentence()
    assert "itself" in tieline(*named, "--deal", "006opp_1").sentence()
    assert "It closes when that deal is a contract" in tieline(*named, "--deal", "006opp_2").out
    assert "has a successor already" in tieline(*named, "--deal", "opp_2").sentence()
    shown = tieline("contract", "bluepeak", "--site", stored).out
    assert "followed by 'a deal that is not a contract yet'" in shown
    assert "as dana said: [moves]; what is left goes over when the older one is closed" in shown
    found = tieline("contract", "bluepeak", "--site", stored, "--json").json()
    assert (found["predecessor"], found["successor"]["carried_on"]) == (None, None)
    assert "--deal" in tieline("succeed", "bluepeak", "--site", stored).err


def test_unbilled_work_is_shown_and_written_down_by_two_persons(tieline: Command, stored: Path, unbilled: str) -> None:
    assert "USD 1,200.00 on no released invoice" in tieline("wip", "--site", stored).out
    down = ("adjust", unbilled, "--amount=-200", "--reason", "[agreed]", "--as", "dana")
    asked = tieline(*down, "--site", stored).out
    assert "Adjustment 1: write-down of USD 200.00, [agreed]; another person confirms it" in asked
    assert "-200.00 waits for a second person: 1" in tieline("wip", "--site", stored).out
    assert "a second person" in tieline("adjust", "--confirm", "1", "--as", "Dana", "--site", stored).sentence()
    tieline("adjust", "--confirm", "1", "--as", "priya", "--json", "--site", stored).json()
    (row,) = tieline("wip", "--json", "--site", stored).json()
    assert (row["unbilled"], row["adjusted"], row["realization"]) == (1000, -200, 83.3)
    (line, adjustment) = tieline("wip", "--lines", unbilled, "--json", "--site", stored).json()
    assert (line["left"], adjustment["amount"], adjustment["left"]) == (1200, -200, 0)
    shown = tieline("wip", "--lines", unbilled, "--site", stored).out
    assert f"{line['number']}" in shown
    assert "[Design]" in shown
    off = ("adjust", unbilled, "--amount=-1", "--line", line["number"], "--reason", "late", "--site", stored)
    assert "write-down of USD 1.00, 1 line, late" in tieline(*off).out
    assert tieline("wip", "--entity", "DE", "--json", "--site", stored).json() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "--amount=5"], "'nothing' is no project"),
        (["--amount=5"], "Name a project"),
        (["x", "--amount=5", "--write-off"], "Name a project"),
        (["--withdraw", "7"], "there is no adjustment 7"),
    ],
)
def test_what_cannot_be_adjusted_is_one_sentence(
    tieline: Command, stored: Path, books: Database, arguments: list[str], words: str
) -> None:
    assert words in tieline("adjust", *arguments, "--site", stored).sentence()
