"""The site's rules of the exception queue: read, checked, and in force when Tieline starts."""

from pathlib import Path

import pytest

from tieline.app.assembly import assemble
from tieline.app.example import Example, write_example
from tieline.app.site import SiteError, load_site
from tieline.engine.problem import Problem, open_exception

RULES = """
[[exception_owner]]
kind = "mapping"
region = "EMEA"
owner = "tom.okafor@haldenmarsh.example"

[[exception_sla]]
kind = "*"
owner = "tom.*"
hours = 2
at_risk = 0.5
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_example(tmp_path / "site", Example())
    file = tmp_path / "site" / "site.toml"
    text = file.read_text("utf-8")
    file.write_text(text.partition("# ---- the exception queue")[0] + RULES, "utf-8")
    return tmp_path / "site"


def test_rules_of_the_site_count_when_it_is_assembled(site: Path, database: str) -> None:
    tieline = assemble(load_site(site), database)
    try:
        for entity in ("DE", "US"):
            with tieline.database.transaction() as db:
                open_exception(db, Problem(kind="mapping", key="x", message="m", owner="finance", legal_entity=entity))
        with tieline.database.connection() as db:
            rows = db.execute(
                "select owner, round(extract(epoch from due_at - opened_at) / 3600) as due,"
                " round(extract(epoch from at_risk_at - opened_at) / 3600) as risk from exception_item order by id"
            ).fetchall()
    finally:
        tieline.close()
    assert rows == [
        {"owner": "tom.okafor@haldenmarsh.example", "due": 2, "risk": 1},
        {"owner": "finance", "due": 24, "risk": 18},
    ]


def test_an_exception_may_be_given_to_every_team_and_person(site: Path) -> None:
    owners = load_site(site).queue_owners
    assert owners["finance"] == "Finance"
    assert owners["tom.okafor@haldenmarsh.example"] == "Tom Okafor"


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('kind = "mapping"', 'kind = "maping"', "'maping' fits no kind; there are mapping, master_data"),
        ('region = "EMEA"', 'region = "Asia"', "'Asia' fits no region; there are Americas, EMEA"),
        ('region = "EMEA"', 'domain = "legal"', "'legal' fits no domain"),
        ('region = "EMEA"', 'legal_entity = "FR"', "'FR' fits no legal entity"),
        ("tom.okafor@", "tom.who@", "is nobody of people.csv"),
        ("hours = 2", "hours = 0", "greater than 0"),
        ("at_risk = 0.5", "at_risk = 2", "less than or equal to 1"),
    ],
)
def test_a_rule_that_would_never_fit_is_a_mistake_of_the_site(site: Path, was: str, now: str, told: str) -> None:
    file = site / "site.toml"
    text = file.read_text("utf-8")
    file.write_text(text.removesuffix(RULES) + RULES.replace(was, now), "utf-8")
    with pytest.raises(SiteError, match=told.replace("(", r"\(")):
        load_site(site)
