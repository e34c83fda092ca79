"""Asynchronous requests, collections, idempotency keys, the concurrency limit, faults and a restart."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.standins_netsuite.account import RECORDS, Caller, Key

COLLECTION = "application/vnd.oracle.resource+json; type=collection"
US = {"subsidiary": {"externalId": "US"}}


def submit(caller: Caller, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    more = {"prefer": "respond-async", "content-type": COLLECTION} | headers
    content = None if body is None else json.dumps(body).encode()
    return caller.http.request(method, RECORDS + path, content=content, headers=more)


def finished(caller: Caller, accepted: httpx2.Response) -> list[httpx2.Response]:
    """The result of each task, once the job is completed."""
    assert accepted.status_code == 202, accepted.text
    job = accepted.headers["location"]
    until = time.monotonic() + 10
    while not caller.http.get(job).json()["completed"]:
        assert time.monotonic() < until
        time.sleep(0.005)
    tasks = caller.http.get(f"{job}/task").json()["items"]
    results = [f"{task['links'][0]['href']}/result" for task in tasks]
    return [caller.http.get(url, headers={"prefer": "transient"}) for url in results]


def test_a_single_request_can_be_answered_later(netsuite: Caller) -> None:
    body = {"companyName": "A", **US}
    accepted = submit(netsuite, "POST", "/customer", body, **{"content-type": "application/json"})
    assert accepted.headers["preference-applied"] == "respond-async"
    (result,) = finished(netsuite, accepted)
    assert (result.status_code, result.content) == (204, b"")
    assert netsuite.http.get(result.headers["location"]).json()["companyName"] == "A"


def test_a_query_can_be_answered_later(netsuite: Caller) -> None:
    accepted = netsuite.http.post(
        "/services/rest/query/v1/suiteql",
        json={"q": "SELECT COUNT(*) AS n FROM employee"},
        headers={"prefer": "respond-async, transient"},
    )
    (result,) = finished(netsuite, accepted)
    assert result.json()["items"][0]["n"] == "9"


def test_a_collection_is_answered_item_by_item(netsuite: Caller) -> None:
    items = [{"companyName": "A", **US}, {"companyName": "B"}, {"companyName": "A", **US}]
    accepted = submit(netsuite, "POST", "/customer", {"items": items})
    first, second, third = finished(netsuite, accepted)
    assert [first.status_code, second.status_code, third.status_code] == [204, 400, 400]
    assert netsuite.http.get(accepted.headers["location"]).json()["progress"] == "succeeded"
    tasks = netsuite.http.get(f"{accepted.headers['location']}/task/2").json()
    assert (tasks["completed"], tasks["progress"]) == (True, "failed")
    assert [entry["operation"] for entry in netsuite.ledger()] == ["customer.create"]


def test_collections_upsert_update_read_and_delete(netsuite: Caller) -> None:
    items = [{"externalId": f"X{n}", "companyName": f"Customer {n}", **US} for n in range(3)]
    made = finished(netsuite, submit(netsuite, "PUT", "/customer", {"items": items}))
    assert [one.status_code for one in made] == [204, 204, 204]
    again = finished(netsuite, submit(netsuite, "PUT", "/customer", {"items": items}))
    assert [one.headers["location"] for one in again] == [one.headers["location"] for one in made]
    number = made[0].headers["location"].rsplit("/", 1)[1]
    changes = {"items": [{"id": number, "phone": "0"}, {"externalId": "X1", "phone": "1"}, {"phone": "2"}]}
    answers = finished(netsuite, submit(netsuite, "PATCH", "/customer", changes))
    assert [one.status_code for one in answers] == [204, 204, 404]
    shown = finished(netsuite, submit(netsuite, "GET", f"/customer?expandRecords=true&ids={number},eid:X1"))
    assert [one.json()["phone"] for one in shown] == ["0", "1"]
    gone = finished(netsuite, submit(netsuite, "DELETE", f"/customer?ids={number},eid:X2,99999"))
    assert [one.status_code for one in gone] == [204, 204, 404]


def test_a_parallel_collection_promises_no_order(netsuite: Caller) -> None:
    names = [f"X{n}" for n in range(20)]
    items: list[dict[str, Any]] = [{"externalId": name, "companyName": f"Customer {name}", **US} for name in names]
    in_order = submit(netsuite, "POST", "/customer", {"items": items})
    finished(netsuite, in_order)
    written = [entry["external_key"] for entry in netsuite.ledger()]
    assert written == names
    more = [item | {"phone": "1"} for item in items]
    parallel = submit(
        netsuite, "PUT", "/customer", {"items": more}, prefer='respond-async, batch-processing="parallel"'
    )
    results = finished(netsuite, parallel)
    written = [entry["external_key"] for entry in netsuite.ledger("customer.upsert")]
    assert sorted(written) == sorted(names)
    assert written != names
    first = netsuite.read("customer", "eid:X0")["id"]
    assert results[0].headers["location"].endswith(f"/{first}")


@pytest.mark.parametrize("count", [0, 101])
def test_a_collection_has_one_to_a_hundred_records(netsuite: Caller, count: int) -> None:
    items = [{"companyName": f"C{n}", **US} for n in range(count)]
    assert submit(netsuite, "POST", "/customer", {"items": items}).status_code == 400


def test_a_collection_is_never_answered_at_once(netsuite: Caller) -> None:
    answer = submit(netsuite, "POST", "/customer", {"items": [{"companyName": "A", **US}]}, prefer="")
    assert answer.status_code == 400
    assert netsuite.ledger() == []


def test_an_idempotency_key_counts_only_for_asynchronous_requests(netsuite: Caller) -> None:
    key = {"x-netsuite-idempotency-key": "cac827ea-3543-4cda-add2-bae634326c27"}
    for name in ("A", "B"):
        body = {"companyName": name, **US}
        assert netsuite.http.post(f"{RECORDS}/customer", json=body, headers=key).status_code == 204
    items = {"items": [{"companyName": "C", **US}]}
    first = submit(netsuite, "POST", "/customer", items, **key)
    second = submit(netsuite, "POST", "/customer", items, **key)
    assert netsuite.refusal(second)[:2] == (400, "IDEMPOTENCY_ERROR")
    assert second.json()["title"] == "Conflict"
    assert second.headers["location"] == first.headers["location"]
    finished(netsuite, first)
    assert netsuite.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "3"}]


def test_a_job_shows_nothing_before_its_time(netsuite: Caller) -> None:
    netsuite.customize({"settings": {"job_milliseconds": 600_000}})
    accepted = submit(netsuite, "POST", "/customer", {"items": [{"companyName": "A", **US}]})
    job = accepted.headers["location"]
    shown = netsuite.http.get(job).json()
    assert (shown["completed"], shown["progress"]) == (False, "pending")
    assert netsuite.http.get(f"{job}/task/1/result", headers={"prefer": "transient"}).status_code == 404
    assert netsuite.ledger() == []
    netsuite.http.post("/__standin__/clock", json={"offset_seconds": 601})
    assert netsuite.http.get(job).json()["completed"] is True
    assert len(netsuite.ledger()) == 1


def test_a_result_wants_the_transient_preference(netsuite: Caller) -> None:
    accepted = submit(netsuite, "POST", "/customer", {"items": [{"companyName": "A", **US}]})
    finished(netsuite, accepted)
    assert netsuite.http.get(f"{accepted.headers['location']}/task/1/result").status_code == 400
    assert netsuite.http.get("/services/rest/async/v1/job/999").status_code == 404


def test_requests_over_the_concurrency_limit_are_refused_not_queued(netsuite: Caller) -> None:
    netsuite.customize({"settings": {"concurrency_limit": 2}})
    netsuite.http.post("/__standin__/faults", json={"operation": "employee.get", "effect": "latency", "ms": 1500})
    answers: list[int] = []

    def read() -> None:
        with httpx2.Client(base_url=netsuite.base, headers=dict(netsuite.http.headers)) as client:
            answers.append(client.get(f"{RECORDS}/employee/1").status_code)

    threads = [threading.Thread(target=read) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 200, 429, 429, 429]
    assert netsuite.send("GET", "/employee").status_code == 200


def test_faults_speak_netsuites_error_format(netsuite: Caller) -> None:
    rules = [
        {"operation": "customer.list", "effect": "status", "status": 500, "times": 1},
        {"operation": "customer.list", "effect": "status", "status": 429, "times": 1, "after": 1, "retry_after": 7},
    ]
    netsuite.http.post("/__standin__/faults", json=rules).raise_for_status()
    first, second = netsuite.send("GET", "/customer"), netsuite.send("GET", "/customer")
    assert netsuite.refusal(first)[:2] == (500, "UNEXPECTED_ERROR")
    assert netsuite.refusal(second)[:2] == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert second.headers["retry-after"] == "7"


def test_a_write_whose_answer_was_cut_off_is_in_the_ledger_once(netsuite: Caller) -> None:
    rule = {"operation": "customer.upsert", "effect": "drop_after", "times": 1}
    netsuite.http.post("/__standin__/faults", json=rule)
    body = {"companyName": "A", **US}
    with pytest.raises(httpx2.TransportError):
        netsuite.send("PUT", "/customer/eid:X", body)
    assert netsuite.send("PUT", "/customer/eid:X", body).status_code == 204
    keys = {entry["key"] for entry in netsuite.ledger()}
    assert (len(keys), len(netsuite.ledger())) == (1, 2)


@contextmanager
def process(state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The stand-in as its own process with a state directory."""
    program = "from tieline_standins.cli import main; main()"
    command = [sys.executable, "-c", program, "run", "netsuite=0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, json.loads(running.stdout.readline())["ready"]["netsuite"]
        finally:
            running.kill()


def test_records_jobs_and_keys_survive_a_kill(tmp_path: Path, key: Key) -> None:
    job_key = {"x-netsuite-idempotency-key": "one"}
    items = {"items": [{"externalId": f"X{n}", "companyName": f"C{n}", **US} for n in range(5)]}
    with process(tmp_path) as (running, base):
        caller = Caller(base, key)
        customer = caller.create("customer", {"companyName": "A", **US})
        caller.send("PATCH", f"/customer/{customer}", {"phone": "1"}).raise_for_status()
        caller.send("POST", "/customer", {"companyName": "refused"})
        accepted = submit(caller, "POST", "/customer", items, **job_key)
        finished(caller, accepted)
        before = caller.rows("SELECT id, externalid, phone, TO_CHAR(lastmodifieddate, 'HH24MISS') AS at FROM customer")
        running.send_signal(signal.SIGKILL)
        caller.http.close()
    with process(tmp_path) as (_, base):
        caller = Caller(base, key)
        query = "SELECT id, externalid, phone, TO_CHAR(lastmodifieddate, 'HH24MISS') AS at FROM customer"
        assert caller.rows(query) == before
        assert submit(caller, "POST", "/customer", items, **job_key).json()["title"] == "Conflict"
        assert int(caller.create("customer", {"companyName": "B", **US})) == int(customer) + 6
        caller.http.close()
