"""Mode `shadow`: Tieline says what it would send, and sends nothing."""

from pathlib import Path

from tests.e2e.deals import win
from tests.e2e.oracle import written
from tests.e2e.world import world


def test_in_shadow_nothing_is_sent_and_everything_is_recorded(tmp_path: Path, database: str) -> None:
    with world(tmp_path, database) as here:
        _in_shadow(here.site)
        here.begin()
        deal = win(here, "Deal in the shadow")
        here.until(lambda: here.rows("select from agenda where flow = 'contract_to_project'"), "contract")
        here.settled()

        assert {vendor: written(here, vendor) for vendor in here.urls} == {name: [] for name in here.urls}
        rows = here.rows("select connection, target, label, content from shadow_effect")
        wanted = {(row["connection"], row["target"]) for row in rows}
        assert {
            ("netsuite", "customer"),
            ("netsuite", "project"),
            ("netsuite", "contract"),
            ("kantata", "project"),
            ("kantata", "resource_request"),
            ("salesforce", "project"),
        } <= wanted
        project = next(row["content"] for row in rows if (row["connection"], row["target"]) == ("netsuite", "project"))
        assert project["companyName"] == deal.name
        assert here.rows("select from effect") == []
        assert here.exceptions() == []


def _in_shadow(site: Path) -> None:
    file = site / "site.toml"
    file.write_text(file.read_text("utf-8") + '\n[[mode]]\nmode = "shadow"\n', "utf-8")
