"""The commands of stewards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.console.twins import twins
from tieline.store.database import Database


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    opened = Database(database)
    yield opened
    opened.close()


def test_pairs_are_listed_compared_decided_and_taken_back(tieline: Command, site: Path, books: Database) -> None:
    number = str(twins(books))
    listed = tieline("matches", "--search", "--site", site)
    assert "Compared 3 customers." in listed.out
    assert "same phone" in listed.out
    assert "brightwater.example" in tieline("match", number, "--site", site).out
    one = tieline("match", number, "--same", "--keep", "b", "--take", "phone=a", "--as", "Ada", "--site", site)
    assert (one.code, "Ada said on" in one.out) == (0, True)
    assert "No customers wait" in tieline("matches", "--site", site).out
    assert tieline("match", number, "--different", "--site", site).err.strip() == "say why they are different"
    two = tieline("match", number, "--different", "--reason", "sisters", "--site", site, "--json").json()
    assert two["match"]["row"]["state"] == "different"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--same", "--different"), "not both"),
        (("--same", "--take", "colour=a"), "is no choice such as phone=b"),
        (("--same", "--take", "phone=c"), "is no choice such as phone=b"),
    ],
)
def test_a_slip_of_the_pen_decides_nothing(
    tieline: Command, site: Path, books: Database, arguments: tuple[str, ...], told: str
) -> None:
    number = str(twins(books))
    ran = tieline("match", number, *arguments, "--site", site)
    assert (ran.code, told in ran.err) == (1, True)
    assert tieline("match", "4711", "--site", site).err.startswith("There is no pair 4711")
    assert [row["number"] for row in tieline("matches", "--site", site, "--json").json()["matches"]] == [int(number)]


def test_owners_are_told_and_an_unknown_record_names_those_there_are(tieline: Command, site: Path) -> None:
    fields = {row["field"]: row for row in tieline("owners", "customer", "--site", site, "--json").json()}
    assert (fields["phone"]["owner"], fields["phone"]["written_to"]) == ("crm", ["netsuite"])
    assert fields["erp_number"]["written_to"] == []
    assert "There is no record 'client'; there are" in tieline("owners", "client", "--site", site).err
    assert "customer.phone" in tieline("owners", "--site", site).out


def test_codes_without_a_counterpart_are_named_and_fail_only_when_asked_for(tieline: Command, site: Path) -> None:
    plain = tieline("check", "--site", site)
    assert plain.code == 0
    assert "role 'Sr. Architect' in netsuite" in plain.out
    listed = tieline("check", "--reference", "--site", site)
    assert listed.code == 1
    assert "missing" in listed.out
    assert listed.out.endswith("2 to mend.\n")
