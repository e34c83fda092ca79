"""Error pages: what was (not) saved, what goes on, and where to go."""

from collections.abc import Awaitable, Callable

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from tieline.app.guard import Refusal, tells_own_faults
from tieline.app.views.paging import BadCursor
from tieline.console.forms import FormError
from tieline.console.rendering import page, templates
from tieline.exception_queue.actions import NoSuchException

log = structlog.get_logger()


class NotFound(Exception):
    """There is no such record; the message says which."""


def install(app: FastAPI) -> None:
    """Register all of them."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    tells_own_faults(app, tell)


def tell(scope: Scope, refusal: Refusal) -> Response:
    """What the guard refuses, as a page without the shell."""
    shown = templates().get_template("refusal.html").render(refusal=refusal, theme=None)
    return HTMLResponse(shown, refusal.status)


def error_page(request: Request, status: int, title: str, text: str) -> Response:
    """A page that says what happened and where to go."""
    return page(request, "error.html", status=status, title=title, text=text)


async def _not_found(request: Request, error: Exception) -> Response:
    return error_page(request, 404, str(error), "It may have been solved, or the address is wrong.")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        response = error_page(request, 405, "This address cannot be used so", "Nothing was changed.")
    else:
        response = error_page(request, error.status_code, "There is no page here", "The address may be mistyped.")
    response.headers.update(error.headers or {})
    return response


async def _invalid(request: Request, error: Exception) -> Response:
    return error_page(request, 422, "This address makes no sense to Tieline", "Nothing was changed.")


async def _form(request: Request, error: Exception) -> Response:
    assert isinstance(error, FormError)
    return error_page(request, error.status, "The form was not taken", str(error))


async def _database(request: Request, error: Exception) -> Response:
    log.warning("database_away", error=type(error).__name__)
    text = (
        "What you sent was not saved. Postings and your work queue go on as soon as it is back. Try again in a moment."
    )
    response = error_page(request, 503, "The database does not answer just now", text)
    response.headers["Retry-After"] = "5"
    return response


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    NotFound: _not_found,
    NoSuchException: _not_found,
    HTTPException: _http,
    RequestValidationError: _invalid,
    BadCursor: _invalid,
    FormError: _form,
    psycopg.OperationalError: _database,
    psycopg.InterfaceError: _database,
    psycopg.errors.IdleInTransactionSessionTimeout: _database,
    PoolTimeout: _database,
}
