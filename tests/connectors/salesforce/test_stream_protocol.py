"""The streaming protocol against a scripted server: lost sessions, refused tokens, old positions, odd messages."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.connectors.salesforce.scripted import Scripted
from tieline.connectors.salesforce.events import pushed_from
from tieline.sdk.connected import Connected, Pushed
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

CHANNEL = "/data/ChangeEvents"
DEAL, OTHER, LINE = "006dM00003kRs59QAC", "006dM00003kRs58QAC", "00kdM00003kRs59QAC"
WELCOME = {
    "channel": "/meta/handshake",
    "successful": True,
    "clientId": "c1",
    "supportedConnectionTypes": ["long-polling"],
}
SUBSCRIBED = {"channel": "/meta/subscribe", "successful": True, "subscription": CHANNEL}
POLLED = {"channel": "/meta/connect", "successful": True, "advice": {"reconnect": "retry", "interval": 0}}


def event(replay: int, *records: str, **header: Any) -> dict[str, Any]:
    base = {
        "entityName": "Opportunity",
        "recordIds": list(records),
        "changeType": "UPDATE",
        "changeOrigin": "com/salesforce/api/rest/66.0;client=SfdcInternalAPI/",
        "transactionKey": "0001a",
        "sequenceNumber": replay,
        "commitTimestamp": 1795248049000,
    }
    payload = {"ChangeEventHeader": base | header, "StageName": "Closed Won"}
    return {"channel": CHANNEL, "data": {"schema": "s", "payload": payload, "event": {"replayId": replay}}}


def says(script: Scripted, *answers: Sequence[dict[str, Any]]) -> None:
    script.say(*(json.dumps(answer).encode() for answer in answers))


def after(count: int) -> tuple[Callable[[Sequence[Pushed]], None], Callable[[], bool], list[Pushed]]:
    """Collects until so many events have come."""
    seen: list[Pushed] = []
    return seen.extend, lambda: len(seen) >= count, seen


def listen(connected: Connected, position: str | None, count: int) -> list[Pushed]:
    deliver, stopped, seen = after(count)
    assert connected.listen is not None
    connected.listen(position, deliver, stopped)
    return seen


def sent(script: Scripted, channel: str) -> list[dict[str, Any]]:
    messages = [message for body in script.bodies for message in json.loads(body)]
    return [message for message in messages if message["channel"] == channel]


def test_events_are_delivered_with_their_position(script: Scripted, scripted: Connected) -> None:
    says(script, [WELCOME], [SUBSCRIBED], [POLLED, event(7, DEAL), event(9, OTHER)])
    seen = listen(scripted, "5", 2)
    assert [(push.position, push.changed.external_id) for push in seen] == [("7", DEAL), ("9", OTHER)]
    assert seen[0].changed.version == 1795248049000000
    assert sent(script, "/meta/subscribe")[0]["ext"] == {"replay": {CHANNEL: 5}}


def test_without_a_position_only_new_events_are_asked_for(script: Scripted, scripted: Connected) -> None:
    says(script, [WELCOME], [SUBSCRIBED], [POLLED, event(7, DEAL)])
    listen(scripted, None, 1)
    assert sent(script, "/meta/subscribe")[0]["ext"] == {"replay": {CHANNEL: -1}}


def test_events_that_come_with_the_subscription_are_not_lost(script: Scripted, scripted: Connected) -> None:
    says(script, [WELCOME], [SUBSCRIBED, event(6, DEAL)])
    assert [push.position for push in listen(scripted, "5", 1)] == ["6"]


def test_a_position_that_is_too_old_replays_all_that_is_kept(script: Scripted, scripted: Connected) -> None:
    error = "400::The replayId {5} you provided was invalid.  Please provide a valid ID, -2 to replay all events"
    refused = {"channel": "/meta/subscribe", "successful": False, "error": error}
    says(script, [WELCOME], [refused], [SUBSCRIBED], [POLLED, event(90, DEAL)])
    assert [push.position for push in listen(scripted, "5", 1)] == ["90"]
    assert [message["ext"]["replay"][CHANNEL] for message in sent(script, "/meta/subscribe")] == [5, -2]


def test_a_forgotten_session_is_begun_again_after_the_last_event(script: Scripted, scripted: Connected) -> None:
    unknown = {
        "channel": "/meta/connect",
        "successful": False,
        "error": "403::Unknown client",
        "advice": {"reconnect": "handshake", "interval": 0},
    }
    says(script, [WELCOME], [SUBSCRIBED], [POLLED, event(7, DEAL)], [unknown])
    says(script, [WELCOME], [SUBSCRIBED], [POLLED, event(8, OTHER)])
    assert [push.position for push in listen(scripted, None, 2)] == ["7", "8"]
    assert sent(script, "/meta/subscribe")[1]["ext"] == {"replay": {CHANNEL: 7}}


def test_a_token_refused_within_the_stream_is_renewed(script: Scripted, scripted: Connected) -> None:
    invalid = {
        "channel": "/meta/connect",
        "successful": False,
        "error": "401::Authentication invalid",
        "advice": {"reconnect": "none"},
    }
    says(script, [WELCOME], [SUBSCRIBED], [invalid], [WELCOME], [SUBSCRIBED], [POLLED, event(7, DEAL)])
    assert [push.position for push in listen(scripted, "5", 1)] == ["7"]


def test_a_token_that_is_refused_again_and_again_pauses_the_connection(script: Scripted, scripted: Connected) -> None:
    denied = {
        "channel": "/meta/handshake",
        "successful": False,
        "error": "403::Handshake denied",
        "ext": {"sfdc": {"failureReason": "401::Authentication invalid"}},
        "advice": {"reconnect": "none"},
    }
    says(script, [denied])
    with pytest.raises(Unauthorized, match="Authentication invalid"):
        listen(scripted, "5", 1)
    assert len(script.paths) == 5


def test_a_server_that_forgets_us_always_is_unavailable(script: Scripted, scripted: Connected) -> None:
    unknown = {"channel": "/meta/connect", "successful": False, "error": "403::Unknown client"}
    for _ in range(5):
        says(script, [WELCOME], [SUBSCRIBED], [unknown])
    with pytest.raises(Unavailable):
        listen(scripted, "5", 1)


def test_a_channel_we_may_not_see_is_told_to_a_person(script: Scripted, scripted: Connected) -> None:
    error = "403::The user does not have permission to subscribe"
    says(script, [WELCOME], [{"channel": "/meta/subscribe", "successful": False, "error": error}])
    with pytest.raises(Rejected, match="permission"):
        listen(scripted, None, 1)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[7]", b"null", b"[]", b'[{"channel":"/meta/handshake","successful":true}]']
)
def test_a_stream_answered_with_nonsense_breaks_cleanly(script: Scripted, scripted: Connected, body: bytes) -> None:
    script.say(body)
    with pytest.raises(Unavailable):
        listen(scripted, None, 1)


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_a_stream_refused_by_status_is_subscribed_again_later(
    script: Scripted, scripted: Connected, status: int
) -> None:
    script.say(b"<html>", status=status)
    with pytest.raises(Unavailable):
        listen(scripted, None, 1)


def test_a_failure_to_store_ends_the_stream_before_its_event(script: Scripted, scripted: Connected) -> None:
    says(script, [WELCOME], [SUBSCRIBED], [POLLED, event(7, DEAL)])
    assert scripted.listen is not None

    def full(pushed: Sequence[Pushed]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        scripted.listen("5", full, lambda: False)


def pushed(message: dict[str, Any]) -> list[Pushed]:
    return list(pushed_from(message["data"], "1"))


def test_our_own_writes_are_not_heard() -> None:
    assert pushed(event(1, DEAL, changeOrigin="com/salesforce/api/rest/66.0;client=tieline")) == []


def test_one_event_of_many_records_becomes_one_change_each_with_its_own_id() -> None:
    found = pushed(event(1, DEAL, OTHER))
    assert [push.changed.external_id for push in found] == [DEAL, OTHER]
    assert len({push.event_id for push in found}) == 2


@pytest.mark.parametrize(
    ("kind", "deleted"), [("DELETE", True), ("GAP_DELETE", True), ("GAP_UPDATE", False), ("UNDELETE", False)]
)
def test_a_gap_is_just_a_change(kind: str, deleted: bool) -> None:
    assert [push.changed.deleted for push in pushed(event(1, DEAL, changeType=kind))] == [deleted]


def test_a_new_line_names_its_deal_and_an_edited_one_is_left_to_the_sweep() -> None:
    created = event(1, LINE, entityName="OpportunityLineItem", changeType="CREATE")
    created["data"]["payload"]["OpportunityId"] = DEAL
    assert [push.changed.external_id for push in pushed(created)] == [DEAL]
    assert pushed(event(1, LINE, entityName="OpportunityLineItem")) == []


def test_a_removed_line_is_no_removed_deal() -> None:
    removed = event(1, LINE, entityName="OpportunityLineItem", changeType="DELETE")
    removed["data"]["payload"]["OpportunityId"] = DEAL
    assert [push.changed.deleted for push in pushed(removed)] == [False]


@pytest.mark.parametrize(
    "message",
    [
        {"data": {}},
        {"data": {"payload": 7}},
        {"data": {"payload": {"ChangeEventHeader": []}}},
        event(1, "006*"),
        event(1, DEAL, entityName="Lead"),
        event(1, recordIds="006"),
        event(1, recordIds=[{}, None, 7]),
    ],
)
def test_odd_events_bring_nothing_and_break_nothing(message: dict[str, Any]) -> None:
    assert pushed(message) == []
