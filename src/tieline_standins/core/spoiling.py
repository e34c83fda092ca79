"""Answers no vendor should give, made from those it gave: cut, repeated, in another order, or no JSON at all."""

import gzip
from collections.abc import Callable
from functools import cache
from typing import Literal, get_args

from tieline_standins.core import exact_json
from tieline_standins.core.http import BadJsonError, Json, Response

How = Literal["html", "empty", "truncated", "huge", "fewer", "repeated", "reversed"]
HOWS: tuple[str, ...] = get_args(How)
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>...</form></body></html>"
UNPACKED = 64 * 1024 * 1024
"""Bytes a `huge` answer unpacks to; it travels as some 60 KB."""


def spoil(answer: Response, how: How) -> Response:
    """The answer as it arrives. `fewer`, `repeated` and `reversed` change its list; an answer without one is kept."""
    match how:
        case "html":
            return Response(200, LOGIN_PAGE, [("content-type", "text/html; charset=utf-8")])
        case "empty":
            return Response(200, b"", [("content-type", "application/json")])
        case "truncated":
            return Response(answer.status, answer.body[: len(answer.body) // 2], _usual(answer))
        case "huge":
            return Response(200, _bomb(), [("content-type", "application/json"), ("content-encoding", "gzip")])
    try:
        body = exact_json.loads(answer.body)
    except BadJsonError:
        return answer
    return Response(answer.status, _relisted(body, _LISTS[how]), _usual(answer))


_LISTS: dict[str, Callable[[list[Json]], list[Json]]] = {
    "fewer": lambda rows: rows[:-1],
    "repeated": lambda rows: [row for row in rows for _ in range(2)],
    "reversed": lambda rows: rows[::-1],
}


def _relisted(body: Json, change: Callable[[list[Json]], list[Json]]) -> Json:
    if isinstance(body, list):
        return change(body)
    if not isinstance(body, dict):
        return body
    return {name: change(value) if isinstance(value, list) else value for name, value in body.items()}


def _usual(answer: Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers if name.lower() != "content-length"]


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(UNPACKED), 9)
