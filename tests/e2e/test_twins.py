"""A customer who may be one we have already: none is made twice, a person decides, and may take it back."""

from typing import Any

from tests.e2e.deals import Deal, netsuite_record, offer, shown, stage
from tests.e2e.world import World
from tieline.app.views.exceptions import ExceptionRow
from tieline.exception_queue import matches

PLACE = {"BillingStreet": "120 N Lake Street", "BillingCity": "Chicago", "BillingPostalCode": "60606"}


def test_a_likely_twin_waits_for_a_person_and_is_one_customer_when_they_say_so(firm: World) -> None:
    first = _won(firm, "Brightwater rollout", "Brightwater Logistics Inc", Phone="+1 312 555 0199", **PLACE)
    booked = _in_both(firm, first)
    before = _customers(firm)
    second = _won(firm, "Brightwater support", "Brightwater Logistics")

    asked = firm.until(lambda: _asked(firm), "question about the twin")
    assert "may be 'Brightwater Logistics Inc'" in asked.message
    assert "same name (66 % sure)" in asked.message
    assert asked.owner == "finance"
    firm.until(lambda: _in_psa(firm, second), "project in the PSA all the same")
    firm.settled()
    assert _customers(firm) == before

    matches.same(firm.tieline.database, _pair(firm, asked), "Ada", "same office", survivor=_ours(firm, first))
    project = _in_both(firm, second)
    firm.settled()
    assert _asked(firm) is None
    assert _customers(firm) == before
    assert _bill_to(firm, project) == _bill_to(firm, booked)
    rows = firm.sales.query("SELECT Account__c, Name FROM Tieline_Customer_Link__c")
    numbers = {row["Account__c"]: row["Name"] for row in rows}
    assert numbers[first.account] == numbers[second.account]


def test_customers_a_person_called_different_are_two_and_nobody_is_asked_again(firm: World) -> None:
    first = _won(firm, "Lakeside One", "Lakeside Dental Group", Phone="312 555 7001")
    _in_both(firm, first)
    second = _won(firm, "Lakeside Two", "Lakeside Dental Care", Phone="312 555 7001")
    asked = firm.until(lambda: _asked(firm), "question about the twin")
    before = _customers(firm)

    matches.different(firm.tieline.database, _pair(firm, asked), "Ada", "two practices with one switchboard")
    _in_both(firm, second)
    firm.settled()
    assert len(_customers(firm)) == len(before) + 1
    _in_both(firm, _won(firm, "Lakeside Three", None, account=second.account))
    firm.settled()
    assert _asked(firm) is None
    assert len(_customers(firm)) == len(before) + 1


def test_what_is_sure_is_linked_without_a_person_and_can_be_taken_back(firm: World) -> None:
    site = {"Website": "https://www.helios-freight.example", "Phone": "312 555 4400"}
    first = _won(firm, "Helios rollout", "Helios Freight Inc", **site, **PLACE)
    _in_both(firm, first)
    before = _customers(firm)
    second = _won(firm, "Helios support", "HELIOS FREIGHT", **site, **PLACE)
    _in_both(firm, second)
    firm.settled()
    assert _customers(firm) == before
    (pair,) = firm.rows("select id, state, decided_by, reason from match_pair where decided_by = 'tieline'")
    assert pair["state"] == "same"
    assert "same domain helios-freight.example" in pair["reason"]

    matches.different(firm.tieline.database, pair["id"], "Ada", "two companies of one group")
    firm.until(lambda: len(_customers(firm)) == len(before) + 1, "a customer of its own")
    firm.settled()


def _won(firm: World, name: str, customer: str | None, account: str | None = None, **fields: Any) -> Deal:
    deal = offer(firm, name, customer=customer)
    if fields:
        firm.sales.change("Account", deal.account, **fields)
    if account is not None:
        firm.sales.change("Opportunity", deal.id, AccountId=account)
    stage(firm, deal, "Closed Won")
    return deal


def _in_both(firm: World, deal: Deal) -> dict[str, Any]:
    return firm.until(lambda: shown(firm, deal), f"'{deal.name}' in PSA and ERP")


def _in_psa(firm: World, deal: Deal) -> list[dict[str, Any]]:
    query = (
        "select external_id from effect e join engagement g on g.id = e.engagement"
        " where g.name = %s and e.connection = 'kantata' and e.target = 'project' and e.state = 'confirmed'"
    )
    return firm.rows(query, deal.name)


def _asked(firm: World) -> ExceptionRow | None:
    return next((row for row in firm.exceptions() if row.kind == "duplicate"), None)


def _pair(firm: World, asked: ExceptionRow) -> int:
    one, other = str(asked.key).split(":")
    (row,) = firm.rows("select id from match_pair where one = %s and other = %s", one, other)
    return int(row["id"])


def _ours(firm: World, deal: Deal) -> str:
    query = "select subject from cross_reference where target = 'customer' and external_id = %s"
    (row,) = firm.rows(query, deal.account)
    return str(row["subject"])


def _customers(firm: World) -> set[str]:
    """Customers in the ERP."""
    return {str(one["key"]) for one in firm.ledger("netsuite", "customer.*")}


def _bill_to(firm: World, project: dict[str, Any]) -> str:
    return str(netsuite_record(firm, "job", project["ERP_Id__c"])["parent"]["id"])
