"""Structured logs without secrets: every event passes the scrubber, ours and those of the libraries we use."""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

from tieline.sdk.secrets import scrub, scrubbed

LEVELS: Mapping[str, int] = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


def configure(level: str, stream: TextIO | None = None) -> None:
    """Log to this stream (stderr), as JSON unless a person watches."""
    out = stream or sys.stderr
    number = LEVELS.get(level.upper(), 30)
    renderer: Any = structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
    )
    _take_in_others(number, stream)


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The event with all its texts scrubbed, tracebacks too."""
    return {key: scrubbed(value) for key, value in event.items()}


class _Lines(logging.Formatter):
    """A line as our own events look."""

    def __init__(self, *, for_people: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._for_people = for_people

    def format(self, record: logging.LogRecord) -> str:
        """One line, scrubbed."""
        if self._for_people:
            return scrub(super().format(record))
        event = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name}
        event["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(scrubbed(event))


class _Handler(logging.Handler):
    """Ours, to be found again when logging is configured anew."""

    def __init__(self, out: TextIO | None) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; a stream that is gone is no reason to fail."""
        try:
            out = self._out or sys.stderr
            out.write(self.format(record) + "\n")
            out.flush()
        except (OSError, ValueError):
            return


def _take_in_others(level: int, out: TextIO | None) -> None:
    """Libraries log through the standard library; their lines are scrubbed as well."""
    handler = _Handler(out)
    handler.setFormatter(_Lines(for_people=(out or sys.stderr).isatty()))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(level, logging.WARNING))
