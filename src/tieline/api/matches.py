"""Routes of stewards: customers that may be one, and what is said of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Answer, JsonOnly, Limit, Line, Number, OnDesk, Words
from tieline.app.desk import Desk
from tieline.app.matches import look_through
from tieline.app.ownership import register
from tieline.app.reference import counterparts
from tieline.app.views.matches import MatchDetail, Show, count_matches, list_matches, read_match
from tieline.app.views.paging import snapshot
from tieline.exception_queue import matches

router = APIRouter(tags=["master data"], dependencies=[JsonOnly])


class Match(Answer):
    """Two customers that may be one."""

    number: int
    a: str = Field(description="Our id of the one.")
    b: str = Field(description="Our id of the other.")
    name_a: str
    name_b: str
    probability: float = Field(description="That they are one, from 0 to 1.")
    reasons: tuple[str, ...] = Field(description="Why, the heaviest first.")
    state: Show
    found_at: AwareDatetime
    waiting: int = Field(description="Processes that wait for the decision.")
    decided_by: str | None = Field(description="`tieline`: linked without a person, above the site's bound.")
    decided_at: AwareDatetime | None
    reason: str | None
    survivor: str | None = Field(description="The customer that stands for both.")


class Matches(Answer):
    """A list of pairs."""

    items: list[Match]
    counts: dict[str, int] = Field(description="How many there are, by state.")


class FieldOfBoth(Answer):
    """One field of both customers."""

    field: str
    a: str | None
    b: str | None
    chosen: Literal["a", "b"] | None


class HeldAs(Answer):
    """Where a customer stands in a system."""

    connection: str
    external_id: str
    legal_entity: str | None


class MatchInFull(Answer):
    """A pair side by side."""

    row: Match
    fields: tuple[FieldOfBoth, ...]
    held_a: tuple[HeldAs, ...]
    held_b: tuple[HeldAs, ...]
    engagements_a: int
    engagements_b: int


class Searched(Answer):
    """What a search came to."""

    customers: int
    likely: int
    gone: int


class Decided(Answer):
    """What a decision set in motion."""

    number: int
    woken: int = Field(description="Contracts that look again.")


class Uniting(Acting):
    """The two are one."""

    reason: Words = ""
    survivor: Line | None = Field(default=None, description="The id of the one that stands for both; else `a`.")
    choices: dict[Line, Line] = Field(default={}, description="Field -> the id of the customer whose value counts.")


class Parting(Acting):
    """The two are two."""

    reason: Words = Field(min_length=1)


class FieldOwner(Answer):
    """Who owns one field."""

    record: str
    field: str
    owner: str = Field(description="The role that decides its value: crm, psa, erp, hcm or tieline.")
    field_class: str
    steward: str | None
    read_from: tuple[str, ...] = Field(description="Connections.")
    written_to: tuple[str, ...] = Field(description="Connections.")


class CodeOfOurs(Answer):
    """A code and what a system calls it."""

    domain: str
    value: str
    connection: str
    table: str
    theirs: str | None
    needed: bool = Field(description="The site itself uses it; else a deal may.")


@router.get("/api/owners", response_model=list[FieldOwner], summary="Who owns which field")
def list_owners(
    desk: OnDesk, record: Annotated[str | None, Query(max_length=60, description="Only this record.")] = None
) -> object:
    """Owner, class and steward of each field, and which systems read and write it."""
    try:
        return register(desk.site, desk.mappings, record)
    except KeyError as error:
        raise ApiError(404, f"There is no record '{record}'", "Leave it out to see all of them.") from error


@router.get("/api/reference", response_model=list[CodeOfOurs], summary="Codes and their counterparts")
def list_reference(desk: OnDesk) -> object:
    """Each code the site uses in each system that needs one; `theirs` is null where it is missing."""
    return counterparts(desk.site)


@router.get("/api/matches", response_model=Matches, summary="List customers that may be one")
def list_all(
    desk: OnDesk, show: Annotated[Show, Query(description="Which of them.")] = "open", limit: Limit = 50
) -> object:
    """Open ones with what waits for them first; decided ones with the newest first."""
    with snapshot(desk.database) as db:
        return {"items": list_matches(db, show, limit), "counts": count_matches(db)}


@router.post("/api/matches/search", response_model=Searched, summary="Compare all customers with each other")
def search(desk: OnDesk, body: Acting) -> object:
    """Nothing is merged by it; what is likely waits for a steward."""
    return look_through(desk.database, desk.site.firm)


@router.get("/api/matches/{number}", response_model=MatchInFull, summary="Read one pair side by side")
def read_one(desk: OnDesk, number: Number) -> object:
    """Both customers as last seen, field by field."""
    return _read(desk, number)


@router.post("/api/matches/{number}/same", response_model=Decided, summary="Say that the two are one")
def unite(desk: OnDesk, number: Number, body: Uniting) -> object:
    """One stands for both from now on; nothing is deleted in any system, and it can be taken back."""
    woken = matches.same(
        desk.database, number, body.by, body.reason, survivor=body.survivor, choices=dict(body.choices)
    )
    return {"number": number, "woken": woken}


@router.post("/api/matches/{number}/different", response_model=Decided, summary="Say that the two are two")
def part(desk: OnDesk, number: Number, body: Parting) -> object:
    """Nobody is asked again; what was merged is two again."""
    return {"number": number, "woken": matches.different(desk.database, number, body.by, body.reason)}


def _read(desk: Desk, number: int) -> MatchDetail:
    with snapshot(desk.database) as db:
        found = read_match(db, desk.cards, number)
    if found is None:
        raise ApiError(404, f"There is no pair {number}", "List them with GET /api/matches.")
    return found
