"""The journal of `--state`: committed requests, one JSON line each, replayed at the next start."""

import base64
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tieline_standins.core import exact_json
from tieline_standins.core.http import Request


class JournalError(Exception):
    """The state directory holds something that is not a journal of this stand-in."""


class Journal:
    """An append-only file; a line is in the kernel before the answer leaves, so it survives a kill of the process.

    A last line cut short by a crash was never answered and is dropped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, at: datetime, request: Request) -> None:
        line = exact_json.dumps(
            {
                "at": at.isoformat(),
                "method": request.method,
                "raw_path": request.raw_path,
                "query_string": request.query_string,
                "headers": dict(request.headers),
                "body": base64.b64encode(request.body).decode(),
            }
        )
        _write_all(self._fd, line + b"\n")

    def read(self) -> Iterator[tuple[datetime, Request]]:
        """All complete lines, oldest first. Raises JournalError."""
        end = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    os.ftruncate(self._fd, end)
                    return
                end += len(line)
                yield self._entry(number, line)

    def _entry(self, number: int, line: bytes) -> tuple[datetime, Request]:
        try:
            entry = exact_json.loads(line)
            at = datetime.fromisoformat(entry.pop("at"))
            return at, Request(**entry | {"body": base64.b64decode(entry["body"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise JournalError(f"{self.path}, line {number}: not a journal line ({error})") from error

    def clear(self) -> None:
        os.ftruncate(self._fd, 0)

    def close(self) -> None:
        os.close(self._fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
