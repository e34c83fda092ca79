"""Kantata stand-in: paging gives every record exactly once, also while records change, and stays cheap."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.standins.kantata_account import Account, ids
from tieline_standins.core.background import running
from tieline_standins.core.clock import Clock
from tieline_standins.core.ledger import Ledger
from tieline_standins.core.vendor import Context
from tieline_standins.kantata import query
from tieline_standins.kantata.vendor import KantataVendor, build

SEEDED = 317
ORDERS = [f"{name}:{way}" for name in ("created_at", "date_performed", "updated_at") for way in ("asc", "desc")]


@pytest.fixture(scope="module")
def seeded() -> Iterator[Account]:
    """An account with more entries than one page holds, most of them of the same second."""
    with running(build, seed=5) as url, Account(url) as account:
        account.control("kantata/seed", {"time_entries": SEEDED, "people": 3})
        yield account


@given(
    per_page=st.integers(1, 260),
    order=st.sampled_from(ORDERS),
    billable=st.sampled_from([None, "true", "false"]),
    by_offset=st.booleans(),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_pages_of_any_query_hold_each_match_once_and_in_order(
    seeded: Account, per_page: int, order: str, billable: str | None, by_offset: bool
) -> None:
    params = {"order": order, "approved": "true"} | ({"billable": billable} if billable else {})
    field, _, direction = order.partition(":")
    found, page, count = [], 1, 0
    while True:
        size = min(per_page, 200)
        window = {"limit": per_page, "offset": (page - 1) * size} if by_offset else {"per_page": per_page, "page": page}
        answer = seeded.read("time_entries", **params, **window)
        count = answer["count"]
        found += [answer["time_entries"][result["id"]] for result in answer["results"]]
        if page >= answer["meta"]["page_count"]:
            break
        page += 1
    assert len(found) == len(set(ids(found))) == count
    values = [record[field] for record in found]
    assert values == sorted(values, reverse=direction == "desc")
    if billable is None:
        assert count == SEEDED
    else:
        assert {record["billable"] for record in found} == {billable == "true"}


class Rows:
    """A Kantata account without HTTP, for many small writes and reads."""

    def __init__(self) -> None:
        clock = Clock()
        self.clock = clock
        self.vendor = KantataVendor(Context(clock, Ledger(clock)))
        self.world = self.vendor.world
        self.workspace = self.world.insert("workspaces", {"title": "A"}).sid

    def listed(self, **params: str) -> list[str]:
        resource = self.world.tables["time_entries"].resource
        return [record.sid for record in query.index(self.world, resource, params).records]

    def expected(self, field: str, *, billable: bool, after: str | None) -> list[str]:
        rows = [r for r in self.world.all("time_entries") if r.data["billable"] is billable]
        rows = [r for r in rows if after is None or r.data["updated_at"] > after]
        return [r.sid for r in sorted(rows, key=lambda r: (r.data[field], r.id))]


STEP = st.tuples(st.sampled_from(["insert", "edit", "flip", "remove"]), st.integers(0, 20), st.integers(0, 3))


@given(st.lists(STEP, max_size=40))
@settings(max_examples=60)
def test_a_kept_view_equals_a_fresh_scan_after_any_changes(steps: list[tuple[str, int, int]]) -> None:
    rows = Rows()
    second = 0
    for what, target, gap in steps:
        second += gap
        with rows.clock.pinned(datetime.fromtimestamp(1_790_000_000 + second, UTC)):
            existing = list(rows.world.all("time_entries"))
            if what == "insert" or not existing:
                data = {
                    "time_in_minutes": 5,
                    "billable": target % 2 == 0,
                    "date_performed": f"2026-11-{target + 1:02d}",
                }
                rows.world.insert("time_entries", data, {"workspace": rows.workspace})
            elif what == "remove":
                rows.world.remove(existing[target % len(existing)])
            else:
                record = existing[target % len(existing)]
                rows.world.edit(record, {"billable": not record.data["billable"]} if what == "flip" else {"notes": "x"})
        middle = sorted(r.data["updated_at"] for r in rows.world.all("time_entries"))[len(existing) // 2 :][:1]
        for field in ("updated_at", "date_performed"):
            listed = rows.listed(order=f"{field}:asc", billable="true", per_page="200")
            assert listed == rows.expected(field, billable=True, after=None)
        for after in middle:
            listed = rows.listed(order="updated_at:asc", billable="false", per_page="200", updated_after=after)
            assert listed == rows.expected("updated_at", billable=False, after=after)


def test_seeding_is_the_same_for_the_same_seed() -> None:
    answers = []
    for seed in (3, 3, 4):
        with running(build, seed=seed) as url, Account(url) as account:
            account.control("clock", {"at": "2026-11-02T08:00:00Z"})
            account.control("kantata/seed", {"time_entries": 50, "people": ["2", "3"]})
            rows = account.listed("time_entries", per_page=200, order="created_at:asc", include="user")
            answers.append([(row["id"], row["time_in_minutes"], row["user_id"]) for row in rows])
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]
    assert {user for _, _, user in answers[0]} == {"2", "3"}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"time_entries": 0},
        {"time_entries": "9"},
        {"time_entries": 1, "workspace_id": 9},
        {"time_entries": 1, "people": 0},
    ],
)
def test_a_wrong_seed_request_is_refused(kantata: Account, wanted: object) -> None:
    assert kantata.http.post("/__standin__/kantata/seed", json=wanted).status_code == 400
