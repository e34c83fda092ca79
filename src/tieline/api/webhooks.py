"""Events vendors push: signature over the raw bytes first, stored before the answer, repeats end here.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com): `webhook-signature` holds
`v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`, several separated by spaces while a secret is rotated.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import ConfigDict, Field, ValidationError

from tieline.api.errors import ApiError
from tieline.api.group_commit import GroupCommit
from tieline.api.models import Received
from tieline.api.parts import Body, Line
from tieline.app.desk import Desk
from tieline.engine.intake import Arrival
from tieline.sdk import jsontext
from tieline.sdk.feed import Changed


class Bare(APIRoute):
    """Gives its function the request and the parts of the path as they stand: to read them by a signature costs FastAPI
    more than all the rest of taking an event in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What is called for a request."""

        async def handler(request: Request) -> Response:
            answer: Response = await self.endpoint(request, **request.path_params)
            return answer

        return handler


router = APIRouter(tags=["webhooks"], route_class=Bare)

TOLERANCE = 300
"""Seconds the sender's clock may differ from ours."""
LONGEST_ID = 200


class Event(Body):
    """What changed; never its content: the record is read afresh."""

    model_config = ConfigDict(extra="forbid", strict=True)

    record: Literal["opportunity", "project", "invoice"]
    id: Line = Field(description="The record's id in the vendor.")
    version: int = Field(default=0, ge=0, lt=2**63, description="The vendor's version or change time.")
    deleted: bool = False


@router.post(
    "/hooks/{connection}", response_model=Received, status_code=202, summary="Receive an event of a connection"
)
async def hook(request: Request, connection: Line) -> Response:
    """202 for a new event, 200 for one received before. Whatever is refused here is found by the next sweep."""
    desk: Desk = request.state.desk
    events: GroupCommit = request.state.events
    raw = await request.body()
    secret = desk.webhook_secret(connection)
    if secret is None:
        raise ApiError(404, f"'{connection}' takes no events here", "Give it the secret `webhook` in site.toml.")
    event_id = verified(request.headers, raw, secret, time.time())
    event = _event(raw)
    changed = Changed(record=event.record, external_id=event.id, version=event.version, deleted=event.deleted)
    stored_as = f"{event.record}:{event.id}:hook:{event_id}"
    new = await events.store(Arrival(connection, stored_as, changed, event.model_dump(), raw))
    return JSONResponse({"received": True, "new": new}, 202 if new else 200)


def verified(headers: Mapping[str, str], raw: bytes, secret: str, now: float) -> str:
    """The event's id when its sender knows the secret and its clock is right. Raises ApiError."""
    event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    told = headers.get("webhook-signature", "")
    named = event_id.isascii() and event_id.isprintable() and 0 < len(event_id) <= LONGEST_ID
    if not named or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        raise ApiError(401, "The event is not signed", "Send webhook-id, webhook-timestamp and webhook-signature.")
    expected = hmac.new(_key(secret), f"{event_id}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    if not any(hmac.compare_digest(expected, given) for given in _signatures(told)):
        raise ApiError(401, "The event's signature is wrong", "Check that both sides hold the same secret.")
    if abs(now - int(stamp)) > TOLERANCE:
        raise ApiError(401, "The event is older than five minutes, or from the future", "Check the sender's clock.")
    return event_id


def _key(secret: str) -> bytes:
    """`whsec_` and base64 as the standard has it, else the secret as it stands."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()


def _signatures(told: str) -> list[bytes]:
    found = []
    for part in told[:4096].split():
        version, _, text = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text.encode("ascii", "replace"), validate=True))
            except binascii.Error:
                continue
    return found


def _event(raw: bytes) -> Event:
    try:
        return Event.model_validate(jsontext.loads(raw))
    except jsontext.MalformedJson as error:
        raise ApiError(400, f"The event is {error}", "Send UTF-8 JSON.") from error
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors())
        hint = 'Send {"record": "opportunity", "id": "…", "version": 1}.'
        raise ApiError(422, f"The event is not understood: {where}", hint) from error
