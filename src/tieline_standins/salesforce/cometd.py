"""Change events over CometD (Bayeux): handshake, subscribe with replay, long polls (fact sheet section 7)."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tieline_standins.core.http import BadJsonError, Json, Request, Response
from tieline_standins.salesforce.events import ALL, Event, event_name
from tieline_standins.salesforce.oauth import Tokens
from tieline_standins.salesforce.transaction import Org

_UNKNOWN = "403::Unknown client"
_AGAIN = {"reconnect": "handshake", "interval": 0}
_NEW_ONLY, _ALL_RETAINED = -1, -2
_MOST_MESSAGES = 100


@dataclass
class Session:
    """One subscriber: for each channel the place in the event log up to which it was told."""

    client: str
    token: str
    seen: datetime
    channels: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    poll: int = 0  # number of the newest poll; an older one that still hangs must not take its events
    wake: Callable[[], None] | None = None


@dataclass
class CometD:
    """All sessions; they live in memory only: after a restart a client is unknown and shakes hands again."""

    org: Org
    tokens: Tokens
    sessions: dict[str, Session] = field(default_factory=dict)
    made: int = 0

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """POST /cometd/<version>: one or several messages; a lone connect waits for events."""
        if request.method != "POST":
            return Response(400, b"CometD takes POST requests")
        try:
            messages = request.json()
        except BadJsonError:
            return Response(400, b"not JSON")
        messages = messages if isinstance(messages, list) else [messages]
        if len(messages) > _MOST_MESSAGES or not all(isinstance(message, dict) for message in messages):
            return Response(400, b"not a list of messages")
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        replies = [reply for message in messages for reply in self._reply(message, token)]
        lone = messages[0] if len(messages) == 1 and messages[0].get("channel") == "/meta/connect" else None
        session = self.sessions.get(str(lone.get("clientId"))) if lone else None
        if lone is None or session is None or not replies[-1]["successful"]:
            return Response(200, self._with_events(messages, replies))
        return self._wait(session, replies, _timeout(lone, self.org.settings.connect_timeout_seconds))

    def _with_events(self, messages: list[Json], replies: list[Json]) -> list[Json]:
        """Events that are ready travel with the answer of a connect, before it."""
        for message in messages:
            session = self.sessions.get(str(message.get("clientId")))
            if message.get("channel") == "/meta/connect" and session:
                return [*self._ready(session), *replies]
        return replies

    def _reply(self, message: Json, token: str) -> list[Json]:
        channel = message.get("channel")
        answer: dict[str, Json] = {"channel": channel, "successful": True}
        if "id" in message:
            answer["id"] = message["id"]
        if self.tokens.user_of_token(token) is None:
            return [self._denied(answer)]
        if channel == "/meta/handshake":
            return [self._handshake(answer, token)]
        session = self._session(message, token)
        if session is None:
            return [answer | {"successful": False, "error": _UNKNOWN, "advice": _AGAIN}]
        answer["clientId"] = session.client
        session.seen = self.org.context.clock.now()
        match channel:
            case "/meta/connect":
                timeout = self.org.settings.connect_timeout_seconds * 1000
                return [answer | {"advice": {"reconnect": "retry", "interval": 0, "timeout": timeout}}]
            case "/meta/subscribe":
                return self._all_channels(message, answer, lambda each: self._subscribe(session, each, message))
            case "/meta/unsubscribe":
                return self._all_channels(message, answer, lambda each: _unsubscribe(session, each))
            case "/meta/disconnect":
                del self.sessions[session.client]
                return [answer]
        return [answer | {"successful": False, "error": f"403:{channel}:Publish not allowed"}]

    def _denied(self, answer: dict[str, Json]) -> Json:
        """A session that ended, in the form jsforce documents in its AuthFailure extension."""
        error = "403::Handshake denied" if answer["channel"] == "/meta/handshake" else "401::Authentication invalid"
        ext = {"sfdc": {"failureReason": "401::Authentication invalid"}, "replay": True}
        return answer | {"successful": False, "error": error, "ext": ext, "advice": {"reconnect": "none"}}

    def _handshake(self, answer: dict[str, Json], token: str) -> Json:
        self._forget_idle()
        self.made += 1
        client = hashlib.sha256(f"{token}:{self.made}:{id(self)}".encode()).hexdigest()[:28]
        self.sessions[client] = Session(client, token, self.org.context.clock.now())
        return answer | {
            "clientId": client,
            "version": "1.0",
            "minimumVersion": "1.0",
            "supportedConnectionTypes": ["long-polling"],
            "ext": {"replay": True, "payload.format": True},
            "advice": {
                "reconnect": "retry",
                "interval": 0,
                "timeout": self.org.settings.connect_timeout_seconds * 1000,
            },
        }

    def _session(self, message: Json, token: str) -> Session | None:
        session = self.sessions.get(str(message.get("clientId")))
        if session is None or session.token != token:
            return None
        if self._idle(session):
            del self.sessions[session.client]
            return None
        return session

    def _idle(self, session: Session) -> bool:
        idle = self.org.context.clock.now() - session.seen
        return not session.waiting and idle > timedelta(seconds=self.org.settings.session_idle_seconds)

    def _forget_idle(self) -> None:
        self.sessions = {client: session for client, session in self.sessions.items() if not self._idle(session)}

    def _all_channels(self, message: Json, answer: dict[str, Json], change: Callable[[str], str | None]) -> list[Json]:
        wanted = message.get("subscription")
        answers = []
        for channel in wanted if isinstance(wanted, list) else [wanted]:
            error = change(str(channel))
            outcome = {"successful": False, "error": error} if error else {}
            answers.append(answer | {"subscription": channel} | outcome)
        return answers

    def _subscribe(self, session: Session, channel: str, message: Json) -> str | None:
        """Put the session before the first event it wants to hear; returns an error instead when it cannot."""
        if channel != ALL and not any(
            channel == f"/data/{event_name(each.name)}" and self.org.events.captured(each)
            for each in self.org.schema.objects.values()
        ):
            return f"403:denied_by_security_policy:create_denied {channel}"
        ext = message.get("ext")
        replay = ext.get("replay") if isinstance(ext, dict) else None
        wanted = replay.get(channel, _NEW_ONLY) if isinstance(replay, dict) else _NEW_ONLY
        if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < _ALL_RETAINED:
            return f"400::The replayId {{{wanted}}} you provided was invalid."
        log = self.org.events
        oldest = log.retained_from(self.org.context.clock.now())
        if wanted == _NEW_ONLY:
            session.channels[channel] = len(log.events)
            return None
        place = oldest if wanted == _ALL_RETAINED else log.position_after(wanted)
        lost = place < oldest or wanted > log.last_replay_id
        if lost and self.org.settings.expired_replay_id == "refuse":
            return (
                f"400::The replayId {{{wanted}}} you provided was invalid.  Please provide a valid ID, -2 to replay "
                "all events, or -1 to replay only new events."
            )
        session.channels[channel] = max(oldest, min(place, len(log.events)))
        return None

    def _ready(self, session: Session) -> list[Json]:
        """The next events of the session's channels, oldest first, at most one batch."""
        log = self.org.events
        oldest = log.retained_from(self.org.context.clock.now())
        found: list[tuple[int, str, Event]] = []
        for channel, start in session.channels.items():
            place = max(start, oldest)
            taken = 0
            while place < len(log.events) and taken < self.org.settings.event_batch:
                event = log.events[place]
                if channel in (ALL, f"/data/{event_name(event.sobject)}"):
                    found.append((place, channel, event))
                    taken += 1
                place += 1
            session.channels[channel] = place
        return [_message(channel, event) for _, channel, event in sorted(found, key=lambda each: each[0])]

    async def _wait(self, session: Session, replies: list[Json], seconds: float) -> Response:
        """Answer as soon as an event is there, at the latest after the time-out."""
        told = asyncio.Event()
        if session.wake:
            session.wake()  # the poll before this one ends with nothing: its connection may be dead
        session.poll, session.wake = session.poll + 1, told.set
        mine, events = session.poll, []
        self.org.events.listeners.add(told.set)
        session.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while session.poll == mine and not (events := self._ready(session)):
                    told.clear()
                    await told.wait()
        except TimeoutError:
            events = []
        finally:
            self.org.events.listeners.discard(told.set)
            session.waiting -= 1
            session.seen = self.org.context.clock.now()
        if self.tokens.user_of_token(session.token) is None:
            replies = [self._denied(dict(replies[-1]))]
        return Response(200, [*events, *replies])


def _unsubscribe(session: Session, channel: str) -> None:
    session.channels.pop(channel, None)


def _timeout(message: Json, most: int) -> float:
    advice = message.get("advice")
    asked = advice.get("timeout") if isinstance(advice, dict) else None
    return min(asked / 1000, most) if isinstance(asked, int) and asked >= 0 else most


def _message(channel: str, event: Event) -> Json:
    data = {"schema": event.schema_id, "payload": event.payload, "event": {"replayId": event.replay_id}}
    return {"data": data, "channel": channel}
