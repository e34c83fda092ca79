"""A line of the timeline: what a run saw or did."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from tieline.sdk import jsontext

StepWhat = Literal[
    "confirmed",
    "unchanged",
    "refused",
    "in_doubt",
    "waiting",
    "retrying",
    "accepted",
    "withdrawn",
    "not_in_use",
    "kept_here",
    "off",
    "shadow",
    "asks",
    "note",
]


MISSING = ("refused", "in_doubt", "waiting", "retrying", "accepted")
"""How a step ends whose system does not hold what it should."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A line of the timeline: what this run saw or did."""

    label: str
    what: StepWhat
    connection: str | None = None
    target: str | None = None
    subject: str | None = None
    external_id: str | None = None
    detail: str | None = None


def content_hash(payload: Any) -> bytes:
    """SHA-256 of the canonical JSON of a payload."""
    return hashlib.sha256(jsontext.dumps(payload)).digest()
