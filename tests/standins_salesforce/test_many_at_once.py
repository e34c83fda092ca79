"""Collections, composite requests, graphs, trees and Bulk API 2.0 over HTTP."""

from typing import Any

import pytest

from tests.standins_salesforce.conftest import ROOT, Caller


def account(name: str | None, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "Name": name, **fields}


def part(reference: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    return {"method": method, "url": ROOT + url, "referenceId": reference} | ({"body": body} if body else {})


def composite(sf: Caller, *parts: dict[str, Any], all_or_none: bool = False) -> list[Any]:
    answer = sf.call("POST", "composite", {"allOrNone": all_or_none, "compositeRequest": list(parts)})
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["compositeResponse"]
    return found


def test_a_collection_takes_two_hundred_records_and_not_one_more(sf: Caller) -> None:
    rows = [account(f"N{n}") for n in range(201)]
    assert sf.refused("POST", "composite/sobjects", {"records": rows}) == (400, "EXCEEDED_ID_LIMIT")
    answer = sf.call("POST", "composite/sobjects", {"records": rows[:200]})
    assert (answer.status_code, len(answer.json())) == (200, 200)
    assert len(sf.operations()) == 200


def test_a_collection_answers_200_with_one_result_for_each_record(sf: Caller) -> None:
    answer = sf.call("POST", "composite/sobjects", {"records": [account("A"), account(None), account("B")]})
    assert answer.status_code == 200
    assert [row["success"] for row in answer.json()] == [True, False, True]
    assert answer.json()[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert sf.operations() == ["Account.create"] * 2


def test_two_records_of_one_collection_may_not_share_a_unique_key(sf: Caller) -> None:
    rows = [account("A", Ext_Id__c="K"), account("B", Ext_Id__c="K")]
    answer = sf.call("POST", "composite/sobjects", {"records": rows}).json()
    assert [row["success"] for row in answer] == [True, False]


def test_all_or_none_takes_everything_back_and_uses_no_id(sf: Caller) -> None:
    answer = sf.call("POST", "composite/sobjects", {"allOrNone": True, "records": [account("A"), account(None)]})
    assert [row["success"] for row in answer.json()] == [False, False]
    assert sf.operations() == []
    before = sf.create("Account", Name="next")
    assert sf.query("SELECT COUNT() FROM Account WHERE Name = 'A'")["totalSize"] == 0
    assert before.startswith("001")


def test_attributes_come_before_the_fields(sf: Caller) -> None:
    row = {"Name": "A", "attributes": {"type": "Account"}}
    assert sf.refused("POST", "composite/sobjects", {"records": [row]}) == (400, "JSON_PARSER_ERROR")


def test_records_are_upserted_read_and_deleted_together(sf: Caller) -> None:
    rows = [account("A", Ext_Id__c="1"), account("B", Ext_Id__c="2"), account("C")]
    first = sf.call("PATCH", "composite/sobjects/Account/Ext_Id__c", {"records": rows}).json()
    again = sf.call("PATCH", "composite/sobjects/Account/Ext_Id__c", {"records": rows[:2]}).json()
    assert [row.get("created") for row in first] == [True, True, None]
    assert [row["created"] for row in again] == [False, False]
    ids = [row["id"] for row in again]
    body = {"ids": [*ids, "001000000000000AAA"], "fields": ["Name"]}
    assert [row and row["Name"] for row in sf.call("POST", "composite/sobjects/Account", body).json()] == [
        "A",
        "B",
        None,
    ]
    gone = sf.call("DELETE", f"composite/sobjects?ids={ids[0]},{ids[1]},xx&allOrNone=false").json()
    assert [row["success"] for row in gone] == [True, True, False]


def test_a_composite_takes_25_parts_and_5_queries(sf: Caller) -> None:
    parts = [part(f"r{n}", "POST", "sobjects/Account", {"Name": f"A{n}"}) for n in range(26)]
    assert sf.refused("POST", "composite", {"compositeRequest": parts})[0] == 400
    assert len(composite(sf, *parts[:25])) == 25
    queries = [part(f"q{n}", "GET", "query?q=SELECT+Id+FROM+User") for n in range(6)]
    assert sf.refused("POST", "composite", {"compositeRequest": queries})[0] == 400
    assert [row["httpStatusCode"] for row in composite(sf, *queries[:5])] == [200] * 5


def test_a_part_refers_to_query_results_of_an_earlier_one(sf: Caller) -> None:
    answers = composite(
        sf,
        part("found", "GET", "query?q=SELECT+Id+FROM+Account+WHERE+Name='Bluepeak+Energy'"),
        part("person", "POST", "sobjects/Contact", {"LastName": "X", "AccountId": "@{found.records[0].Id}"}),
        part("lost", "POST", "sobjects/Contact", {"LastName": "Y", "AccountId": "@{found.records[9].Id}"}),
    )
    assert [answer["httpStatusCode"] for answer in answers] == [200, 201, 400]
    assert answers[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_all_or_none_of_a_composite_leaves_no_trace(sf: Caller) -> None:
    answers = composite(
        sf,
        part("a", "POST", "sobjects/Account", {"Name": "A"}),
        part("b", "PATCH", "sobjects/Account/@{a.id}", {"Name": "B"}),
        part("c", "POST", "sobjects/Account", {"Bogus": 1}),
        part("d", "POST", "sobjects/Account", {"Name": "D"}),
        all_or_none=True,
    )
    assert [answer["body"][0]["errorCode"] for answer in answers] == [
        "PROCESSING_HALTED", "PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED",
    ]  # fmt: skip
    assert sf.operations() == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"compositeRequest": []},
        {"compositeRequest": [1]},
        {"compositeRequest": [{"method": "GET"}]},
        {"compositeRequest": [part("a", "GET", "limits"), part("a", "GET", "limits")]},
        {"compositeRequest": [part("a", "GET", "limits")], "unknown": True},
    ],
)
def test_a_composite_of_the_wrong_form_is_refused(sf: Caller, body: Any) -> None:
    assert sf.refused("POST", "composite", body)[0] == 400


def test_addresses_that_lead_nowhere_fail_only_their_part(sf: Caller) -> None:
    answers = composite(
        sf,
        {"method": "GET", "url": "/elsewhere", "referenceId": "a"},
        part("b", "POST", "composite", {"compositeRequest": []}),
        part("c", "POST", "jobs/ingest", {"object": "Account", "operation": "insert"}),
        part("d", "GET", "sobjects/Account/xx"),
    )
    assert [answer["httpStatusCode"] for answer in answers] == [404, 405, 404, 400]


def test_a_batch_halts_on_error_when_told_to(sf: Caller) -> None:
    parts = [
        {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "kept"}},
        {"method": "GET", "url": "v66.0/sobjects/Nope"},
        {"method": "GET", "url": "v66.0/limits"},
    ]
    go_on = sf.call("POST", "composite/batch", {"batchRequests": parts}).json()
    halt = sf.call("POST", "composite/batch", {"haltOnError": True, "batchRequests": parts}).json()
    assert [result["statusCode"] for result in go_on["results"]] == [201, 404, 200]
    assert [result["statusCode"] for result in halt["results"]] == [201, 404, 412]
    assert sf.operations() == ["Account.create"] * 2


def test_each_graph_stands_alone(sf: Caller) -> None:
    good = [part("a", "POST", "sobjects/Account", {"Name": "A"}),
            part("b", "POST", "sobjects/Contact", {"LastName": "B", "AccountId": "@{a.id}"})]  # fmt: skip
    bad = [part("a", "POST", "sobjects/Account", {"Name": "lost"}), part("b", "POST", "sobjects/Contact", {"Nope": 1})]
    graphs = [{"graphId": "1", "compositeRequest": bad}, {"graphId": "2", "compositeRequest": good}]
    answer = sf.call("POST", "composite/graph", {"graphs": graphs}).json()["graphs"]
    assert [(graph["graphId"], graph["isSuccessful"]) for graph in answer] == [("1", False), ("2", True)]
    assert sf.operations() == ["Account.create", "Contact.create"]
    many = [{"graphId": str(n), "compositeRequest": good} for n in range(76)]
    assert sf.refused("POST", "composite/graph", {"graphs": many})[0] == 400


def test_a_tree_makes_parents_with_their_children_or_nothing(sf: Caller) -> None:
    child = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "C"}
    root = {"attributes": {"type": "Account", "referenceId": "r"}, "Name": "R", "Contacts": {"records": [child]}}
    answer = sf.call("POST", "composite/tree/Account", {"records": [root]})
    assert (answer.status_code, [row["referenceId"] for row in answer.json()["results"]]) == (201, ["r", "c"])
    assert sf.query("SELECT Account.Name FROM Contact")["records"][0]["Account"]["Name"] == "R"
    bad = {**root, "Contacts": {"records": [{"attributes": child["attributes"], "FirstName": "x"}]}}
    refused = sf.call("POST", "composite/tree/Account", {"records": [bad]})
    assert (refused.status_code, refused.json()["hasErrors"]) == (400, True)
    assert sf.operations() == ["Account.create", "Contact.create"]


def bulk(sf: Caller, csv: str, operation: str = "insert", **more: Any) -> dict[str, Any]:
    """Runs a whole ingest job and answers its last state."""
    opened = sf.call("POST", "jobs/ingest", {"object": "Account", "operation": operation, **more})
    assert opened.status_code == 200, opened.text
    job = f"jobs/ingest/{opened.json()['id']}"
    assert sf.call("PUT", f"{job}/batches", content=csv.encode()).status_code == 201
    closed = sf.call("PATCH", job, {"state": "UploadComplete"})
    assert (closed.status_code, closed.json()["state"]) == (200, "UploadComplete")
    states = [sf.call("GET", job).json()["state"] for _ in range(2)]
    assert states[0] == "InProgress"
    found: dict[str, Any] = sf.call("GET", job).json()
    return found


def results(sf: Caller, job: dict[str, Any], kind: str) -> list[str]:
    answer = sf.call("GET", f"jobs/ingest/{job['id']}/{kind}")
    assert answer.headers["content-type"].startswith("text/csv")
    return answer.text.splitlines()


def test_a_bulk_job_goes_through_its_states_with_default_formats(sf: Caller) -> None:
    opened = sf.call("POST", "jobs/ingest", {"object": "Account", "operation": "insert"}).json()
    assert (opened["state"], opened["columnDelimiter"], opened["lineEnding"]) == ("Open", "COMMA", "LF")
    assert opened["contentUrl"] == f"services/data/v66.0/jobs/ingest/{opened['id']}/batches"
    assert sf.refused("DELETE", f"jobs/ingest/{opened['id']}")[0] == 400
    aborted = sf.call("PATCH", f"jobs/ingest/{opened['id']}", {"state": "Aborted"}).json()
    assert aborted["state"] == "Aborted"
    assert sf.call("DELETE", f"jobs/ingest/{opened['id']}").status_code == 204
    assert sf.refused("GET", f"jobs/ingest/{opened['id']}") == (404, "NOT_FOUND")


def test_bulk_rows_follow_the_rules_of_empty_null_quotes_and_parents(sf: Caller) -> None:
    parent = sf.create("Account", Name="Parent", Ext_Id__c="P")
    sf.create("Account", Name="A", Ext_Id__c="A", Description="stays", Phone="goes")
    csv = 'Name;Ext_Id__c;Description;Phone;Parent.Ext_Id__c\r\n"A; ""2""";A;;#N/A;P\r\n'
    job = bulk(
        sf, csv, "upsert", externalIdFieldName="Ext_Id__c", columnDelimiter="SEMICOLON", lineEnding="CRLF"
    )  # fmt: skip
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 1, 0)
    row = sf.call("GET", "sobjects/Account/Ext_Id__c/A").json()
    assert (row["Name"], row["Description"], row["Phone"], row["ParentId"]) == ('A; "2"', "stays", None, parent)
    assert results(sf, job, "successfulresults")[1].endswith(';"A; ""2""";"A";"";"#N/A";"P"')


def test_bulk_rows_that_fail_leave_the_others_alone(sf: Caller) -> None:
    job = bulk(sf, "Name,Ext_Id__c\nA,1\nB,1\n,2\nC,3,extra\n")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (4, 3)
    codes = [line.split(",")[1].split(":")[0].strip('"') for line in results(sf, job, "failedResults")[1:]]
    assert codes == ["DUPLICATE_VALUE", "REQUIRED_FIELD_MISSING", "InvalidBatch"]
    assert sf.operations() == ["Account.create"]


def test_a_bulk_job_with_an_unknown_column_fails_as_a_whole(sf: Caller) -> None:
    job = bulk(sf, "Name,Bogus\nA,1\n")
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 0)
    assert "Bogus" in job["errorMessage"]
    assert results(sf, job, "unprocessedRecords") == ["Name,Bogus", '"A","1"']
    assert sf.operations() == []


def test_bulk_updates_and_deletes_by_id(sf: Caller) -> None:
    first, second = sf.create("Account", Name="A"), sf.create("Account", Name="B")
    assert bulk(sf, f"Id,Name\n{first},A2\n001000000000000AAA,x\n", "update")["numberRecordsFailed"] == 1
    assert sf.read("Account", first)["Name"] == "A2"
    assert bulk(sf, f"Id\n{second}\n", "delete")["numberRecordsFailed"] == 0
    assert sf.names("SELECT Name FROM Account WHERE Name IN ('A2', 'B')") == ["A2"]


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Nope", "operation": "insert"},
        {"object": "Account", "operation": "fly"},
        {"object": "Account", "operation": "upsert"},
        {"object": "Account", "operation": "insert", "contentType": "XML"},
        {"object": "Account", "operation": "insert", "columnDelimiter": "DOT"},
    ],
)
def test_a_bulk_job_that_cannot_run_is_refused(sf: Caller, body: Any) -> None:
    assert sf.refused("POST", "jobs/ingest", body)[0] == 400


def test_a_bulk_query_answers_pages_with_locators(sf: Caller) -> None:
    bulk(sf, "Name,AnnualRevenue\n" + "\n".join(f"N{n},{n}" for n in range(5)))
    soql = "SELECT Name, AnnualRevenue, IsDeleted, Parent.Name FROM Account WHERE Name LIKE 'N%' ORDER BY Name"
    job = sf.call("POST", "jobs/query", {"operation": "query", "query": soql}).json()
    assert job["state"] == "UploadComplete"
    assert sf.call("GET", f"jobs/query/{job['id']}").json()["state"] == "InProgress"
    assert sf.call("GET", f"jobs/query/{job['id']}").json()["state"] == "JobComplete"
    lines, locator = [], ""
    while locator != "null":
        more = f"&locator={locator}" if locator else ""
        page = sf.call("GET", f"jobs/query/{job['id']}/results?maxRecords=2{more}")
        locator = page.headers["sforce-locator"]
        rows = page.text.splitlines()
        assert rows[0] == '"Name","AnnualRevenue","IsDeleted","Parent.Name"'
        assert len(rows) - 1 == int(page.headers["sforce-numberofrecords"])
        lines += rows[1:]
    assert lines == [f'"N{n}","{n}","false",""' for n in range(5)]
    assert sf.refused("POST", "jobs/query", {"operation": "query", "query": "SELECT Bogus FROM Account"})[0] == 400
