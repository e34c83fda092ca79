"""The core of the stand-ins: faults, ledger, clock, journal and control API, over real HTTP."""

import time
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standins.trivial_vendor import NotesVendor
from tieline_standins.core import exact_json
from tieline_standins.core.background import running
from tieline_standins.core.http import Router
from tieline_standins.core.journal import JournalError
from tieline_standins.firm import load_firm

AUTH = {"authorization": "secret"}


def ledger_bodies(client: httpx2.Client) -> list[object]:
    return [entry["body"] for entry in client.get("/__standin__/ledger").json()["entries"]]


def test_a_committed_write_is_in_the_ledger_once_with_its_body(notes: httpx2.Client) -> None:
    notes.post("/notes", json={"hours": 1.5})
    notes.get("/notes")
    ledger = notes.get("/__standin__/ledger").json()
    assert ledger["last"] == 1
    assert ledger["entries"][0] | {"time": ""} == {
        "n": 1,
        "time": "",
        "operation": "notes.post",
        "method": "POST",
        "path": "/notes",
        "key": "1",
        "external_key": None,
        "body": {"hours": 1.5},
    }


def test_the_ledger_is_read_from_a_position_and_by_operation(notes: httpx2.Client) -> None:
    for n in range(3):
        notes.post("/notes", json=n)
    since = notes.get("/__standin__/ledger", params={"since": 1, "operation": "notes.*", "limit": 1}).json()
    assert [entry["body"] for entry in since["entries"]] == [1]
    assert notes.get("/__standin__/ledger", params={"operation": "other.*"}).json()["entries"] == []
    assert notes.get("/__standin__/ledger", params={"since": "x"}).status_code == 400


def test_a_dropped_connection_before_commit_writes_nothing(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "notes.post", "effect": "drop_before", "times": 1})
    with pytest.raises(httpx2.TransportError):
        notes.post("/notes", json="a")
    assert ledger_bodies(notes) == []
    assert notes.post("/notes", json="a").status_code == 200


def test_a_dropped_connection_after_commit_leaves_the_write(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "notes.post", "effect": "drop_after", "times": 1})
    with pytest.raises(httpx2.TransportError):
        notes.post("/notes", json="a")
    assert ledger_bodies(notes) == ["a"]


def test_a_late_commit_lands_after_a_newer_write(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "notes.post", "effect": "late_commit", "ms": 1000, "times": 1})
    with pytest.raises(httpx2.TransportError):
        notes.post("/notes", json="late")
    notes.post("/notes", json="newer")
    deadline = time.monotonic() + 20
    while len(ledger_bodies(notes)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ledger_bodies(notes) == ["newer", "late"]


def test_a_hanging_late_commit_holds_the_connection_until_it_is_written(notes: httpx2.Client) -> None:
    rule = {"operation": "notes.post", "effect": "late_commit", "ms": 50, "hang": True, "times": 1}
    notes.post("/__standin__/faults", json=rule)
    with pytest.raises(httpx2.TransportError):
        notes.post("/notes", json="late")
    assert ledger_bodies(notes) == ["late"]


def test_a_status_fault_answers_in_the_vendors_own_format(notes: httpx2.Client) -> None:
    notes.post(
        "/__standin__/faults",
        json={"operation": "notes.*", "effect": "status", "status": 429, "retry_after": 7, "times": 1},
    )
    busy = notes.post("/notes", json="a")
    assert (busy.status_code, busy.headers["retry-after"], busy.json()) == (429, "7", {"notes_error": "try later"})
    assert ledger_bodies(notes) == []


def test_a_status_after_the_write_leaves_the_write(notes: httpx2.Client) -> None:
    rule = {"operation": "notes.post", "effect": "status_after", "status": 500, "times": 1}
    notes.post("/__standin__/faults", json=rule)
    assert notes.post("/notes", json="a").status_code == 500
    assert ledger_bodies(notes) == ["a"]


@pytest.mark.parametrize("wish", ["Sat, 21 Nov 2026 10:00:00 GMT", "-5", "soon", "1000000000"])
def test_a_wish_to_wait_may_be_any_text(notes: httpx2.Client, wish: str) -> None:
    rule = {"operation": "*", "effect": "status", "status": 429, "retry_after": wish, "times": 1}
    notes.post("/__standin__/faults", json=rule)
    assert notes.get("/notes").headers["retry-after"] == wish


@pytest.mark.parametrize(
    ("how", "body"),
    [
        ("fewer", b"[1,2]"),
        ("repeated", b"[1,1,2,2,3,3]"),
        ("reversed", b"[3,2,1]"),
        ("truncated", b"[1,"),
        ("empty", b""),
    ],
)
def test_an_answer_is_spoiled_and_what_it_answers_has_happened(notes: httpx2.Client, how: str, body: bytes) -> None:
    notes.post("/__standin__/notes/seed", json=[1, 2, 3])
    notes.post("/__standin__/faults", json={"operation": "notes.get", "effect": "spoil", "how": how, "times": 1})
    assert notes.get("/notes").content == body
    notes.post("/__standin__/faults", json={"operation": "notes.post", "effect": "spoil", "times": 1})
    assert notes.post("/notes", json=4).text.startswith("<!DOCTYPE html>")
    assert ledger_bodies(notes) == [4]


def test_a_huge_answer_is_small_on_its_way(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "*", "effect": "spoil", "how": "huge", "times": 1})
    with notes.stream("GET", "/notes") as answer:
        assert len(b"".join(answer.iter_raw())) < 100_000
        assert answer.headers["content-encoding"] == "gzip"


def test_a_rule_waits_for_its_ordinal_and_ends_after_its_times(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "*", "effect": "status", "after": 2, "times": 2})
    assert [notes.get("/notes").status_code for _ in range(6)] == [200, 200, 503, 503, 200, 200]
    assert notes.delete("/__standin__/faults").status_code == 204
    assert notes.get("/__standin__/faults").json() == {"faults": []}


def test_a_seeded_chance_gives_the_same_faults_each_time(notes: httpx2.Client) -> None:
    def statuses() -> list[int]:
        notes.delete("/__standin__/faults")
        rule = {"operation": "*", "effect": "status", "probability": 0.5, "seed": 7}
        notes.post("/__standin__/faults", json=[rule])
        return [notes.get("/notes").status_code for _ in range(40)]

    first = statuses()
    assert set(first) == {200, 503}
    assert statuses() == first


def test_latency_delays_the_answer_and_still_gives_it(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "*", "effect": "latency", "ms": 60, "times": 1})
    started = time.monotonic()
    assert notes.get("/notes").status_code == 200
    assert time.monotonic() - started >= 0.06


def test_an_expired_token_is_refused_until_a_new_one_is_set_up(notes: httpx2.Client) -> None:
    notes.post("/__standin__/faults", json={"operation": "*", "effect": "expire_token", "times": 1})
    assert notes.get("/notes").status_code == 401
    assert notes.get("/notes").status_code == 401
    assert notes.post("/__standin__/customize", json={"token": "secret"}).status_code == 200
    assert notes.get("/notes").status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "status"},
        {"operation": "*", "effect": "explode"},
        {"operation": "*", "effect": "status", "status": 42},
        {"operation": "*", "effect": "latency", "ms": -1},
        {"operation": "*", "effect": "status", "probability": 2},
        {"operation": "*", "effect": "status", "colour": "red"},
        {"operation": "*", "effect": "status", "retry_after": -1},
        {"operation": "*", "effect": "status", "retry_after": "a\nb"},
        {"operation": "*", "effect": "spoil", "how": "gently"},
        "latency",
    ],
)
def test_a_wrong_fault_rule_is_refused_and_adds_nothing(notes: httpx2.Client, rule: object) -> None:
    good = {"operation": "*", "effect": "status"}
    refused = notes.post("/__standin__/faults", json=[good, rule])
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert notes.get("/__standin__/faults").json() == {"faults": []}


def test_vendor_timestamps_follow_the_clock(notes: httpx2.Client) -> None:
    notes.post("/__standin__/clock", json={"at": "2031-05-06T07:00:00Z"})
    assert notes.post("/notes", json=1).json()["at"].startswith("2031-05-06T07:00:")
    notes.post("/__standin__/clock", json={"offset_seconds": 0})
    assert notes.get("/__standin__/clock").json()["offset_seconds"] == 0
    malformed: tuple[object, ...] = (
        {"at": "2031-05-06T07:00:00"},
        {"at": "soon"},
        {"offset_seconds": "1"},
        [],
        {"offset_seconds": 10**12},
    )
    for wrong in malformed:
        assert notes.post("/__standin__/clock", json=wrong).status_code == 400


def test_all_requests_are_counted_by_operation(notes: httpx2.Client) -> None:
    notes.get("/notes")
    notes.get("/notes")
    notes.post("/notes", json=1)
    assert notes.get("/__standin__/requests").json() == {"total": 3, "operations": {"notes.get": 2, "notes.post": 1}}


def test_reset_forgets_records_ledger_faults_counters_and_clock(notes: httpx2.Client) -> None:
    notes.post("/notes", json=1)
    notes.post("/__standin__/faults", json={"operation": "*", "effect": "status", "status": 500, "after": 9})
    notes.post("/__standin__/clock", json={"offset_seconds": 3600})
    assert notes.post("/__standin__/reset").status_code == 204
    assert notes.get("/__standin__/requests").json()["total"] == 0
    assert notes.get("/notes").json() == []
    assert ledger_bodies(notes) == []
    assert notes.get("/__standin__/faults").json() == {"faults": []}
    assert notes.get("/__standin__/clock").json()["offset_seconds"] == 0


def test_a_bug_of_a_stand_in_is_reported_by_its_health(notes: httpx2.Client) -> None:
    assert notes.get("/__standin__/health").json() == {"ok": True, "vendor": "notes", "bugs": []}
    assert "standin_bug" in notes.get("/bug").json()
    health = notes.get("/__standin__/health").json()
    assert not health["ok"]
    assert "KeyError" in health["bugs"][0]


def test_an_awaitable_answer_is_awaited(notes: httpx2.Client) -> None:
    assert notes.get("/wait").json() == "waited"


def test_malformed_control_requests_are_refused(notes: httpx2.Client) -> None:
    assert notes.post("/__standin__/faults", content=b"{").status_code == 400
    assert notes.get("/__standin__/nothing").status_code == 404


def test_a_restart_with_the_same_state_brings_all_back(tmp_path: Path) -> None:
    with running(NotesVendor, state=tmp_path) as url, httpx2.Client(base_url=url, headers=AUTH) as client:
        client.post("/__standin__/clock", json={"at": "2030-01-01T00:00:00Z"})
        client.post("/__standin__/notes/seed", json=["seeded"])
        client.post("/notes", content='{"hours": 7.10, "text": "é\U0001f600"}'.encode())
        client.post("/__standin__/customize", json={"token": "other"})
        before = client.get("/notes", headers={"authorization": "other"}).text
        ledger = client.get("/__standin__/ledger").text
    with running(NotesVendor, state=tmp_path) as url, httpx2.Client(base_url=url) as client:
        assert client.get("/notes", headers=AUTH).status_code == 401
        assert client.get("/notes", headers={"authorization": "other"}).text == before
        assert client.get("/__standin__/ledger").text == ledger
        assert client.get("/__standin__/clock").json()["now"].startswith("2030-01-01T00:0")
        client.post("/__standin__/reset")
    with running(NotesVendor, state=tmp_path) as url:
        assert httpx2.get(f"{url}/notes", headers=AUTH).json() == []


def test_a_line_cut_short_by_a_crash_is_dropped_and_the_rest_stays(tmp_path: Path) -> None:
    with running(NotesVendor, state=tmp_path) as url:
        httpx2.post(f"{url}/notes", json="whole", headers=AUTH)
    journal = tmp_path / "notes.journal"
    journal.write_bytes(journal.read_bytes() + b'{"at": "2030-01-')
    for text in ("next", "last"):
        with running(NotesVendor, state=tmp_path) as url:
            httpx2.post(f"{url}/notes", json=text, headers=AUTH)
    with running(NotesVendor, state=tmp_path) as url:
        assert [note["text"] for note in httpx2.get(f"{url}/notes", headers=AUTH).json()] == ["whole", "next", "last"]


def test_a_file_that_is_no_journal_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "notes.journal").write_text("hello\n")
    with pytest.raises(JournalError, match=r"notes\.journal, line 1"), running(NotesVendor, state=tmp_path):
        pass


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.decimals(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    )
)
def test_json_comes_back_digit_for_digit(value: object) -> None:
    once = exact_json.dumps(value)
    assert exact_json.dumps(exact_json.loads(once)) == once


@pytest.mark.parametrize("body", [b"", b"NaN", b"{", b'"\xff"', b"[" * 100_000, b'"\\ud800"', b"1 2"])
def test_what_is_not_json_is_a_clean_error(body: bytes) -> None:
    with pytest.raises(exact_json.BadJsonError):
        exact_json.loads(body)


def test_the_router_keeps_encoded_slashes_inside_a_value() -> None:
    router: Router[str] = Router()
    router.add("GET", "/items", "list")
    router.add("GET", "/items/{kind}/eid:{external_id}", "by_external_id")
    router.add("GET", "/items/{kind}/{id}", "show")
    assert [(m.value, m.params) for m in [router.match("GET", "/items/job/eid:A%2FB%20C")] if m] == [
        ("by_external_id", {"kind": "job", "external_id": "A/B C"})
    ]
    assert [m.value for m in (router.match("GET", "/items/job/7"), router.match("GET", "/items")) if m] == [
        "show",
        "list",
    ]
    assert router.match("POST", "/items") is None
    assert (router.methods("/items"), router.methods("/items/job/7/x")) == (["GET"], [])


def test_the_firm_has_people_with_rates_and_one_role_without_a_service_item() -> None:
    firm = load_firm()
    assert [role.name for role in firm.roles if role.service_item is None] == ["Sr. Architect"]
    assert (firm.person("Grace Lee").bill_rate, firm.person("Dana Whitfield").approver) == (Decimal(295), True)
    assert {person.entity for person in firm.people} == {entity.code for entity in firm.entities}
    assert {person.role for person in firm.people} <= {role.name for role in firm.roles}
