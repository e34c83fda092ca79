"""SOQL over HTTP: what the conditions mean, in which order rows come, and how a wrong query is refused."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.standins_salesforce.conftest import Caller
from tieline_standins.core.background import running
from tieline_standins.salesforce import build

# name, stage, close date, amount, skills, go-live
DEALS = (
    ("Alpha", "Prospecting", "2026-01-31", None, "A;B", "2026-11-20T23:30:00Z"),
    ("beta", "Closed Won", "2026-02-28", 100, "B", "2026-11-21T00:30:00Z"),
    ("Gamma 100%", "Closed Lost", "2026-03-31", 200.5, None, None),
    ("Delta_x", "Closed Won", "2026-11-21", 300, "A;C", "2026-12-01T00:00:00Z"),
    ("O'Neill", "Qualification", "2027-01-01", 100, None, None),
)


@pytest.fixture(scope="module")
def deals() -> Iterator[Caller]:
    """An org that is only read; its clock stands near 21 November 2026, 12:00 UTC."""
    with running(build) as url, httpx2.Client(base_url=url, timeout=30) as http:
        caller = Caller(http)
        caller.control("clock", {"at": "2026-11-21T12:00:00Z"})
        caller.control(
            "customize",
            {
                "fields": [
                    {"object": "Opportunity", "name": "Go_Live__c", "type": "datetime"},
                    {
                        "object": "Opportunity",
                        "name": "Skills__c",
                        "type": "multipicklist",
                        "picklist": ["A", "B", "C"],
                    },
                ]
            },
        )
        caller.log_in()
        customer = caller.query("SELECT Id FROM Account WHERE Name = 'Bluepeak Energy'")["records"][0]["Id"]
        for place, (name, stage, day, amount, skills, live) in enumerate(DEALS):
            caller.create(
                "Opportunity",
                Name=name,
                StageName=stage,
                CloseDate=day,
                Amount=amount,
                Skills__c=skills,
                Go_Live__c=live,
                AccountId=customer if place % 2 == 0 else None,
            )
        yield caller
        assert http.get("/__standin__/health").json()["bugs"] == []


def found(deals: Caller, where: str) -> list[int]:
    """Places in DEALS of the rows a condition keeps."""
    kept = deals.names(f"SELECT Name FROM Opportunity WHERE {where} ORDER BY CloseDate")
    return [[deal[0] for deal in DEALS].index(name) for name in kept]


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ("Amount = 100", [1, 4]),
        ("Amount != 100", [0, 2, 3]),
        ("Amount <> 100", [0, 2, 3]),
        ("Amount > 100", [2, 3]),
        ("Amount >= 100 AND Amount < 300", [1, 2, 4]),
        ("Amount = NULL", [0]),
        ("Amount != null", [1, 2, 3, 4]),
        ("NOT Amount > 100", [0, 1, 4]),
        ("NOT (Amount = 100 OR Amount = null)", [2, 3]),
        ("Name = 'ALPHA'", [0]),
        ("Name = 'O\\'Neill'", [4]),
        ("Name LIKE '%a'", [0, 1]),
        ("Name LIKE '_eta'", [1]),
        ("Name LIKE '%100\\%'", [2]),
        ("Name LIKE '%\\_x'", [3]),
        ("(NOT Name LIKE '%a') AND IsWon = true", [3]),
        ("StageName IN ('Closed Won', 'closed lost')", [1, 2, 3]),
        ("StageName NOT IN ('Closed Won', 'Closed Lost')", [0, 4]),
        ("Skills__c INCLUDES ('A')", [0, 3]),
        ("Skills__c INCLUDES ('A;B', 'C')", [0, 3]),
        ("Skills__c EXCLUDES ('B')", [2, 3, 4]),
        ("CloseDate = 2026-02-28", [1]),
        ("CloseDate > 2026-02-28 AND CloseDate <= 2026-11-21", [2, 3]),
        ("CloseDate = TODAY", [3]),
        ("CloseDate < TODAY", [0, 1, 2]),
        ("CloseDate = THIS_YEAR", [0, 1, 2, 3]),
        ("CloseDate = NEXT_YEAR", [4]),
        ("CloseDate > THIS_QUARTER", [4]),
        ("CloseDate = LAST_N_DAYS:300", [0, 1, 2, 3]),
        ("CloseDate = LAST_N_MONTHS:8", [2]),
        ("Go_Live__c = YESTERDAY", [0]),
        ("Go_Live__c >= TODAY", [1, 3]),
        ("Go_Live__c = NEXT_MONTH", [3]),
        ("Go_Live__c > 2026-11-21T01:00:00+01:00", [1, 3]),
        ("Go_Live__c = 2026-11-21T00:30:00.000Z", [1]),
        ("Account.Name = 'bluepeak energy'", [0, 2, 4]),
        ("Account.Owner.Name = 'Tieline Integration'", [0, 2, 4]),
        ("Account.Name = null", [1, 3]),
        ("AccountId IN (SELECT Id FROM Account WHERE Name LIKE 'Blue%')", [0, 2, 4]),
        ("AccountId NOT IN (SELECT Id FROM Account WHERE Name LIKE 'Blue%')", [1, 3]),
    ],
)
def test_a_condition_keeps_the_rows_it_describes(deals: Caller, where: str, places: list[int]) -> None:
    assert found(deals, where) == places


def test_rows_come_in_the_order_asked_for(deals: Caller) -> None:
    names = deals.names
    assert names("SELECT Name FROM Opportunity ORDER BY Amount, Name DESC") == [
        "Alpha", "O'Neill", "beta", "Gamma 100%", "Delta_x",
    ]  # fmt: skip
    assert names("SELECT Name FROM Opportunity ORDER BY Amount DESC NULLS LAST, Name LIMIT 2 OFFSET 1") == [
        "Gamma 100%", "beta",
    ]  # fmt: skip
    assert names("select name from opportunity o where o.Name like 'A%' order by o.Name") == ["Alpha"]


def test_fields_and_aggregates_are_answered_as_records(deals: Caller) -> None:
    row = deals.query("SELECT FIELDS(STANDARD) FROM Opportunity WHERE Name = 'beta' LIMIT 1")["records"][0]
    assert row["StageName"] == "Closed Won"
    assert "Skills__c" not in row
    total = deals.query("SELECT COUNT(Id), SUM(Amount) total, MAX(CloseDate) FROM Opportunity")["records"]
    assert total == [
        {"attributes": {"type": "AggregateResult"}, "expr0": 5, "total": 700.5, "expr1": "2027-01-01"},
    ]
    assert deals.query("SELECT COUNT(Id) FROM Opportunity LIMIT 1")["records"][0]["expr0"] == 5
    groups = deals.query("SELECT StageName, COUNT(Id) n FROM Opportunity GROUP BY StageName")["records"]
    assert {row["StageName"]: row["n"] for row in groups} == {
        "Prospecting": 1, "Closed Won": 2, "Closed Lost": 1, "Qualification": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("soql", "error_code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'x' AND Name = 'y' OR Name = 'z'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name == 'x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account; DROP TABLE x", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY"),
        ("SELECT StageName, COUNT(Id) n FROM Opportunity GROUP BY StageName ORDER BY StageName", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE " + "(" * 200 + "Name = 'x'" + ")" * 200, "MALFORMED_QUERY"),
        ("SELECT Nope__c FROM Account", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Account ORDER BY Nope", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = '100'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_a_wrong_query_is_refused_with_the_vendors_code(deals: Caller, soql: str, error_code: str) -> None:
    assert deals.refused("GET", "query", params={"q": soql}) == (400, error_code)


WORDS = st.sampled_from(
    ["SELECT", "FROM", "WHERE", "Id", "Name", "Account", "Opportunity", "(", ")", ",", "=", "LIKE", "'x%'", "IN", "NOT",
     "AND", "OR", "5", "null", "ORDER BY", "LIMIT", "COUNT()", "TODAY", "LAST_N_DAYS:", "2026-01-01", "Account.Name",
     "\\", "'", ":", "GROUP BY", "FIELDS(ALL)", "Contacts"]
)  # fmt: skip


@settings(max_examples=examples(40))
@given(words=st.lists(WORDS, max_size=14) | st.lists(st.text(max_size=6), max_size=4))
def test_any_text_is_a_query_or_a_clean_refusal(deals: Caller, words: list[str]) -> None:
    for text in (" ".join(words), "SELECT Id FROM Opportunity " + " ".join(words)):
        answer = deals.call("GET", "query", params={"q": text})
        assert answer.status_code in (200, 400)
        assert answer.status_code == 200 or answer.json()[0]["errorCode"] != ""


CONDITION = st.recursive(
    st.tuples(st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), st.sampled_from([0, 100, 200.5, 300, 999])),
    lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), inner, inner) | st.tuples(st.just("NOT"), inner),
    max_leaves=6,
)


def as_soql(condition: Any) -> str:
    match condition:
        case ("NOT", inner):
            return f"(NOT {as_soql(inner)})"
        case (word, left, right):
            return f"({as_soql(left)} {word} {as_soql(right)})"
        case (operator, value):
            return f"Amount {operator} {value}"
    raise AssertionError(condition)


def holds(condition: Any, amount: float | None) -> bool:
    match condition:
        case ("NOT", inner):
            return not holds(inner, amount)
        case ("AND", left, right):
            return holds(left, amount) and holds(right, amount)
        case ("OR", left, right):
            return holds(left, amount) or holds(right, amount)
        case ("=", value):
            return bool(amount == value)
        case ("!=", value):
            return bool(amount != value)
        case (operator, value):
            pairs = {"<": lambda a: a < value, ">": lambda a: a > value, "<=": lambda a: a <= value}
            return amount is not None and bool(pairs.get(operator, lambda a: a >= value)(amount))
    raise AssertionError(condition)


@given(condition=CONDITION)
def test_conditions_combine_as_logic_says(deals: Caller, condition: Any) -> None:
    expected = [place for place, deal in enumerate(DEALS) if holds(condition, deal[3])]
    assert found(deals, as_soql(condition)) == expected


def test_paging_survives_writes_in_between_and_the_oldest_cursor_is_closed(sf: Caller) -> None:
    sf.control("customize", {"settings": {"open_cursors": 1}})
    for start in range(0, 600, 200):
        rows = [{"attributes": {"type": "Account"}, "Name": f"N{start + n:04}"} for n in range(200)]
        assert sf.call("POST", "composite/sobjects", {"records": rows}).status_code == 200
    small = {"Sforce-Query-Options": "batchSize=1"}  # only a hint: 200 is the least
    first = sf.query("SELECT Id FROM Account WHERE Name LIKE 'N%' ORDER BY Name", **small)
    assert (first["totalSize"], len(first["records"])) == (600, 200)
    sf.call("DELETE", f"sobjects/Account/{first['records'][0]['Id']}")
    seen, page = list(first["records"]), first
    while not page["done"]:
        page = sf.call("GET", page["nextRecordsUrl"]).json()
        seen += page["records"]
        assert page["totalSize"] == 600
    assert len({row["Id"] for row in seen}) == len(seen) == 600
    second = sf.query("SELECT Id FROM Account WHERE Name LIKE 'N%'", **small)
    sf.query("SELECT Name FROM Account WHERE Name LIKE 'N%'", **small)
    assert sf.refused("GET", second["nextRecordsUrl"]) == (400, "INVALID_QUERY_LOCATOR")


def test_rows_are_as_they_were_asked_and_parents_that_lack_are_null(sf: Caller) -> None:
    sf.create("Contact", LastName="Nobody")
    row = sf.query("SELECT LastName, Account.Name, Account.Owner.Name FROM Contact")["records"][0]
    assert list(row) == ["attributes", "LastName", "Account"]
    assert row["Account"] is None
    assert sf.query("SELECT Name, (SELECT Id FROM Contacts) FROM Account LIMIT 1")["records"][0]["Contacts"] is None
