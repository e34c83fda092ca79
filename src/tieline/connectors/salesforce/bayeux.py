"""A small Bayeux client: the long-polling protocol under Salesforce's Streaming API (handshake, subscribe, connect).

The Python libraries for it are asynchronous and no longer kept; what is needed is three kinds of message. Error texts
and advice: developer.salesforce.com, Streaming API Developer Guide, "Handling Streaming API Errors", "Error Codes".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tieline.sdk.errors import Rejected, Unavailable
from tieline.sdk.http import VendorHttp

Message = Mapping[str, Any]
NEW_ONLY = -1
ALL_RETAINED = -2
LONGEST_INTERVAL = 30.0


class SessionLost(Exception):
    """The server has forgotten us, or wants another token: shake hands again."""

    def __init__(self, reason: str, *, other_token: bool) -> None:
        self.other_token = other_token
        super().__init__(reason)


class ReplayTooOld(Exception):
    """The position is older than the 72 hours the server keeps, or of another organisation."""


@dataclass(slots=True)
class Poll:
    """What one long poll brought, and how long to wait before the next one."""

    messages: Sequence[Message]
    interval: float


class Bayeux:
    """One session after another on one connection; used by one thread."""

    def __init__(self, http: VendorHttp, path: str, poll_seconds: int) -> None:
        self._http = http
        self._path = path
        self._poll_ms = poll_seconds * 1000
        self._client: str | None = None
        self._sent = 0

    def handshake(self) -> None:
        """Begin a session. Raises SessionLost when the token is refused."""
        self._client = None
        answers = self._exchange(
            {
                "channel": "/meta/handshake",
                "version": "1.0",
                "minimumVersion": "1.0",
                "supportedConnectionTypes": ["long-polling"],
            }
        )
        answer = self._answer(answers, "/meta/handshake")
        self._check(answer)
        client = answer.get("clientId")
        if not isinstance(client, str):
            raise Unavailable(self._http.connection, "answered a streaming handshake without a client id")
        self._client = client

    def subscribe(self, channel: str, replay: int) -> Sequence[Message]:
        """Events of a channel after a replay id. Raises ReplayTooOld, SessionLost, or Rejected (not allowed)."""
        answers = self._exchange(
            {"channel": "/meta/subscribe", "subscription": channel, "ext": {"replay": {channel: replay}}}
        )
        answer = self._answer(answers, "/meta/subscribe")
        error = str(answer.get("error") or "")
        if answer.get("successful") is not True:
            if "replay" in error.casefold() and error.startswith("400"):
                raise ReplayTooOld(error)
            if not _lost(error):
                message = f"does not let us subscribe to {channel}: {error[:200]}"
                raise Rejected(self._http.connection, message, kind="auth", field="change_channel")
        self._check(answer)
        return _events(answers)

    def poll(self) -> Poll:
        """Wait for events. Raises SessionLost."""
        answers = self._exchange(
            {"channel": "/meta/connect", "connectionType": "long-polling", "advice": {"timeout": self._poll_ms}}
        )
        answer = self._answer(answers, "/meta/connect")
        self._check(answer)
        return Poll(_events(answers), _interval(answer))

    def _exchange(self, message: Message) -> Sequence[Message]:
        self._sent += 1
        client = {"clientId": self._client} if self._client else {}
        body = [{**message, "id": str(self._sent), **client}]
        answers = self._http.request("POST", self._path, write=False, json=body).json()
        if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
            raise Unavailable(self._http.connection, "answered the stream in a form we do not know")
        return answers

    def _answer(self, answers: Sequence[Message], channel: str) -> Message:
        found = next((answer for answer in answers if answer.get("channel") == channel), None)
        if found is None:
            raise Unavailable(self._http.connection, f"did not answer {channel}")
        return found

    def _check(self, answer: Message) -> None:
        """An unsuccessful answer, or the advice to shake hands again, ends the session."""
        error, reason = str(answer.get("error") or ""), _failure_reason(answer)
        if answer.get("successful") is not True:
            if "401" in (error[:3], reason[:3]) or answer.get("channel") == "/meta/handshake":
                raise SessionLost(reason or error or "refused", other_token=True)
            raise SessionLost(error or "refused", other_token=False)
        if _advice(answer).get("reconnect") == "handshake":
            raise SessionLost("told to shake hands again", other_token=False)


def _events(answers: Sequence[Message]) -> Sequence[Message]:
    return [answer for answer in answers if not str(answer.get("channel")).startswith("/meta/")]


def _lost(error: str) -> bool:
    return error.startswith(("401", "402")) or "unknown client" in error.casefold()


def _advice(answer: Message) -> Message:
    advice = answer.get("advice")
    return advice if isinstance(advice, dict) else {}


def _failure_reason(answer: Message) -> str:
    place: Any = answer
    for part in ("ext", "sfdc", "failureReason"):
        place = place.get(part) if isinstance(place, dict) else None
    return place if isinstance(place, str) else ""


def _interval(answer: Message) -> float:
    interval = _advice(answer).get("interval")
    return min(max(interval, 0) / 1000, LONGEST_INTERVAL) if isinstance(interval, int) else 0.0
