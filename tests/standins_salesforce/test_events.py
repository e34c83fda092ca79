"""Change events over CometD, spoken by hand: handshake, replay, retention, transactions and sessions that end."""

import threading
import time
from typing import Any

import pytest

from tests.standins_salesforce.conftest import Caller

ALL = "/data/ChangeEvents"
DEALS = "/data/OpportunityChangeEvent"
DEAL = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-31"}


class Subscriber:
    """A Bayeux client of a few lines."""

    def __init__(self, sf: Caller) -> None:
        self.sf = sf
        self.token = sf.token
        hello = self.send(
            {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
        )
        assert hello[0]["ext"] == {"replay": True, "payload.format": True}
        self.client = hello[0]["clientId"]

    def send(self, *messages: dict[str, Any]) -> list[Any]:
        headers = {"authorization": f"OAuth {self.token}"}
        answer = self.sf.http.post("/cometd/66.0", json=list(messages), headers=headers)
        assert answer.status_code == 200
        found: list[Any] = answer.json()
        return found

    def subscribe(self, channel: str, replay: int | None = None) -> Any:
        message: dict[str, Any] = {"channel": "/meta/subscribe", "clientId": self.client, "subscription": channel}
        if replay is not None:
            message["ext"] = {"replay": {channel: replay}}
        return self.send(message)[0]

    def connect(self, timeout: int = 0) -> list[Any]:
        return self.send(
            {"channel": "/meta/connect", "clientId": self.client, "advice": {"timeout": timeout}, "id": "9"}
        )  # fmt: skip

    def events(self) -> list[Any]:
        return [message["data"] for message in self.connect() if "data" in message]


def headers(events: list[Any]) -> list[Any]:
    return [event["payload"]["ChangeEventHeader"] for event in events]


def test_events_of_one_transaction_share_a_key_and_are_numbered(sf: Caller) -> None:
    book = sf.query("SELECT Id, Pricebook2Id FROM PricebookEntry WHERE CurrencyIsoCode = 'USD' LIMIT 1")["records"][0]
    deal = sf.create("Opportunity", **DEAL, Pricebook2Id=book["Pricebook2Id"])
    subscriber = Subscriber(sf)
    subscriber.subscribe(ALL)
    sf.create("OpportunityLineItem", OpportunityId=deal, PricebookEntryId=book["Id"], Quantity=2, UnitPrice=50)
    line, roll_up = headers(subscriber.events())
    assert (line["entityName"], line["changeType"], line["sequenceNumber"]) == ("OpportunityLineItem", "CREATE", 1)
    assert (roll_up["entityName"], roll_up["changeType"], roll_up["sequenceNumber"]) == ("Opportunity", "UPDATE", 2)
    assert line["transactionKey"] == roll_up["transactionKey"]
    assert {"Amount", "HasOpportunityLineItem"} <= set(roll_up["changedFields"])


def test_what_was_rolled_back_is_never_announced(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    subscriber.subscribe(ALL, -2)
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", None)]
    sf.call("POST", "composite/sobjects", {"allOrNone": True, "records": rows})
    assert subscriber.events() == []


def test_a_delete_names_the_record_and_says_nothing_else(sf: Caller) -> None:
    deal = sf.create("Opportunity", **DEAL)
    subscriber = Subscriber(sf)
    subscriber.subscribe(DEALS)
    sf.call("DELETE", f"sobjects/Opportunity/{deal}")
    sf.control("salesforce/undelete", {"id": deal})
    deleted, undeleted = subscriber.events()
    assert list(deleted["payload"]) == ["ChangeEventHeader"]
    assert headers([deleted, undeleted])[0]["recordIds"] == [deal]
    assert [header["changeType"] for header in headers([deleted, undeleted])] == ["DELETE", "UNDELETE"]


def test_a_gap_event_carries_its_header_only(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    subscriber.subscribe(DEALS)
    deal = sf.create("Opportunity", **DEAL)
    sf.control("salesforce/gap", {"object": "Opportunity", "ids": [deal], "changeType": "GAP_UPDATE"})
    gap = subscriber.events()[-1]
    assert (headers([gap])[0]["changeType"], list(gap["payload"])) == ("GAP_UPDATE", ["ChangeEventHeader"])


def test_a_poll_waits_until_something_happens(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    subscriber.subscribe(DEALS)
    answers: list[Any] = []
    poll = threading.Thread(target=lambda: answers.extend(subscriber.connect(timeout=60_000)))
    poll.start()
    _until(lambda: sf.http.get("/__standin__/requests").json()["operations"].get("cometd", 0) == 3)
    assert answers == []
    sf.create("Opportunity", **DEAL)
    poll.join(timeout=30)
    assert [message["channel"] for message in answers] == [DEALS, "/meta/connect"]
    assert answers[-1]["id"] == "9"


def test_a_newer_poll_takes_over_from_one_that_still_hangs(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    subscriber.subscribe(DEALS)
    answers: dict[str, list[Any]] = {}
    polls = []
    for name in ("older", "newer"):
        poll = threading.Thread(target=lambda name=name: answers.update({name: subscriber.connect(timeout=60_000)}))
        poll.start()
        polls.append(poll)
        _until(lambda: sf.http.get("/__standin__/requests").json()["operations"].get("cometd", 0) == 2 + len(polls))
    polls[0].join(timeout=30)
    assert list(answers) == ["older"]
    sf.create("Opportunity", **DEAL)
    polls[1].join(timeout=30)
    assert [message["channel"] for message in answers["older"]] == ["/meta/connect"]
    assert [message["channel"] for message in answers["newer"]] == [DEALS, "/meta/connect"]


def _until(reached: Any) -> None:
    deadline = time.monotonic() + 30
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reached()


def test_events_are_retained_for_72_hours_and_an_older_replay_id_is_refused(sf: Caller) -> None:
    for _ in range(2):
        sf.create("Opportunity", **DEAL)
    first = Subscriber(sf)
    first.subscribe(DEALS, -2)
    ids = [event["event"]["replayId"] for event in first.events()]
    sf.later(72 * 3600 + 60)
    sf.log_in()
    sf.create("Opportunity", **DEAL)
    late = Subscriber(sf)
    refused = late.subscribe(DEALS, ids[0])
    assert (refused["successful"], refused["error"][:5]) == (False, "400::")
    assert late.subscribe(DEALS, -2)["successful"] is True
    assert len(late.events()) == 1
    sf.control("customize", {"settings": {"expired_replay_id": "earliest"}})
    assert late.subscribe(DEALS, ids[0])["successful"] is True
    assert len(late.events()) == 1


@pytest.mark.parametrize("replay", [-3, 10**9, "x", True])
def test_a_replay_id_that_never_was_is_refused(sf: Caller, replay: Any) -> None:
    assert Subscriber(sf).subscribe(DEALS, replay)["successful"] is False


def test_only_captured_objects_have_a_channel(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    assert subscriber.subscribe("/data/NopeChangeEvent")["successful"] is False
    sf.control("customize", {"settings": {"captured": ["Account"]}})
    assert subscriber.subscribe(DEALS)["successful"] is False
    subscriber.subscribe(ALL)
    sf.create("Opportunity", **DEAL)
    sf.create("Account", Name="A")
    assert [header["entityName"] for header in headers(subscriber.events())] == ["Account"]


def test_custom_objects_have_a_channel_of_their_own(sf: Caller) -> None:
    sf.control("customize", {"objects": [{"name": "Project__c"}]})
    subscriber = Subscriber(sf)
    assert subscriber.subscribe("/data/Project__ChangeEvent")["successful"] is True
    sf.create("Project__c", Name="P")
    event = subscriber.events()[0]
    assert event["payload"]["Name"] == "P"
    schema = sf.call("GET", f"event/eventSchema/{event['schema']}?payloadFormat=COMPACT").json()
    assert schema["name"] == "Project__ChangeEvent"


def test_a_client_that_is_gone_shakes_hands_again(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    sf.later(3600)
    sf.log_in()
    answer = Subscriber(sf).send({"channel": "/meta/connect", "clientId": subscriber.client})[0]
    assert (answer["successful"], answer["advice"]["reconnect"]) == (False, "handshake")
    assert subscriber.connect()[0]["advice"]["reconnect"] == "handshake"


def test_a_session_that_ended_is_told_so_and_a_disconnect_is_final(sf: Caller) -> None:
    subscriber = Subscriber(sf)
    assert subscriber.send({"channel": "/meta/disconnect", "clientId": subscriber.client})[0]["successful"] is True
    assert subscriber.connect()[0]["successful"] is False
    other = Subscriber(sf)
    sf.later(3 * 3600)
    ended = other.connect()[0]
    assert (ended["error"], ended["advice"]) == ("401::Authentication invalid", {"reconnect": "none"})


@pytest.mark.parametrize("body", [b"", b"[1]", b'"x"', b"{", b"[[]]"])
def test_what_is_no_bayeux_message_is_a_clean_400(sf: Caller, body: bytes) -> None:
    assert sf.http.post("/cometd/66.0", content=body).status_code == 400
    assert sf.http.post("/cometd/66.0", json=[{}]).json()[0]["successful"] is False
