"""Pages from templates: what every page shows around its own content."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tieline.app.desk import Desk
from tieline.app.views.exceptions import KINDS
from tieline.console import queue_filter, words
from tieline.model import readable
from tieline.model.durations import shortly

HERE = Path(__file__).parent
STATIC = HERE / "static"
NAME_COOKIE = "tieline_name"
THEME_COOKIE = "tieline_theme"
LONGEST_NAME = 80


@lru_cache
def templates() -> Environment:
    """The template engine; everything is escaped unless it was made as markup by `words`."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (
        readable.figure,
        words.short,
        readable.money,
        words.moneys,
        readable.hours,
        words.day,
        words.moment,
        words.ago,
        words.age_class,
        words.due,
        words.held_value,
        words.cut,
        words.short_id,
        words.state,
        words.content_rows,
        words.ticks,
        shortly,
    ):
        environment.filters[filter_.__name__] = filter_
    environment.globals.update(
        many=words.many,
        static=static,
        kinds=KINDS,
        actions=words.ACTIONS,
        methods=words.METHODS,
        role_names=words.ROLE_NAMES,
        queue_choices=queue_filter,
        chosen_words=queue_filter.chosen_words,
    )
    return environment


@lru_cache
def static(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """A page, or the part of one that a script asked for."""
    desk: Desk = request.state.desk
    around = {
        "now": datetime.now(UTC),
        "me": reader(request),
        "theme": theme(request),
        "firm": desk.site.firm,
        "people": {person.id: person.name for person in desk.site.firm.people},
        "cards": desk.cards,
        "owners": desk.site.queue_owners,
        "path": request.url.path,
        "counts": None,
        "search": None,
        "here": None,
    }
    shown = templates().get_template(template).render({**around, **content})
    return HTMLResponse(shown, status)


def reader(request: Request) -> str:
    """The name the reader gave before; there is no sign-in yet."""
    return unquote(request.cookies.get(NAME_COOKIE, ""))[:LONGEST_NAME].replace("\0", "")


def theme(request: Request) -> str | None:
    """`light` or `dark` when the reader chose one."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in ("light", "dark") else None
