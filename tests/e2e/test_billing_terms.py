"""Deals with billing terms: what the calendar and limits bill, through NetSuite, and the books come out."""

import re
from pathlib import Path
from typing import Any

from tests.e2e.deals import money, shown, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World, world
from tests.reconciliation.comparing import Comparing
from tieline.demo.people import today
from tieline.engine.approvals import decide_approval

TOM = "tom.okafor@haldenmarsh.example"
LIMIT = """
[service_line.billing]
currency = "USD"
[[service_line.billing.caps]]
id = "total"
amount = 1000
above = "held"
"""
FEES = """
[service_line.billing]
currency = "USD"
retainer = { id = "support", fee = 500, hours = 10 }
[[service_line.billing.subscriptions]]
id = "helpdesk"
name = "Helpdesk"
price = 120
"""


def test_limits_and_fees_are_on_the_invoices_and_every_law_holds(tmp_path: Path, database: str) -> None:
    with world(tmp_path, database) as here:
        _agree(here.site, Implementation=LIMIT, Advisory=FEES)
        here.begin()
        capped = win(here, "Capped deal")
        fees = win(here, "Support deal", Service_Line__c="Advisory", Billing_Method__c="retainer")
        month = f"{today():%Y-%m}"

        supported = here.until(lambda: shown(here, fees), "project of the support deal")
        draft = here.until(lambda: here.finance.draft(supported["ERP_Id__c"], money(620)), "invoice in advance")
        assert _lines(here, draft) == {f"Helpdesk {month}": money(120), f"Retainer {month}": money(500)}

        project = here.until(lambda: shown(here, capped), "project of the capped deal")
        work(here, project, TOM, (workday(), 240))
        here.until(lambda: here.finance.draft(project["ERP_Id__c"], money(840)), "draft below the limit")
        work(here, project, TOM, (workday(1), 120))
        draft = here.until(lambda: here.finance.draft(project["ERP_Id__c"], money(1000)), "draft up to the limit")
        assert _lines(here, draft)[f"Over the limit of USD 1,000.00, {month}"] == money(-260)
        told = [str(entry["body"]) for entry in here.ledger("kantata") if "of the limit of" in str(entry["body"])]
        assert [re.findall(r"(\d+)% of", text) for text in told] == [["84"], ["126"]], "each level once"

        _decide(here, "USD 260.00", approve=True)
        draft = here.until(lambda: here.finance.draft(project["ERP_Id__c"], money(1260)), "draft with what was held")
        here.finance.release(draft)
        work(here, project, TOM, (workday(2), 60))
        _decide(here, "USD 210.00", approve=False)
        here.until(lambda: here.finance.hours(project["ERP_Id__c"]) == 7, "hours above the limit in NetSuite")
        here.settled()

        assert here.exceptions() == []
        assert doubled(here) == []
        assert {one.invariant: one.violations for one in Comparing(here).verify().checked if one.count} == {}


def _decide(here: World, worth: str, *, approve: bool) -> None:
    asked = here.until(lambda: next((row for row in here.exceptions() if worth in row.message), None), f"{worth} asked")
    assert asked.approval_id is not None
    assert decide_approval(here.tieline.database, asked.approval_id, approve=approve, by="finance@haldenmarsh.example")


def _agree(site: Path, **terms: str) -> None:
    """Billing terms of service lines, written below their tables."""
    file = site / "site.toml"
    parts = file.read_text("utf-8").split("[[service_line]]")
    for name, table in terms.items():
        place = next(n for n, part in enumerate(parts) if f'id = "{name}"' in part)
        own, mark, rest = parts[place].partition("\n# ----")
        parts[place] = own + table + mark + rest
    file.write_text("[[service_line]]".join(parts), "utf-8")


def _lines(here: World, invoice: str) -> dict[str, Any]:
    """What the customer reads, and its amount."""
    return {line["description"]: money(line["amount"]) for line in here.finance.invoice(invoice)["item"]["items"]}
