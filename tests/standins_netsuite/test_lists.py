"""Lists of ids: paging and the q parameter."""

import pytest

from tests.standins_netsuite.account import RECORDS, Caller


@pytest.fixture
def seven(netsuite: Caller) -> Caller:
    netsuite.move_clock("2026-11-21T13:00:00Z")
    for n in range(7):
        body = {"companyName": f"Customer {n}", "subsidiary": {"id": "1"}, "creditLimit": n * 10, "isInactive": n == 6}
        netsuite.create("customer", body)
    netsuite.move_clock("2026-11-21T13:30:20Z")
    return netsuite


def found(caller: Caller, q: str) -> list[str]:
    """Names of the customers a filter finds."""
    answer = caller.http.get(f"{RECORDS}/customer", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [caller.read("customer", item["id"])["companyName"][9:] for item in answer.json()["items"]]


def test_pages_by_their_next_link_show_every_record_once(seven: Caller) -> None:
    url, ids = f"{RECORDS}/customer?limit=3", []
    while url:
        page = seven.http.get(url).json()
        assert page["totalResults"] == 7
        ids += [item["id"] for item in page["items"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
        assert page["hasMore"] is bool(url)
    assert len(ids) == len(set(ids)) == 7


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=1001", "limit"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=2&offset=3", "offset"),
        ("limit=1&offset=1000", "offset"),
        ("offset=-1", "offset"),
        ("q=colour IS 1", "q"),
    ],
)
def test_a_bad_page_is_refused(netsuite: Caller, query: str, parameter: str) -> None:
    answer = netsuite.http.get(f"{RECORDS}/customer?{query}")
    assert netsuite.refusal(answer)[:2] == (400, "INVALID_PARAMETER")
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == parameter


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ('companyName IS "customer 3"', ["3"]),
        ("companyName END_WITH 3", ["3"]),
        ('companyName CONTAIN_NOT "mer 3" AND creditLimit LESS 40', ["0", "1", "2"]),
        ("creditLimit BETWEEN [20, 30]", ["2", "3"]),
        ("creditLimit ANY_OF [0, 60]", ["0", "6"]),
        ("creditLimit EQUAL 0 OR creditLimit EQUAL 10 AND isInactive IS true", ["0"]),
        ("(creditLimit EQUAL 0 OR creditLimit EQUAL 10) AND isInactive IS false", ["0", "1"]),
        ("phone EMPTY AND creditLimit GREATER_OR_EQUAL 50", ["5", "6"]),
        ("phone EMPTY_NOT", []),
        ("isInactive IS true", ["6"]),
        ("subsidiary ANY_OF [2, 3]", []),
    ],
)
def test_filters_find_what_their_operators_say(seven: Caller, q: str, names: list[str]) -> None:
    assert found(seven, q) == names


def test_dates_in_q_take_the_accounts_format_only(seven: Caller) -> None:
    number = seven.create("customer", {"companyName": "Customer L", "subsidiary": {"id": "1"}})
    seven.move_clock("2026-11-25T00:00:00Z")
    assert "L" in found(seven, 'lastModifiedDate ON "11/21/2026"')
    assert "L" in found(seven, 'lastModifiedDate ON_OR_AFTER "11/21/2026 1:30 pm"')
    assert found(seven, 'lastModifiedDate AFTER "11/21/2026"') == []
    answer = seven.http.get(f"{RECORDS}/customer", params={"q": 'lastModifiedDate AFTER "2026-11-21"'})
    assert seven.refusal(answer)[:2] == (400, "INVALID_PARAMETER")
    seven.customize({"settings": {"date_format": "DD.MM.YYYY"}})
    assert "L" in found(seven, 'lastModifiedDate ON "21.11.2026"')
    assert number


@pytest.mark.parametrize(
    "q",
    ["(", "companyName", "companyName IS", "companyName LIKE x", "a AND", "creditLimit LESS x", '"', "] [", "(" * 900],
)
def test_a_malformed_filter_is_refused(netsuite: Caller, q: str) -> None:
    answer = netsuite.http.get(f"{RECORDS}/customer", params={"q": q})
    assert netsuite.refusal(answer)[:2] == (400, "INVALID_PARAMETER")
