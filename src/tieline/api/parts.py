"""What the routes share: the desk they work on, checked texts and numbers, and pages."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tieline.api.errors import ApiError
from tieline.app.desk import Desk
from tieline.app.views.paging import LARGEST


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


async def _desk(request: Request) -> Desk:  # async: a plain function would cost each request another thread
    desk: Desk = request.state.desk
    return desk


async def _json_only(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in ("GET", "DELETE") and kind != "application/json":
        raise ApiError(415, "The body must be JSON", "Send it with Content-Type: application/json.")


OnDesk = Annotated[Desk, Depends(_desk)]
JsonOnly = Depends(_json_only)

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_storable)]
"""A short text."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_storable)]
"""A reason or comment; may be empty."""
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its number.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST, description="Rows of a page.")]
Cursor = Annotated[str | None, Query(max_length=300, description="The `next` of the page before.")]


class Body(BaseModel):
    """What a program sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Acting(Body):
    """Who does it."""

    by: Line = Field(
        description="The person's name, as claimed; it goes into the audit trail.", examples=["Priya Raman"]
    )


class Answer(BaseModel):
    """What the API answers; made from the plain records of the views."""

    model_config = ConfigDict(from_attributes=True)
