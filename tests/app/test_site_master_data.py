"""The site's rules of master data, and the mistakes in them."""

from decimal import Decimal

import pytest

from tests.app.conftest import Folder
from tieline.app.site import SiteError, load_site

STEWARD = '\n[[steward]]\ndomain = "customer"\nowner = "master-data"\n'


def test_a_steward_owns_the_questions_of_the_domain_and_may_be_given_exceptions(folder: Folder) -> None:
    folder.append(STEWARD + "\n[matching]\nauto_link = 1\n")
    site = load_site(folder.path)
    assert site.firm.stewards == {"customer": "master-data"}
    assert site.queue_owners["master-data"] == "Master-data"
    assert (site.firm.auto_link, site.firm.ask_from) == (Decimal(1), Decimal("0.5"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STEWARD.replace('"customer"', '"client"'), "'client' is no domain; there are customer, person"),
        (STEWARD + STEWARD, "has a steward already"),
        (STEWARD.replace("master-data", "nobody@haldenmarsh.example"), "is nobody of people.csv"),
        ("\n[matching]\nauto_link = 0.5\n", "greater than or equal to 0.9"),
        ("\n[matching]\nask_from = 0.999\n", "must not lie above auto_link"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told(folder: Folder, text: str, told: str) -> None:
    folder.append(text)
    with pytest.raises(SiteError, match=told):
        load_site(folder.path)
