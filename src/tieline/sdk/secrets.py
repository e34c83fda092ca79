"""Keeps secrets out of logs and traces: every secret a process reads is known here, and texts are scrubbed of them."""

import re
import threading
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

HIDDEN = "•••"
SHORTEST = 6
"""Characters; hiding shorter texts would make a log unreadable."""
MOST = 500
"""Secrets known at a time; the oldest are forgotten, such as session tokens of last week."""
DEEPEST = 12

_lock = threading.Lock()
_known: OrderedDict[str, None] = OrderedDict()
_longest_first: tuple[str, ...] = ()

_SHAPES = re.compile(
    r"(?P<name>\b(?:bearer|basic|session|token)\s+|\bauthorization\W{1,6}(?:\w+\s+)?|"
    r"\b(?:password|passwd|client_secret|private_key|access_token|refresh_token|assertion|api_?key|secret)"
    r"\b[\"']?\s*[=:]\s*[\"']?)"
    r"(?P<secret>[^\s\"',;&<>]{6,})"
    r"|whsec_[A-Za-z0-9+/=_-]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.IGNORECASE | re.DOTALL,
)


def know_secret(value: str) -> str:
    """Hide this text from now on, as it is and as part of an address; returns it."""
    global _longest_first
    forms = {form for form in (value.strip(), quote(value.strip(), safe="")) if len(form) >= SHORTEST}
    with _lock:
        if all(form in _known for form in forms):
            return value
        for form in forms:
            _known[form] = None
            _known.move_to_end(form)
        while len(_known) > MOST:
            _known.popitem(last=False)
        _longest_first = tuple(sorted(_known, key=len, reverse=True))
    return value


def scrub(text: str) -> str:
    """The text without the secrets we know and without what looks like one."""
    # Both are looked for in the text as it was: one that is hidden first could leave the rest of another unrecognised.
    spans = [(found.start() + len(found["name"] or ""), found.end()) for found in _SHAPES.finditer(text)]
    for secret in _longest_first:
        at = text.find(secret)
        while at >= 0:
            spans.append((at, at + len(secret)))
            at = text.find(secret, at + 1)
    parts, end = [], 0
    for start, until in sorted(spans):
        if start >= end:
            parts += [text[end:start], HIDDEN]
        end = max(end, until)
    return "".join([*parts, text[end:]])


def scrubbed(value: Any, depth: int = 0) -> Any:
    """Texts within lists and dicts scrubbed; anything else as its text would show it."""
    if isinstance(value, str):
        return scrub(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= DEEPEST:
        return HIDDEN
    if isinstance(value, dict):
        return {scrub(str(key)): scrubbed(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrubbed(item, depth + 1) for item in value]
    return scrub(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
