"""No body, however odd, makes the stand-in fail: it is kept or refused in NetSuite's format."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.standins_netsuite.account import RECORDS, Caller
from tieline_standins.netsuite.schema import RecordType, Schema

SCHEMA = Schema()
WRITTEN = (
    *("customer", "job", "projectTask", "timeBill", "salesOrder", "invoice", "creditMemo", "customerPayment"),
    *("expenseReport", "billingSchedule", "resourceAllocation", "employee"),
)
ODD: list[Any] = [
    *(None, True, 0, 1, -5, 10**14, 1e-300, 33.333, [], {}),
    *("", "x", "7:30", "A", "2026-03-01", "9999-12-31", "0001-01-01"),
    *({"id": "1"}, {"id": "10"}, {"id": 11}, {"id": None}, {"externalId": "US"}, {"externalId": "Net 60"}),
]
CELLS = st.sampled_from(ODD)
GOOD: dict[str, Any] = {
    "companyName": "x",
    "parent": {"externalId": "C-1"},
    "entity": {"externalId": "C-1"},
    "customer": {"externalId": "C-1"},
    "subsidiary": {"id": "1"},
    "project": {"externalId": "P-1"},
    "title": "t",
    "estimatedWork": 5,
    "employee": {"id": "1"},
    "hours": "1:00",
    "tranDate": "2026-03-01",
}


def bodies(record: RecordType) -> st.SearchStrategy[dict[str, Any]]:
    """A few odd cells and sublists over what is required."""
    rows = {
        name: st.fixed_dictionaries({}, optional=dict.fromkeys(sublist.fields, CELLS))
        for name, sublist in record.sublists.items()
    }
    parts: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(record.fields, CELLS)
    parts |= {name: st.lists(row, max_size=3).map(lambda lines: {"items": lines}) for name, row in rows.items()}
    chosen = st.lists(st.sampled_from(sorted(parts)), max_size=6, unique=True)
    good = {name: value for name, value in GOOD.items() if name in record.fields}
    return chosen.flatmap(lambda names: st.fixed_dictionaries({n: parts[n] for n in names})).map(lambda odd: good | odd)


@given(st.sampled_from(WRITTEN).flatmap(lambda name: st.tuples(st.just(name), bodies(SCHEMA.records[name]))))
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_stand_in_fail(netsuite: Caller, project: str, odd: tuple[str, dict[str, Any]]) -> None:
    name, body = odd
    answer = netsuite.http.put(f"{RECORDS}/{name}/eid:odd", json=body)
    assert answer.status_code in (204, 400), answer.text
    if answer.status_code == 204:
        assert netsuite.http.get(f"{answer.headers['location']}?expandSubResources=true").status_code == 200
        assert netsuite.http.get(f"{RECORDS}/customer/eid:C-1").status_code == 200
