"""Every failure of the API as `{"error": {"message", "hint"}}`, in business words and never with a trace."""

from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from tieline.app.guard import Refusal, tells_own_faults
from tieline.app.views.paging import BadCursor
from tieline.exception_queue.actions import NoSuchException, NotPossible
from tieline.store.database import AWAY

log = structlog.get_logger()

LONGEST = 300


class ErrorText(BaseModel):
    """What went wrong."""

    message: str = Field(description="What is wrong, in a sentence.")
    hint: str = Field(description="What mends it.")


class ErrorBody(BaseModel):
    """The body of every failure."""

    error: ErrorText


class ApiError(Exception):
    """A request that cannot be fulfilled."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        self.status, self.message, self.hint = status, message, hint
        super().__init__(message)


def failure(status: int, message: str, hint: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a failure."""
    body = {"error": {"message": message[:LONGEST], "hint": hint[:LONGEST]}}
    return JSONResponse(body, status, headers)


def tell(scope: Scope, refusal: Refusal) -> Response:
    """What the guard refuses, as JSON."""
    return failure(refusal.status, refusal.message, refusal.hint, {"X-Request-Id": refusal.request_id})


def install(app: FastAPI) -> None:
    """Register all of them."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    tells_own_faults(app, tell)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return failure(error.status, error.message, error.hint)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {
        404: ("There is nothing at this address", "The description of the API is at /api/openapi.json."),
        405: (f"{request.method} is not possible at this address", "The description is at /api/openapi.json."),
        400: ("The body is no JSON that can be read", "Send UTF-8 JSON without NaN, and not nested too deep."),
    }
    message, hint = told.get(error.status_code, (str(error.detail), "The description is at /api/openapi.json."))
    return failure(error.status_code, message, hint, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    parts = [f"{'.'.join(str(part) for part in item['loc'][1:]) or 'body'}: {item['msg']}" for item in error.errors()]
    return failure(422, f"The request is not understood: {'; '.join(parts)}", "Correct the parts named and send again.")


async def _cursor(request: Request, error: Exception) -> Response:
    return failure(400, str(error), "Use the `next` of the page before.")


async def _unknown(request: Request, error: Exception) -> Response:
    return failure(404, str(error), "It may have been solved meanwhile.")


async def _impossible(request: Request, error: Exception) -> Response:
    return failure(409, str(error), "Nothing was changed; look at it again.")


async def _database(request: Request, error: Exception) -> Response:
    log.warning("database_away", error=type(error).__name__)
    return failure(503, "The database does not answer just now", "Nothing was saved; try again in a moment.")


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    ApiError: _api_error,
    HTTPException: _http,
    RequestValidationError: _invalid,
    BadCursor: _cursor,
    NoSuchException: _unknown,
    NotPossible: _impossible,
    **dict.fromkeys(AWAY, _database),
}
