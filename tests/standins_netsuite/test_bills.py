"""Bills and credits of vendors: amounts by project, approval, voids."""

from typing import Any

from tests.standins_netsuite.account import Caller

LINES = """
select l.id, l.entity as project, l.foreignamount as amount, l.netamount as base, l.taxline, l.memo,
BUILTIN.DF(t.entity) as vendor, t.posting, t.voided, t.type
from transaction t inner join transactionline l on l.transaction = t.id
where t.id = ? and l.mainline = 'F' order by l.id
"""


def vendor(netsuite: Caller) -> str:
    return netsuite.create("vendor", {"companyName": "Kestrel Analytics", "subsidiary": {"externalId": "US"}})


def bill(netsuite: Caller, project: str, record: str = "vendorBill", **fields: Any) -> str:
    lines = [
        {"account": {"externalId": "6000"}, "amount": 1200, "customer": {"id": project}, "memo": "May"},
        {"account": {"externalId": "6000"}, "amount": 80},
    ]
    body = {"entity": {"id": vendor(netsuite)}, "expense": {"items": lines}, **fields}
    return netsuite.create(record, body)


def test_a_bill_debits_its_projects_and_names_its_vendor(netsuite: Caller, project: str) -> None:
    euros: dict[str, Any] = {"currency": {"externalId": "EUR"}}
    number = bill(netsuite, project, **euros)
    first, second = netsuite.rows(LINES, number)
    assert (first["project"], first["amount"], first["vendor"]) == (project, "1200", "Kestrel Analytics")
    assert (first["base"], first["posting"], first["voided"], first["type"]) == ("1296", "T", "F", "VendBill")
    assert second["project"] != project
    assert netsuite.read("vendorBill", number)["total"] == 1280


def test_a_credit_of_a_vendor_is_below_zero(netsuite: Caller, project: str) -> None:
    first, _ = netsuite.rows(LINES, bill(netsuite, project, "vendorCredit"))
    assert (first["amount"], first["type"]) == ("-1200", "VendCred")


def test_only_an_approved_bill_that_is_not_void_posts(netsuite: Caller, project: str) -> None:
    number = bill(netsuite, project, approvalStatus={"id": "1"})
    assert netsuite.rows(LINES, number)[0]["posting"] == "F"
    netsuite.send("PATCH", f"/vendorBill/{number}", {"approvalStatus": {"id": "2"}}).raise_for_status()
    assert netsuite.rows(LINES, number)[0]["posting"] == "T"
    netsuite.customize({"void": [{"record": "vendorBill", "id": number}]})
    voided = netsuite.rows(LINES, number)[0]
    assert (voided["posting"], voided["voided"]) == ("F", "T")


def test_a_vendor_with_bills_stays(netsuite: Caller, project: str) -> None:
    number = bill(netsuite, project)
    entity = netsuite.read("vendorBill", number)["entity"]["id"]
    assert netsuite.send("DELETE", f"/vendor/{entity}").status_code == 400
    assert netsuite.send("DELETE", f"/vendorBill/{number}").status_code == 204
    assert netsuite.send("DELETE", f"/vendor/{entity}").status_code == 204
