"""Scenarios run with simple-salesforce; each prints one JSON document of facts for the test to judge."""

import base64
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connection import (
    CONSUMER_KEY,
    CONSUMER_SECRET,
    DOMAIN,
    PASSWORD,
    SECURITY_TOKEN,
    USERNAME,
    VERSION,
    address,
    connect,
    failure,
    legal_entity_and_external_ids,
    session,
)
from simple_salesforce import Salesforce, format_soql


def log_in():
    """Every way the library can log in; a login counts when a call made with it answers."""
    key = Path(sys.argv[3]).read_text()
    made = {
        "client_credentials": connect(),
        "jwt": Salesforce(
            username=USERNAME,
            consumer_key=CONSUMER_KEY,
            privatekey=key,
            domain="login",
            version=VERSION,
            session=session(),
        ),
        "password": Salesforce(
            username=USERNAME,
            password=PASSWORD + SECURITY_TOKEN,
            consumer_key=CONSUMER_KEY,
            consumer_secret=CONSUMER_SECRET,
            domain="login",
            version=VERSION,
            session=session(),
        ),
        "soap": Salesforce(
            username=USERNAME, password=PASSWORD, security_token=SECURITY_TOKEN, version="59.0", session=session()
        ),
    }
    return {way: sf.query("SELECT Name FROM Organization")["records"][0]["Name"] for way, sf in made.items()}


def refused_logins():
    other_key = Path(sys.argv[3]).read_text()
    common = {"version": VERSION, "session": session()}
    jwt = {"username": USERNAME, "privatekey": other_key, "domain": "login"}
    return {
        "bad_secret": failure(Salesforce, consumer_key=CONSUMER_KEY, consumer_secret="no", domain=DOMAIN, **common),
        "unknown_client": failure(Salesforce, consumer_key="nobody", consumer_secret="no", domain=DOMAIN, **common),
        "foreign_signature": failure(Salesforce, consumer_key=CONSUMER_KEY, **jwt, **common),
        "bad_password": failure(Salesforce, username=USERNAME, password="no", security_token="no", **common),
        "not_a_token": failure(Salesforce(session_id="00Dnope", instance_url=address(), **common).limits),
    }


def expired_session():
    """The library logs in again by itself when the session has ended."""
    made = session()
    sf = connect(session=made)
    adapter = made.get_adapter("https://")
    before = adapter.token_calls
    made.post(f"{address()}/__standin__/clock", json={"offset_seconds": 3 * 3600}, timeout=10)
    total = sf.query("SELECT COUNT() FROM User")["totalSize"]
    return {"logins_before": before, "logins_after": adapter.token_calls, "users": total}


def create_read_update_delete():
    legal_entity_and_external_ids()
    sf = connect()
    made = sf.Account.create({"Name": "O'Brien & Söhne 🏗", "Ext_Id__c": "E1", "AnnualRevenue": 12.5})
    read = sf.Account.get(made["id"])
    by_key = sf.Account.get_by_custom_id("Ext_Id__c", "E1")
    updated = sf.Account.update(made["id"], {"Description": "first", "AnnualRevenue": None})
    cleared = sf.Account.get(made["id"])
    upserted = [sf.Account.upsert("Ext_Id__c/E1", {"Name": "B"}), sf.Account.upsert("Ext_Id__c/E2", {"Name": "C"})]
    deleted = sf.Account.delete(made["id"])
    return {
        "created": made,
        "read": read,
        "by_key": by_key["Id"],
        "short_id": sf.Account.get_by_custom_id("Ext_Id__c", "E2")["Id"],
        "updated": updated,
        "cleared": cleared,
        "upserted": upserted,
        "deleted": deleted,
        "after_delete": failure(sf.Account.get, made["id"]),
        "update_deleted": failure(sf.Account.update, made["id"], {"Name": "x"}),
        "in_bin": [
            row["IsDeleted"]
            for row in sf.query(f"SELECT IsDeleted FROM Account WHERE Id = '{made['id']}'", include_deleted=True)[
                "records"
            ]
        ],
    }


def refusals():
    legal_entity_and_external_ids()
    sf = connect()
    first = sf.Account.create({"Name": "A", "Ext_Id__c": "DUP"})["id"]
    for last_name in ("Uno", "Due"):
        sf.Contact.create({"LastName": last_name, "Badge__c": "TWICE"})
    account, deal = sf.Account, {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    return {
        "first": first,
        "unknown_field": failure(account.create, {"Name": "A", "Bad__c": 1}),
        "missing_name": failure(account.create, {"Description": "x"}),
        "duplicate": failure(account.create, {"Name": "B", "Ext_Id__c": "DUP"}),
        "too_long": failure(account.create, {"Name": "x" * 256}),
        "bad_value": failure(sf.Opportunity.create, deal | {"CloseDate": "31.12.2026"}),
        "bad_picklist": failure(sf.Opportunity.create, deal | {"Legal_Entity__c": "FR"}),
        "bad_reference": failure(sf.Opportunity.create, deal | {"AccountId": "001000000000000AAA"}),
        "malformed_id": failure(account.update, "not-an-id", {"Name": "x"}),
        "unknown_id": failure(account.get, "001000000000000AAA"),
        "unknown_object": failure(sf.Nonsense__c.create, {"Name": "x"}),
        "unknown_key_field": failure(account.get_by_custom_id, "Nope__c", "1"),
        "two_matches": failure(sf.Contact.get_by_custom_id, "Badge__c", "TWICE"),
        "read_only": failure(account.create, {"Name": "A", "CreatedDate": "2020-01-01T00:00:00Z"}),
        "bad_query": failure(sf.query, "SELECT Bogus FROM Account"),
        "bad_syntax": failure(sf.query, "SELECT Id FROM Account WHERE"),
        "bad_object": failure(sf.query, "SELECT Id FROM Nonsense"),
        "bad_locator": failure(sf.query_more, "01g000000000000AAA-2000"),
    }


def describe_and_windows():
    legal_entity_and_external_ids()
    sf = connect()
    made = [sf.Account.create({"Name": f"W{n}"})["id"] for n in range(3)]
    sf.Account.delete(made[0])
    now = datetime.now(UTC)
    window = (now - timedelta(minutes=10), now + timedelta(minutes=5))
    return {
        "made": made,
        "describe": sf.Account.describe(),
        "objects": [found["name"] for found in sf.describe()["sobjects"]],
        "metadata": sf.Account.metadata()["objectDescribe"]["name"],
        "updated": sf.Account.updated(*window),
        "deleted": sf.Account.deleted(*window),
        "limits": sf.limits(),
        "usage": sf.api_usage["api-usage"]._asdict(),
    }


def queries():
    legal_entity_and_external_ids()
    sf = connect()
    customer = sf.Account.create({"Name": "O'Brien", "Ext_Id__c": "Q"})["id"]
    start = datetime.now(UTC) - timedelta(minutes=5)
    for number, stage in enumerate(["Prospecting", "Closed Won", "Closed Lost", "Closed Won"]):
        sf.Opportunity.create(
            {
                "Name": f"Deal {number}",
                "AccountId": customer,
                "StageName": stage,
                "CloseDate": f"2026-0{number + 1}-15",
                "Amount": 1000 * number or None,
                "Budget__c": 0.1 * number,
            }
        )

    def names(soql, *arguments, **named):
        return [row["Name"] for row in sf.query_all_iter(format_soql(soql, *arguments, **named))]

    nested = sf.query(
        "SELECT Name, (SELECT Name, StageName FROM Opportunities WHERE IsWon = true ORDER BY Name)"
        " FROM Account WHERE Ext_Id__c = 'Q'"
    )["records"][0]
    return {
        "parent": names("SELECT Name FROM Opportunity WHERE Account.Name = {} ORDER BY Name DESC", "O'Brien"),
        "since": names("SELECT Name FROM Opportunity WHERE SystemModstamp > {} ORDER BY SystemModstamp", start),
        "won": names(
            "SELECT Name FROM Opportunity WHERE IsWon = {} AND CloseDate >= {}",
            True,
            start.date().replace(month=3, day=1),
        ),
        "listed": names(
            "SELECT Name FROM Opportunity WHERE StageName IN {} ORDER BY CloseDate", ["Prospecting", "Closed Lost"]
        ),
        "like": names("SELECT Name FROM Account WHERE Name LIKE '{:like}%'", "O'B"),
        "none": names("SELECT Name FROM Opportunity WHERE Amount = NULL"),
        "nulls_last": names("SELECT Name FROM Opportunity ORDER BY Amount DESC NULLS LAST LIMIT 3"),
        "count": sf.query("SELECT COUNT() FROM Opportunity WHERE NOT (StageName = 'Closed Won')"),
        "nested": nested,
        "traversed": sf.query("SELECT Account.Name, Account.Owner.Name FROM Opportunity LIMIT 1")["records"][0],
        "url": sf.query("SELECT Id, Amount, CloseDate, CreatedDate FROM Opportunity WHERE Name = 'Deal 1'")["records"][
            0
        ],
    }


def query_paging():
    """4,500 records by pages of 2,000; the second reader sees deleted ones too."""
    legal_entity_and_external_ids()
    sf = connect()
    rows = [{"Name": f"P{number:05}", "Ext_Id__c": f"P{number}"} for number in range(4500)]
    ids = []
    for start in range(0, len(rows), 200):
        batch = [{"attributes": {"type": "Account"}, **row} for row in rows[start : start + 200]]
        answer = sf.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": batch})
        ids += [row["id"] for row in answer]
    first = sf.query("SELECT Id, Name FROM Account WHERE Ext_Id__c != null ORDER BY Name")
    everything = sf.query_all("SELECT Id FROM Account WHERE Ext_Id__c != null")
    sf.Account.delete(ids[0])
    return {
        "first_total": first["totalSize"],
        "first_length": len(first["records"]),
        "first_done": first["done"],
        "next": first["nextRecordsUrl"],
        "all_length": len(everything["records"]),
        "distinct": len({row["Id"] for row in everything["records"]}),
        "same_ids": {row["Id"] for row in everything["records"]} == set(ids),
        "left": sf.query("SELECT COUNT() FROM Account WHERE Ext_Id__c != null")["totalSize"],
        "with_deleted": len(
            list(sf.query_all_iter("SELECT Id FROM Account WHERE Ext_Id__c != null", include_deleted=True))
        ),
    }


def composite():
    legal_entity_and_external_ids()
    sf = connect()
    root = f"/services/data/v{VERSION}"

    def part(reference, kind, body, method="POST"):
        return {"method": method, "url": f"{root}/sobjects/{kind}", "referenceId": reference, "body": body}

    contact = part("person", "Contact", {"LastName": "Y", "AccountId": "@{customer.id}"})
    good = [part("customer", "Account", {"Name": "X"}), contact]
    bad = [
        part("customer", "Account", {"Name": "Never kept"}),
        part("person", "Contact", {"FirstName": "No last name"}),
    ]

    def send(parts, all_or_none):
        body = {"allOrNone": all_or_none, "compositeRequest": parts}
        return sf.restful("composite", method="POST", json=body)["compositeResponse"]

    graph = {"graphs": [{"graphId": "g1", "compositeRequest": good}, {"graphId": "g2", "compositeRequest": bad}]}
    batch = [{"method": "GET", "url": f"v{VERSION}/limits"}, {"method": "GET", "url": f"v{VERSION}/sobjects/Nope/1"}]
    return {
        "good": send(good, True),
        "halted": send(bad, True),
        "kept_after_halt": sf.query("SELECT COUNT() FROM Account WHERE Name = 'Never kept'")["totalSize"],
        "partial": send(bad, False),
        "kept_after_partial": sf.query("SELECT COUNT() FROM Account WHERE Name = 'Never kept'")["totalSize"],
        "graph": sf.restful("composite/graph", method="POST", json=graph)["graphs"],
        "batch": sf.restful("composite/batch", method="POST", json={"batchRequests": batch}),
        "tree": sf.restful(
            "composite/tree/Account",
            method="POST",
            json={"records": [{"attributes": {"type": "Account", "referenceId": "t1"}, "Name": "Tree"}]},
        ),
    }


def bulk_ingest():
    legal_entity_and_external_ids()
    sf = connect()
    bulk = sf.bulk2.Account
    fast = {"wait": 0.02}
    inserted = bulk.insert(
        records=[{"Name": f"B{n}", "Ext_Id__c": f"B{n}", "Description": "d"} for n in range(25)], **fast
    )
    upserted = bulk.upsert(
        records=[
            {"Name": "B0 changed", "Ext_Id__c": "B0", "Description": ""},
            {"Name": 'new, "quoted"\nline', "Ext_Id__c": "B99", "Description": "x"},
            {"Name": "", "Ext_Id__c": "B100", "Description": "no name"},
            {"Name": "B1", "Ext_Id__c": "B1", "Description": "#N/A"},
        ],
        external_id_field="Ext_Id__c",
        **fast,
    )
    job = upserted[0]["job_id"]
    fifth = sf.Account.get_by_custom_id("Ext_Id__c", "B5")["Id"]
    deleted = bulk.delete(records=[{"Id": fifth}], **fast)
    return {
        "inserted": inserted,
        "upserted": upserted,
        "successful": bulk.get_successful_records(job),
        "failed": bulk.get_failed_records(job),
        "unprocessed": bulk.get_unprocessed_records(job),
        "deleted": deleted,
        "rows": {
            row["Ext_Id__c"]: [row["Name"], row["Description"]]
            for row in sf.query(
                "SELECT Ext_Id__c, Name, Description FROM Account WHERE Ext_Id__c IN ('B0', 'B1', 'B99')"
            )["records"]
        },
        "left": sf.query("SELECT COUNT() FROM Account WHERE Ext_Id__c LIKE 'B%'")["totalSize"],
        "unknown_job": failure(bulk.get_failed_records, "750000000000000AAA"),
    }


def bulk_query():
    legal_entity_and_external_ids()
    sf = connect()
    records = [{"Name": f"Q{n:03}", "Ext_Id__c": f"Q{n}"} for n in range(25)]
    sf.bulk2.Account.insert(records=records, wait=0.02)
    soql = "SELECT Id, Name, Owner.Name FROM Account WHERE Ext_Id__c LIKE 'Q%' ORDER BY Name"
    pages = list(sf.bulk2.Account.query(soql, max_records=10, wait=0.02))
    return {"pages": pages, "one": list(sf.bulk2.Account.query(soql, wait=0.02))}


def files():
    sf = connect()
    account = sf.Account.create({"Name": "Paper"})["id"]
    made = sf.ContentVersion.create(
        {"Title": "SOW", "PathOnClient": "sow.pdf", "VersionData": base64.b64encode(b"%PDF hello").decode()}
    )["id"]
    document = sf.ContentVersion.get(made)["ContentDocumentId"]
    link = sf.ContentDocumentLink.create({"ContentDocumentId": document, "LinkedEntityId": account, "ShareType": "V"})
    version = sf.ContentVersion.get(made)
    return {
        "link": link["success"],
        "content": base64.b64encode(sf.ContentVersion.get_base64(made, base64_field="VersionData")).decode(),
        "size": version["ContentSize"],
        "extension": version["FileExtension"],
        "title": sf.ContentDocument.get(document)["Title"],
    }


def sales_process():
    """A deal as sales works it: products, line items, roll-up of Amount, stage, contract."""
    sf = connect()
    entry = sf.query(
        "SELECT Id, Pricebook2Id, UnitPrice FROM PricebookEntry WHERE ProductCode = 'IMP-BUILD' AND IsActive = true"
    )["records"][0]
    customer = sf.query("SELECT Id FROM Account WHERE Name = 'Bluepeak Energy'")["records"][0]["Id"]
    rep = sf.query("SELECT Id FROM User WHERE Name = 'Sam Ortiz'")["records"][0]["Id"]
    deal = sf.Opportunity.create(
        {
            "Name": "Grid analytics",
            "AccountId": customer,
            "StageName": "Qualification",
            "CloseDate": "2026-12-31",
            "Amount": 5,
            "Pricebook2Id": entry["Pricebook2Id"],
            "OwnerId": rep,
        }
    )["id"]
    before = sf.Opportunity.get(deal)
    line = {"OpportunityId": deal, "PricebookEntryId": entry["Id"], "Quantity": 3}
    first = sf.OpportunityLineItem.create(line | {"UnitPrice": 100.10})["id"]
    sf.OpportunityLineItem.create(line | {"TotalPrice": 60})
    rolled = sf.Opportunity.get(deal)
    write_amount = failure(sf.Opportunity.update, deal, {"Amount": 1})
    sf.Opportunity.update(deal, {"StageName": "Closed Won"})
    won = sf.Opportunity.get(deal)
    both = failure(sf.OpportunityLineItem.create, line | {"UnitPrice": 1, "TotalPrice": 3})
    sf.OpportunityLineItem.delete(first)
    contract = sf.Contract.create({"AccountId": customer, "StartDate": "2026-12-31", "ContractTerm": 2})["id"]
    not_draft = failure(sf.Contract.create, {"AccountId": customer, "Status": "Activated"})
    sf.Contract.update(contract, {"Status": "Activated"})
    return {
        "before": before,
        "rolled": rolled,
        "write_amount": write_amount,
        "won": won,
        "both": both,
        "after_line_delete": sf.Opportunity.get(deal)["Amount"],
        "lines": sf.query(
            "SELECT Name, (SELECT Product2.ProductCode, UnitPrice, TotalPrice FROM OpportunityLineItems)"
            f" FROM Opportunity WHERE Id = '{deal}'"
        )["records"][0],
        "contract": sf.Contract.get(contract),
        "not_draft": not_draft,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(globals()[sys.argv[1]](), default=str) + "\n")
