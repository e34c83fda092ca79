"""A round with PyPI `netsuite`: records, list, SuiteQL, metadata and errors; prints what it saw as JSON.

The client builds https addresses of the account's own host; `_make_url` is the one place that has to be redirected.
"""

import asyncio
import json
import sys

from netsuite import Config, NetSuite, TokenAuth
from netsuite.exceptions import NetsuiteAPIRequestError

BASE, TOKEN_SECRET = sys.argv[1], sys.argv[2]


def client():
    auth = TokenAuth(
        consumer_key="standin-consumer-key",
        consumer_secret="standin-consumer-secret",
        token_id="standin-token-id",
        token_secret=TOKEN_SECRET,
    )
    api = NetSuite(Config(account="TSTDRV1234567_SB1", auth=auth)).rest_api
    api._make_url = lambda path: f"{BASE}/services/rest{path}"
    return api


async def refusal(awaitable):
    """The status and the error code of a request that has to fail."""
    try:
        await awaitable
    except NetsuiteAPIRequestError as error:
        return {"status": error.status_code, "body": json.loads(error.response_text)}
    return None


async def write(api, seen):
    customer = {"companyName": "Nordwind GmbH", "entityId": "Nordwind", "subsidiary": {"id": "3"}, "phone": "030 1"}
    made = await api.request("POST", "/record/v1/customer", json=customer)
    seen["create"] = {"status": made.status_code, "location": made.headers["location"], "body": made.text}
    number = made.headers["location"].rsplit("/", 1)[1]
    seen["upserts"] = [
        await api.put("/record/v1/customer/eid:CID002", json={"companyName": "Second", "subsidiary": {"id": "1"}}),
        await api.put("/record/v1/customer/eid:CID002", json={"phone": "2"}),
    ]
    await api.patch(f"/record/v1/customer/{number}", json={"email": "a@b.example"})
    seen["record"] = await api.get(f"/record/v1/customer/{number}")
    seen["expanded"] = await api.get("/record/v1/customer/eid:CID002", params={"expandSubResources": "true"})
    return number


async def read(api, seen):
    seen["list"] = await api.get("/record/v1/customer", params={"limit": 1, "offset": 1})
    seen["filtered"] = await api.get(
        "/record/v1/customer", params={"q": 'phone IS "2" AND companyName START_WITH "Sec"'}
    )
    seen["suiteql"] = await api.suiteql(
        "SELECT id, companyname, phone, email, isinactive, BUILTIN.DF(subsidiary) AS subsidiary FROM customer "
        "WHERE lastmodifieddate > TO_DATE('2024-01-01', 'YYYY-MM-DD') ORDER BY id",
        limit=10,
    )
    seen["schema"] = await api.jsonschema("customer")
    seen["openapi"] = await api.openapi(["customer", "job"])


async def bill(api, seen):
    """A vendor's bill for a project, and its lines as SuiteQL shows them."""

    async def made(record, body):
        answer = await api.request("POST", f"/record/v1/{record}", json=body)
        return answer.headers["location"].rsplit("/", 1)[1]

    customer = await made("customer", {"companyName": "Third", "subsidiary": {"id": "1"}})
    project = await made("job", {"companyName": "Build", "parent": {"id": customer}})
    vendor = await made("vendor", {"companyName": "Kestrel Analytics", "subsidiary": {"id": "1"}})
    line = {"account": {"externalId": "6000"}, "amount": 1200, "customer": {"id": project}, "memo": "May"}
    number = await made("vendorBill", {"entity": {"id": vendor}, "tranId": "KA-77", "expense": {"items": [line]}})
    seen["project"] = project
    seen["bill"] = await api.get(f"/record/v1/vendorBill/{number}", params={"expandSubResources": "true"})
    seen["bill_lines"] = await api.suiteql(
        "SELECT t.tranid, t.posting, BUILTIN.DF(t.entity) AS vendor, l.entity AS project, l.foreignamount AS amount "
        "FROM transaction t INNER JOIN transactionline l ON l.transaction = t.id "
        f"WHERE t.type = 'VendBill' AND l.mainline = 'F' AND t.id = {number}",
        limit=10,
    )


async def fail(api, seen):
    seen["unknown_field"] = await refusal(
        api.post("/record/v1/customer", json={"companyName": "X", "subsidiary": {"id": "1"}, "colour": "red"})
    )
    seen["missing"] = await refusal(api.post("/record/v1/customer", json={"companyName": "X"}))
    seen["bad_reference"] = await refusal(
        api.post("/record/v1/salesOrder", json={"entity": {"id": "10"}, "item": {"items": [{"item": {"id": 9999}}]}})
    )
    seen["bad_query"] = await refusal(api.suiteql("SELECT colour FROM customer"))


async def main():
    api = client()
    seen = {}
    if sys.argv[3] == "login":
        seen["login"] = await refusal(api.get("/record/v1/customer"))
    else:
        number = await write(api, seen)
        await read(api, seen)
        await bill(api, seen)
        await fail(api, seen)
        await api.delete(f"/record/v1/customer/{number}")
        seen["gone"] = await refusal(api.get(f"/record/v1/customer/{number}"))
    sys.stdout.write(json.dumps(seen))


asyncio.run(main())
