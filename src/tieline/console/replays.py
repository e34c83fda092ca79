"""Pages of replays: what one would change, the button, how far it has come; and the page of one write."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tieline.app.replay import Preview
from tieline.app.views.effects import read_effect
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.app.views.replays import list_replays, read_replay
from tieline.console.errors import NotFound
from tieline.console.forms import FormError, Number, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.console.words import many
from tieline.engine.replay import NothingToReplay, Scope

router = APIRouter()

ROWS = 50
NAMES = ("engagement", "effect", "connection", "record", "external_id", "since", "until")
Text = Annotated[str, Query(max_length=300)]


@router.get("/replays")
def listed(request: Request, desk: OnDesk, before: Annotated[int | None, Query(ge=1, le=2**62)] = None) -> Response:
    """Who asked for which, how far it has come, and what came of it."""
    with snapshot(desk.database) as db:
        rows, counts = list_replays(db, before=before, limit=ROWS + 1), count_exceptions(db)
    following = rows[ROWS - 1].number if len(rows) > ROWS else None
    content: dict[str, Any] = {"rows": rows[:ROWS], "following": following, "first": before is None}
    return page(request, "replays.html", here="operations", counts=counts, **content)


@router.get("/replays/preview")
def preview(request: Request, desk: OnDesk) -> Response:
    """What a replay would change, field by field; nothing is written."""
    given = {name: request.query_params.get(name, "").strip() for name in NAMES}
    try:
        scope = scope_of(given)
    except FormError as error:
        return _asks(request, desk, given, str(error) if any(given.values()) else None)
    found = desk.replays.preview(scope)
    if not found.items and not found.lines:
        return _asks(request, desk, given, f"We know nothing of {scope.told}.")
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    kept = {name: value for name, value in given.items() if value}
    content: dict[str, Any] = {"found": found, "kept": kept, "answer": answer(found), "counts": counts}
    return page(request, "preview.html", here="operations", **content)


def _asks(request: Request, desk: OnDesk, given: Mapping[str, str], wrong: str | None) -> Response:
    """The form that asks what to replay."""
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    status = 422 if wrong else 200
    return page(request, "replay_form.html", here="operations", status=status, given=given, wrong=wrong, counts=counts)


def answer(found: Preview) -> str:
    """What it would change, in a sentence."""
    systems = {write.connection for forecast in found.forecasts for write in forecast.writes}
    parts = [f"write {many(found.writes, 'record')} in {many(len(systems), 'system')}"] if found.writes else []
    if found.line_changes:
        parts.append(f"correct {many(len(found.line_changes), 'approved line')}")
    what = " and ".join(parts) if parts else "write nothing: everything is as it should be"
    return f"A replay of {found.told} would {what}."


def scope_of(given: Mapping[str, str]) -> Scope:
    """What a form names. Raises FormError."""
    values: dict[str, Any] = {name: given[name] for name in NAMES if given.get(name)}
    if any("\0" in value for value in values.values()):
        raise FormError("This has characters that cannot be stored. Nothing was changed.")
    try:
        if "effect" in values:
            values["effect"] = _number(values["effect"])
        for name in ("since", "until"):
            if name in values:
                moment = datetime.fromisoformat(values[name])
                values[name] = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return Scope(**values)
    except ValueError as error:
        raise FormError(str(error)) from error


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise FormError(f"'{text[:40]}' is not the number of a write.")
    return int(text)


@router.post("/replays")
def begin(request: Request, desk: OnDesk, form: Posted) -> Response:
    """Ask for it, in the person's name."""
    by = form.by
    given = {name: form.text(name, "What to replay", 300) for name in NAMES}
    try:
        asked = desk.replays.ask(scope_of(given), by)
    except NothingToReplay as error:
        raise FormError(str(error)) from error
    return see_other(f"/replays/{asked.number}{'?joined=1' if asked.joined else ''}", by)


@router.get("/replays/{number}")
def one(request: Request, desk: OnDesk, number: Number, joined: bool = False) -> Response:
    """How far it has come; a script looks again while it runs."""
    with snapshot(desk.database) as db:
        row, counts = read_replay(db, number), count_exceptions(db)
    if row is None:
        raise NotFound("There is no such replay")
    return page(request, "replay.html", here="operations", row=row, joined=joined, counts=counts)


@router.post("/replays/{number}/stop")
def end(desk: OnDesk, number: Number, form: Posted) -> Response:
    """Nothing more is woken or read; what is under way ends."""
    by = form.by
    desk.replays.stop(number, by)
    return see_other(f"/replays/{number}", by)


@router.get("/effects/{number}")
def effect(request: Request, desk: OnDesk, number: Number) -> Response:
    """One write: what became of it, and what happens next."""
    with snapshot(desk.database) as db:
        shown, counts = read_effect(db, desk.cards, number), count_exceptions(db)
    if shown is None:
        raise NotFound("There is no such write")
    return page(request, "effect.html", here="operations", shown=shown, counts=counts)
