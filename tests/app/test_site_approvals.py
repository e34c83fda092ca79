"""Rules of approvals in the site: teams and patterns are resolved, and what nobody could fulfil is a mistake."""

from datetime import date
from decimal import Decimal

import pytest

from tests.app.conftest import Folder
from tieline.app.site import load_site
from tieline.engine.approval_policy import Asked

RULES = """
[[approval]]
what = "Non-standard terms"
region = "EMEA"
above = 50000
currency = "EUR"
approvers = ["finance", "Cara@firm.example"]
people = 2

[teams]
finance = ["anna@firm.example", "ben@firm.example"]

[[deputy]]
person = "anna@firm.example"
stands_in = "dan@firm.example"
first = 2026-12-21
last = 2027-01-06
"""


def test_teams_regions_and_deputies_count_when_the_site_is_read(folder: Folder) -> None:
    folder.append(RULES)
    policy = load_site(folder.path).approvals
    asked = Asked(label="Non-standard terms", legal_entity="DE", amount=Decimal(50_001), currency="EUR")
    assert policy.rule(Asked(label="Non-standard terms", legal_entity="US", amount=Decimal(50_001))) is None
    usual = ("anna@firm.example", "ben@firm.example", "cara@firm.example")
    assert policy.approvers(asked, date(2026, 12, 20)) == usual
    assert policy.approvers(asked, date(2026, 12, 24)) == (*usual, "dan@firm.example")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('approvers = ["treasury"]', "'treasury' is neither an e-mail nor one of the [teams]"),
        ('approvers = ["a@x.example", "A@x.example"]\npeople = 2', "2 people must approve, but it names 1"),
        ('region = "APAC"', "'APAC' fits no legal entity of the site"),
        ('currency = "EURO"', "'EURO' is no ISO 4217 currency code such as USD"),
        ("above = -1", "Input should be greater than or equal to 0"),
    ],
)
def test_a_rule_nobody_could_fulfil_is_told_with_its_line(folder: Folder, table: str, told: str) -> None:
    line = folder.append(f"\n[[approval]]\n{table}\n")
    (defect,) = folder.defects()
    assert told in defect
    assert line <= int(defect.split(":")[1]) <= line + 3
