"""Forms as they arrive: fields are checked texts; whoever acts is named, and the name is remembered."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated
from urllib.parse import parse_qs, quote

from fastapi import Depends, Path, Request
from fastapi.responses import RedirectResponse, Response

from tieline.app.desk import Desk
from tieline.console.rendering import LONGEST_NAME, NAME_COOKIE

LONGEST_LINE = 200
LONGEST_TEXT = 2000
MOST_FIELDS = 150
"""A list of lines to choose from is the longest."""
A_YEAR = 365 * 86_400


class FormError(Exception):
    """A form that cannot be used; the message is for the person who sent it."""

    def __init__(self, message: str, status: int = 422) -> None:
        self.status = status
        super().__init__(message)


class Form:
    """The fields of a posted form."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._all = fields
        self._fields = {name: values[-1] for name, values in fields.items()}

    def many(self, name: str) -> Sequence[str]:
        """The values of a field that may stand there several times, as they came."""
        return self._all.get(name, ())

    def line(self, name: str, what: str) -> str:
        """A short text that must be given. Raises FormError."""
        text = self.text(name, what, LONGEST_LINE)
        if not text:
            raise FormError(f"{what} is missing. Nothing was changed.")
        return text

    def text(self, name: str, what: str, longest: int = LONGEST_TEXT) -> str:
        """A text, or "". Raises FormError when it is too long or cannot be stored."""
        text = self._fields.get(name, "").strip()
        if len(text) > longest:
            raise FormError(f"{what} is longer than {longest} characters. Nothing was changed.")
        if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
            raise FormError(f"{what} has characters that cannot be stored. Nothing was changed.")
        return text

    def count(self, name: str) -> int:
        """A number the page itself put into the form. Raises FormError."""
        text = self.line(name, "What was shown")
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise FormError("What was shown cannot be read. Nothing was changed.")
        return int(text)

    def day(self, name: str, what: str) -> datetime:
        """The first moment of a day, UTC. Raises FormError."""
        text = self.line(name, what)
        try:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        except ValueError as error:
            raise FormError(f"{what} is no day such as 2026-11-30. Nothing was changed.") from error

    @property
    def by(self) -> str:
        """Who acts. Raises FormError."""
        name = self.line("by", "Your name")
        if len(name) > LONGEST_NAME:
            raise FormError(f"Your name is longer than {LONGEST_NAME} characters. Nothing was changed.")
        return name


async def _form(request: Request) -> Form:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise FormError("This form arrived in a way no page of Tieline sends it. Nothing was changed.", 415)
    try:
        fields = parse_qs((await request.body()).decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise FormError("This form cannot be read. Nothing was changed.", 400) from error
    return Form(fields)


async def _desk(request: Request) -> Desk:
    desk: Desk = request.state.desk
    return desk


Posted = Annotated[Form, Depends(_form)]
OnDesk = Annotated[Desk, Depends(_desk)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


def see_other(address: str, by: str) -> Response:
    """Go and look at the result; the name is kept for the next form."""
    response = RedirectResponse(address, 303)
    response.set_cookie(NAME_COOKIE, quote(by), max_age=A_YEAR, samesite="strict", httponly=True)
    return response
