"""Push: Change Data Capture events say which opportunity changed; their content is never used.

Our own writes are told by their origin and dropped. What a stream misses (a gap, an overflow, an event older than 72
hours, a line whose opportunity is not named) the sweep finds.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import structlog

from tieline.connectors.salesforce.bayeux import ALL_RETAINED, NEW_ONLY, Bayeux, Message, ReplayTooOld, SessionLost
from tieline.connectors.salesforce.client import CALL_OPTIONS, OUR_ORIGIN
from tieline.connectors.salesforce.org_id import eighteen, is_id
from tieline.connectors.salesforce.refusal import refusal
from tieline.connectors.salesforce.settings import Options
from tieline.connectors.salesforce.sign_in import SignIn
from tieline.sdk.connected import Pushed
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Unauthorized, Unavailable
from tieline.sdk.feed import Changed
from tieline.sdk.http import Gate, HttpAnswer, VendorHttp

log = structlog.get_logger()
LONGEST_POLL = 150.0
"""Seconds; the server answers a long poll after 110 at the latest."""
MOST_FAILURES = 5
"""Handshakes in a row without an answered poll between them."""
SLICE = 0.2


class _AtTheDoor:
    """Asks the gate before a long poll (it may be closed), but keeps no permit while nothing happens."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def call(self) -> AbstractContextManager[None]:
        with self._gate.call():
            return nullcontext()


class ChangeEvents:
    """The stream of one organisation; `listen` serves one thread at a time."""

    def __init__(self, settings: ConnectionSettings, options: Options, sign_in: SignIn, gate: Gate) -> None:
        self._connection = settings.name
        self._channel = options.change_channel
        self._sign_in = sign_in
        self._path = f"/cometd/{options.api_version}"
        self._poll_seconds = options.poll_seconds
        self._http = VendorHttp(
            connection=settings.name,
            base_url=settings.url,
            authorizer=sign_in,
            refusal=_broken,
            gate=_AtTheDoor(gate),
            headers=CALL_OPTIONS,
            timeout=LONGEST_POLL,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def listen(
        self,
        position: str | None,
        deliver: Callable[[Sequence[Pushed]], None],
        stopped: Callable[[], bool],
    ) -> None:
        """Deliver events after `position` (None: from now on; the sweep has the past) until `stopped()`.

        Raises Unavailable when the stream breaks, Unauthorized when no token helps.
        """
        replay = int(position) if position and position.isdecimal() else NEW_ONLY
        session = Bayeux(self._http, self._path, self._poll_seconds)
        failures = 0
        while not stopped():
            try:
                messages, interval = self._begin(session, replay), 0.0
                while True:
                    replay = self._hand_on(messages, replay, deliver)
                    _pause(interval, stopped)
                    if stopped():
                        return
                    poll = session.poll()
                    messages, interval, failures = poll.messages, poll.interval, 0
            except SessionLost as lost:
                failures += 1
                self._recover(lost, failures)

    def _begin(self, session: Bayeux, replay: int) -> Sequence[Message]:
        session.handshake()
        try:
            return session.subscribe(self._channel, replay)
        except ReplayTooOld as error:
            log.warning(
                "stream_position_too_old", connection=self._connection, position=replay, reason=str(error)[:200]
            )
            return session.subscribe(self._channel, ALL_RETAINED)

    def _hand_on(self, messages: Sequence[Message], replay: int, deliver: Callable[[Sequence[Pushed]], None]) -> int:
        pushed: list[Pushed] = []
        for message in messages:
            data = _dict(message.get("data"))
            number = _dict(data.get("event")).get("replayId")
            replay = number if isinstance(number, int) and number >= 0 else replay
            pushed += pushed_from(data, str(replay))
        if pushed:
            deliver(pushed)
        return replay

    def _recover(self, lost: SessionLost, failures: int) -> None:
        log.info("stream_session_lost", connection=self._connection, reason=str(lost)[:200], failures=failures)
        if failures >= MOST_FAILURES:
            kind = Unauthorized if lost.other_token else Unavailable
            raise kind(self._connection, f"the stream cannot be kept open: {str(lost)[:200]}")
        if lost.other_token:
            self._sign_in.renew(self._sign_in.headers("POST", self._path))


def pushed_from(data: Mapping[str, Any], position: str) -> Iterator[Pushed]:
    """The opportunities an event tells of: none, one, or many that changed alike in one transaction."""
    payload = _dict(data.get("payload"))
    header = _dict(payload.get("ChangeEventHeader"))
    if str(header.get("changeOrigin") or "").endswith(OUR_ORIGIN):
        return
    commit = header.get("commitTimestamp")
    version = commit * 1000 if isinstance(commit, int) else 0
    deleted = header.get("changeType") in ("DELETE", "GAP_DELETE") and header.get("entityName") == "Opportunity"
    event = f"{header.get('transactionKey')}:{header.get('sequenceNumber')}"
    for identifier in _opportunities(payload, header):
        changed = Changed("opportunity", identifier, version, deleted)
        yield Pushed(f"{event}:{identifier}", position, changed, data)


def _opportunities(payload: Mapping[str, Any], header: Mapping[str, Any]) -> Sequence[str]:
    match header.get("entityName"):
        case "Opportunity":
            found = header.get("recordIds")
        case "OpportunityLineItem":
            found = [payload.get("OpportunityId")]
        case _:
            return ()
    ids = found if isinstance(found, list) else []
    # GAP_OVERFLOW names records by a wildcard such as 006*: the sweep finds those.
    return [eighteen(identifier) for identifier in ids if isinstance(identifier, str) and is_id(identifier)]


def _broken(answer: HttpAnswer) -> Exception | None:
    """A refusal without a code of the API only means that the stream broke; 401 asks for another token."""
    known = refusal(answer)
    if known is None and answer.status != 401:
        return Unavailable(answer.system, f"the stream broke off (status {answer.status})")
    return known


def _pause(seconds: float, stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stopped():
        time.sleep(min(left, SLICE))


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
