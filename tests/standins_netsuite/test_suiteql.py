"""SuiteQL: what it finds, how it shows it, what it refuses."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.standins_netsuite.account import Caller

QUERY = "/services/rest/query/v1/suiteql"


@pytest.fixture
def time(netsuite: Caller, project: str) -> Caller:
    """Six time entries of two people, one of them later than the others."""
    for n in range(6):
        netsuite.move_clock(f"2026-03-0{n + 1}T10:00:00Z")
        body = {
            "externalId": f"T-{n}",
            "employee": {"id": str(1 + n % 2)},
            "hours": f"{n + 1}:30",
            "tranDate": f"2026-03-0{n + 1}",
            "customer": {"id": project},
            "isBillable": n == 0,
        }
        if n == 5:
            body["memo"] = "O'Brien's workshop"
        netsuite.create("timeBill", body)
    return netsuite


def test_the_prefer_header_is_mandatory(netsuite: Caller) -> None:
    assert netsuite.http.post(QUERY, json={"q": "SELECT id FROM customer"}).status_code == 400


def test_values_are_text_names_lower_case_and_nulls_left_out(time: Caller) -> None:
    (row,) = time.rows(
        "SELECT ID, Hours, Memo, IsBillable, TranDate, externalId FROM TimeBill WHERE externalid = 'T-0'"
    )
    assert row["hours"] == "1.5"
    assert (row["isbillable"], row["trandate"], row["externalid"]) == ("T", "3/1/2026", "T-0")
    assert "memo" not in row
    assert row["id"].isdigit()


def test_changes_since_an_instant_are_found_in_order(time: Caller) -> None:
    rows = time.rows(
        'SELECT externalid, TO_CHAR(lastmodifieddate, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS changed FROM timebill '
        "WHERE lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') ORDER BY lastmodifieddate, id",
        "2026-03-04 10:00:00",
    )
    assert rows[0] == {"externalid": "T-3", "changed": "2026-03-04T10:00:00Z"}
    assert [row["externalid"] for row in rows] == ["T-3", "T-4", "T-5"]


def test_a_record_written_after_the_clock_was_set_back_is_still_found(time: Caller) -> None:
    time.move_clock("2026-03-02T12:00:00Z")
    time.send("PATCH", "/timeBill/eid:T-0", {"memo": "late"}).raise_for_status()
    query = "SELECT externalid FROM timebill WHERE lastmodifieddate > TO_DATE('2026-03-02', 'YYYY-MM-DD') ORDER BY id"
    assert len(time.rows(query)) == 6


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("externalid IN ('T-1', 'T-3', 'nothing')", "13"),
        ("hours > 2 AND hours <= 4.5", "123"),
        ("NOT (hours > 2) OR memo IS NOT NULL", "05"),
        ("memo LIKE '%''s work%'", "5"),
        ("trandate BETWEEN TO_DATE('2026-03-02', 'YYYY-MM-DD') AND TO_DATE('03/03/2026', 'MM/DD/YYYY')", "12"),
        ("trandate < '3/2/2026'", "0"),
        ("employee NOT IN (1)", "135"),
        ("employee = '2' AND externalid <> 'T-1'", "35"),
        ("isbillable = 'T'", "0"),
        ("UPPER(externalid) || '!' = 'T-4!'", "4"),
        ("CASE WHEN hours > 5 THEN 'much' ELSE 'little' END = 'much'", "45"),
        ("memo IS NULL AND NVL(memo, 'x') = 'x' AND MOD = 1", None),
        ("TRUNC(lastmodifieddate) = TO_DATE('2026-03-05', 'YYYY-MM-DD')", "4"),
        ("trandate = TO_DATE('2026-03-07', 'YYYY-MM-DD') - 1", "5"),
        ("1 = 2", ""),
    ],
)
def test_conditions_select_what_oracle_would(time: Caller, condition: str, names: str | None) -> None:
    answer = time.ask(f"SELECT externalid FROM timebill WHERE {condition} ORDER BY externalid")
    if names is None:
        assert time.refusal(answer)[:2] == (400, "INVALID_PARAMETER")
        return
    assert answer.status_code == 200, answer.text
    assert "".join(item["externalid"][2:] for item in answer.json()["items"]) == names


def test_groups_sums_and_having(time: Caller) -> None:
    rows = time.rows(
        "SELECT BUILTIN.DF(employee) AS who, SUM(hours) AS worked, COUNT(*) AS n, MAX(trandate) AS latest "
        "FROM timebill GROUP BY employee HAVING SUM(hours) > 10 ORDER BY worked DESC"
    )
    assert rows == [
        {"who": "Tom Okafor", "worked": "13.5", "n": "3", "latest": "3/6/2026"},
        {"who": "Priya Raman", "worked": "10.5", "n": "3", "latest": "3/5/2026"},
    ]
    assert time.rows("SELECT COUNT(DISTINCT employee) AS n, AVG(hours) AS mean FROM timebill") == [
        {"n": "2", "mean": "4"}
    ]
    assert time.rows("SELECT SUM(hours) AS worked, COUNT(*) FROM timebill WHERE id = 0") == [{"expr1": "0"}]


def test_joins_find_their_partners_and_left_joins_keep_the_lonely(time: Caller, customer: str) -> None:
    rows = time.rows(
        "SELECT t.externalid, j.companyname AS project, c.companyname AS customer, p.title FROM timebill t "
        "INNER JOIN job j ON j.id = t.customer INNER JOIN customer c ON j.parent = c.id "
        "LEFT OUTER JOIN projecttask p ON p.id = t.casetaskevent WHERE t.employee = 1 ORDER BY t.id DESC"
    )
    assert [row["externalid"] for row in rows] == ["T-4", "T-2", "T-0"]
    assert rows[0] == {"externalid": "T-4", "project": "Nordwind build", "customer": "Nordwind"}


def test_order_limits_and_distinct(time: Caller) -> None:
    assert time.rows("SELECT DISTINCT employee FROM timebill ORDER BY 1 DESC") == [{"employee": "2"}, {"employee": "1"}]
    rows = time.rows("SELECT externalid AS e FROM timebill ORDER BY employee DESC, e FETCH FIRST 2 ROWS ONLY")
    assert [row["e"] for row in rows] == ["T-1", "T-3"]
    rows = time.rows("SELECT TOP 1 externalid FROM timebill ORDER BY memo NULLS FIRST, id")
    assert rows == [{"externalid": "T-0"}]


def test_pages_show_every_row_once(time: Caller) -> None:
    seen = []
    for offset in (0, 4):
        page = time.ask("SELECT id FROM timebill ORDER BY id", limit=4, offset=offset).json()
        assert (page["totalResults"], page["hasMore"]) == (6, offset == 0)
        seen += [item["id"] for item in page["items"]]
    assert len(set(seen)) == 6
    assert time.ask("SELECT id FROM timebill", limit=4, offset=2).status_code == 400


def test_rows_beyond_the_cap_cannot_be_reached(time: Caller) -> None:
    time.customize({"settings": {"suiteql_row_cap": 4}})
    assert time.ask("SELECT id FROM timebill", limit=2, offset=2).status_code == 200
    assert time.ask("SELECT id FROM timebill", limit=2, offset=4).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "SELECT colour FROM customer",
        "SELECT id FROM nowhere",
        "SELECT id FROM customer WHERE",
        "SELECT id FROM customer ORDER BY colour",
        "SELECT x.id FROM customer c",
        "SELECT id FROM customer c INNER JOIN job j ON j.parent = c.id",
        "SELECT id, COUNT(*) FROM customer",
        "SELECT SUM(companyname) FROM customer",
        "SELECT id FROM customer WHERE id = 'abc'",
        "SELECT id FROM customer WHERE lastmodifieddate > 'yesterday'",
        "SELECT id FROM customer WHERE id = ?",
        "DELETE FROM customer",
        "SELECT id FROM customer; DROP TABLE customer",
        "SELECT NOSUCH(id) FROM customer",
        "SELECT TO_DATE('2026', 'YYYY-MM') AS x FROM customer",
        "",
        "SELECT (" + "(" * 500 + "id FROM customer",
    ],
)
def test_a_query_that_is_not_understood_is_refused(netsuite: Caller, customer: str, query: str) -> None:
    answer = netsuite.ask(query)
    assert netsuite.refusal(answer)[:2] == (400, "INVALID_PARAMETER")
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


WORDS = st.sampled_from(
    [
        *("SELECT", "FROM", "WHERE", "id", "customer", "lastmodifieddate", "'x'", "''", "5", "?", "AND", "OR", "NOT"),
        *("IN", "LIKE", "IS", "NULL", "BETWEEN", "CASE", "WHEN", "THEN", "END", "AS", "DISTINCT", "TOP", "ORDER", "BY"),
        *("GROUP", "COUNT", "SUM", "TO_DATE", "BUILTIN", "DF", "LEFT", "JOIN", "ON", ",", "(", ")", "*", "=", "<", ">"),
        *(".", "-", "+", "/", "||", "<>", "creditlimit", "category", "isinactive", "'NaN'", "'1e99'", "99999999999"),
        *("SUBSTR", "NVL", "ROUND", "TRUNC", "TO_CHAR", "SYSDATE", "HAVING", "AVG", "MAX", "ELSE", "LENGTH", "'YYYY'"),
    ]
)


@given(st.lists(WORDS, max_size=14))
@example(["SELECT", "."])
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_makes_the_stand_in_fail(netsuite: Caller, words: list[str]) -> None:
    answer = netsuite.ask("SELECT " + " ".join(words))
    assert answer.status_code in (200, 400)


PLAIN = st.sampled_from(["id", "companyname", "creditlimit", "category", "lastmodifieddate", "email", "NULL", "?"])
PLAIN |= st.sampled_from(["'x'", "'NaN'", "'1e99'", "5", "0", "99999999999", "'2026-01-01'", "'YYYY-MM-DD'", "SYSDATE"])
TREES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "||", "=", "<", ">=", "AND", "OR", "LIKE"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(
            st.sampled_from(["NVL", "SUBSTR", "ROUND", "TO_CHAR", "TO_DATE", "REPLACE", "BUILTIN.DF", "MAX", "SUM"]),
            st.lists(inner, min_size=1, max_size=3),
        ).map(lambda parts: f"{parts[0]}({', '.join(parts[1])})"),
        st.tuples(inner, inner, inner).map(lambda p: f"CASE WHEN {p[0]} = {p[1]} THEN {p[1]} ELSE {p[2]} END"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} IN ({p[1]}, 'a') OR NOT {p[0]} IS NULL)"),
    ),
    max_leaves=8,
)


@given(
    TREES,
    TREES,
    st.sampled_from(["SELECT {0} AS a FROM customer WHERE {1}", "SELECT id FROM customer ORDER BY {0}, {1}"]),
)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_expression_makes_the_stand_in_fail(netsuite: Caller, one: str, other: str, form: str) -> None:
    if not netsuite.ledger():
        body = {"subsidiary": {"id": "1"}, "category": {"id": "3"}, "creditLimit": 5}
        netsuite.create("customer", body | {"companyName": "A"})
        netsuite.create("customer", {"subsidiary": {"id": "2"}, "companyName": "B"})
    query = form.format(one, other)
    answer = netsuite.ask(query, *["7"] * query.count("?"))
    assert answer.status_code in (200, 400), answer.text


def test_unknown_and_false_is_false(time: Caller) -> None:
    query = "SELECT externalid FROM timebill WHERE NOT (memo = 'x' AND hours < 0) ORDER BY id"
    assert len(time.rows(query)) == 6
