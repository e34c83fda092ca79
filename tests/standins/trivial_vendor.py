"""A vendor with one kind of record, enough to test the core of the stand-ins."""

import asyncio
from collections.abc import Awaitable

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.vendor import Context, ControlError


class NotesVendor:
    """`POST /notes` keeps a JSON text, `GET /notes` lists them, `GET /wait` answers from a coroutine."""

    name = "notes"

    def __init__(self, context: Context) -> None:
        self.context = context
        self.reset()

    def reset(self) -> None:
        self.notes: list[Json] = []
        self.token = "secret"
        self.suffix = ""

    def operation(self, request: Request) -> str:
        return f"notes.{request.method.lower()}"

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        if request.headers.get("authorization") != self.token:
            return Response(401)
        if request.path == "/bug":
            raise KeyError("a bug of the stand-in")
        if request.path == "/wait":
            return self._wait()
        if request.method == "POST":
            note = {"id": len(self.notes) + 1, "text": request.json(), "at": self.context.clock.now().isoformat()}
            self.notes.append(note)
            self.context.ledger.commit(request, self.operation(request), str(note["id"]), request.json())
            return Response(200, note)
        return Response(200, self.notes)

    async def _wait(self) -> Response:
        await asyncio.sleep(0)
        return Response(200, "waited")

    def fault(
        self,
        request: Request,
        status: int,
        body: Json | None,
        retry_after: int | str | None,
    ) -> Response:
        headers = [] if retry_after is None else [("retry-after", str(retry_after))]
        return Response(status, {"notes_error": body or "try later"}, headers)

    def expire_token(self, request: Request) -> None:
        self.token = f"not {request.headers.get('authorization')}"

    def customize(self, change: Json) -> Json:
        if not isinstance(change, dict) or not isinstance(change.get("token"), str):
            raise ControlError("only `token` can be customized")
        self.token = change["token"]
        return {"token": self.token}

    def control(self, request: Request, path: str) -> Response | None:
        if (request.method, path) != ("POST", "notes/seed"):
            return None
        self.notes.extend(request.json())
        return Response(200, len(self.notes), changed=True)
