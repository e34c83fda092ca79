"""What is thrown at Tieline: fault rules of the stand-ins for a while, counted by how often they fired."""

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tieline.demo.people import NotDone
from tieline.rehearsal.fleet import REQUEST_LIFE
from tieline.rehearsal.stage import WEBHOOK_SECRET
from tieline.rehearsal.standins import StandIns

Rule = dict[str, Any]
LATE = int(REQUEST_LIFE * 1000 / 2)
"""Milliseconds after the connection was cut until the vendor commits all the same."""

# Only what Tieline calls: the people of the firm work in their browsers.
STORM: Mapping[str, Sequence[Rule]] = {
    "netsuite": (
        {"operation": "*", "effect": "status", "status": 429, "retry_after": 1, "probability": 0.3},
        {"operation": "*", "effect": "status", "status": 429, "probability": 0.2},
    ),
    "kantata": ({"operation": "*.list", "effect": "status", "status": 429, "probability": 0.4},),
    "salesforce": ({"operation": "Tieline*", "effect": "status", "status": 503, "probability": 0.3},),
}
OUTAGE: Mapping[str, Sequence[Rule]] = {
    "netsuite": (
        {"operation": "*", "effect": "status", "status": 503, "probability": 0.5},
        {"operation": "*", "effect": "drop_before"},
    )
}
LOST_ANSWERS: Mapping[str, Sequence[Rule]] = {
    "netsuite": (
        {"operation": "timeBill.*", "effect": "late_commit", "ms": LATE, "probability": 0.3},
        {"operation": "timeBill.*", "effect": "drop_after", "probability": 0.3},
        {"operation": "invoice.*", "effect": "drop_after", "probability": 0.3},
        {"operation": "invoice.*", "effect": "late_commit", "ms": LATE, "probability": 0.1},
        {"operation": "job.*", "effect": "status", "status": 500, "probability": 0.2},
        # One at a time: a fresh sign-in that is refused too is a revoked credential, and stops the connection rightly.
        {"operation": "suiteql.query", "effect": "expire_token", "times": 1},
        {"operation": "suiteql.query", "effect": "expire_token", "times": 1, "after": 40},
    ),
    "kantata": ({"operation": "workspaces.update", "effect": "drop_after", "probability": 0.3},),
    "salesforce": ({"operation": "Tieline*", "effect": "drop_after", "probability": 0.3},),
}
SLOW: Mapping[str, Sequence[Rule]] = {
    "netsuite": ({"operation": "timeBill.*", "effect": "latency", "ms": 700},),
}
"""So that a worker can be killed in the middle of a call."""
WORDS = {
    "latency": "answered late",
    "status": "refused or failed with an error",
    "drop_before": "cut before anything was written",
    "drop_after": "written, but the answer was lost",
    "late_commit": "cut, and written later all the same",
    "expire_token": "answered after the sign-in had expired",
}


@dataclass(frozen=True, slots=True)
class Fired:
    """How often one kind of fault hit a vendor's calls."""

    vendor: str
    what: str
    times: int


@contextmanager
def weather(standins: StandIns, rules: Mapping[str, Sequence[Rule]], seed: int) -> Iterator[list[Fired]]:
    """These faults while it lasts; afterwards the list holds what they did."""
    fired: list[Fired] = []
    for vendor, some in rules.items():
        seeded = [{"seed": seed + number, **rule} for number, rule in enumerate(some)]
        standins.control(vendor, "faults", seeded)
    try:
        yield fired
    finally:
        for vendor in rules:
            fired += _fired(vendor, standins.control(vendor, "faults", method="GET")["faults"])
            standins.control(vendor, "faults", method="DELETE")


def hits(standins: StandIns, rules: Mapping[str, Sequence[Rule]]) -> int:
    """How many calls were hit so far by the faults in force."""
    return sum(one["fired"] for vendor in rules for one in standins.control(vendor, "faults", method="GET")["faults"])


def _fired(vendor: str, rules: Sequence[Rule]) -> list[Fired]:
    times: dict[str, int] = {}
    for rule in rules:
        what = "answered 429, too many requests" if rule.get("status") == 429 else WORDS[rule["effect"]]
        if rule["effect"] != "status" or rule["status"] >= 429:
            times[what] = times.get(what, 0) + rule["fired"]
    return [Fired(vendor, what, count) for what, count in times.items() if count]


TRIES = 60


@dataclass(frozen=True, slots=True)
class Told:
    """Events pushed at Tieline: how many, and how many of them it knew already."""

    sent: int
    repeated: int


def push_events(address: str, records: Sequence[tuple[str, str, str]], seed: int, copies: int = 3) -> Told:
    """Changes of (connection, kind, id) are told several times, in disorder, newest versions first or last."""
    chance = random.Random(seed)  # noqa: S311 - the order of events, nothing secret
    events = [(*record, version) for record in records for version in (1, 2)] * copies
    chance.shuffle(events)
    repeated = 0
    with httpx2.Client(base_url=address, trust_env=False, timeout=30) as http:
        for connection, record, ident, version in events:
            body = json.dumps({"record": record, "id": ident, "version": version}).encode()
            event = f"{connection}-{record}-{ident}-{version}"
            repeated += _tell(http, connection, event, body) == 200
    return Told(len(events), repeated)


def _tell(http: httpx2.Client, connection: str, event: str, body: bytes) -> int:
    """Tell one event until it is taken, as senders do. Raises NotDone."""
    for _ in range(TRIES):
        answer = http.post(f"/hooks/{connection}", content=body, headers=_signed(event, body))
        if answer.is_success:
            return answer.status_code
        time.sleep(0.5)
    raise NotDone(f"Tieline does not take the event {event}: {answer.status_code} {answer.text[:200]}")


def _signed(event: str, body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    mac = hmac.new(WEBHOOK_SECRET.encode(), f"{event}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": event, "webhook-timestamp": stamp, "webhook-signature": signature}
