"""How an exception can be mended from here: the suggested fix, with what a person may choose from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rapidfuzz import fuzz, process

from tieline.app.views.exceptions import ExceptionRow
from tieline.exception_queue.value_row import table_of

Way = Literal["add_code", "link", "happened", "decide", "adopt", "resume", "match", "retry"]

_IDS = re.compile(r"'(.{1,120}?)' \(id ([^\s)]{1,80})\)")
LIKE_ENOUGH = 70
MOST_CHOICES = 500


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something to choose: the vendor's id or code, and what it stands for."""

    value: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Fix:
    """The way to mend an exception.

    `add_code`: pair the missing code with one of the vendor's. `link`: say which record over there is ours, or create
    a new one. `happened`: say whether an unclear write happened. `decide`: approve or decline. `adopt`: link a record
    made outside, or leave it. `match`: say whether two customers are one. `resume`: renew the credentials, then let the
    connection go on. `retry`: mend it at its place.
    """

    way: Way
    choices: tuple[Choice, ...] = ()
    suggested: str | None = None
    because: str | None = None
    ours_label: str | None = None
    theirs_label: str | None = None
    table: str | None = None


def fix_of(row: ExceptionRow, folders: list[Path]) -> Fix:
    """The suggested fix of an exception; `folders` are its connection's value tables."""
    match row.kind:
        case "mapping":
            return _missing_code(row, folders)
        case "duplicate" if row.connection is not None:
            return Fix(way="link", choices=_candidates(row.message))
        case "duplicate" if row.field == "customer":
            return Fix(way="match")
        case "in_doubt" if row.connection is not None:
            return Fix(way="happened", choices=_candidates(row.message))
        case "approval" if row.approval_id is not None:
            return Fix(way="decide")
        case "unlinked":
            return Fix(way="adopt")
        case "auth":
            return Fix(way="resume")
    return Fix(way="retry")


def _missing_code(row: ExceptionRow, folders: list[Path]) -> Fix:
    table = table_of(row.kind, row.field, row.key, folders)
    if table is None or row.key is None:
        return Fix(way="retry")
    pairs = list(table.theirs_of.items())[:MOST_CHOICES]
    suggested, because = _alike(row.key, pairs)
    return Fix(
        way="add_code",
        choices=tuple(Choice(value=theirs, text=ours) for ours, theirs in pairs),
        suggested=suggested,
        because=because,
        ours_label=table.ours_label,
        theirs_label=table.theirs_label,
        table=table.name,
    )


def _alike(key: str, pairs: Sequence[tuple[str, str]]) -> tuple[str | None, str | None]:
    """The code of the most similar name, when one is similar enough."""
    found = process.extractOne(key, [ours for ours, _ in pairs], scorer=fuzz.token_set_ratio, score_cutoff=LIKE_ENOUGH)
    if found is None:
        return None, None
    ours, theirs = pairs[found[2]]
    return theirs, f"“{ours}” uses {theirs}"


def _candidates(message: str) -> tuple[Choice, ...]:
    """The records a message names as `'label' (id 77)`."""
    return tuple(Choice(value=number, text=label) for label, number in _IDS.findall(message))
