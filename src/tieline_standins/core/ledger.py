"""The ledger of a stand-in: the append-only list of committed writes, the oracle of tests."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Json, Request


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One committed write of one record; a bulk request leaves one entry for each record it wrote."""

    n: int
    time: datetime
    operation: str
    method: str
    path: str
    key: str
    external_key: str | None
    body: Json

    def as_json(self) -> dict[str, Json]:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {"time": self.time.isoformat()}


class Ledger:
    """Entries are numbered from 1 and never change; a vendor calls `commit` at the moment a write becomes visible."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[LedgerEntry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def commit(
        self, request: Request, operation: str, key: str, body: Json, *, external_key: str | None = None
    ) -> LedgerEntry:
        """Record one write: `key` is the vendor's record id, `body` the part of the request about this record."""
        entry = LedgerEntry(
            n=len(self._entries) + 1,
            time=self._clock.now(),
            operation=operation,
            method=request.method,
            path=request.raw_path,
            key=key,
            external_key=external_key,
            body=body,
        )
        self._entries.append(entry)
        return entry

    def entries(self, since: int = 0, operation: str = "*", limit: int | None = None) -> list[LedgerEntry]:
        """Entries with n > since, oldest first; `operation` may be a glob such as `time_entries.*`."""
        found = self._entries[max(since, 0) :]
        if operation != "*":
            found = [entry for entry in found if fnmatchcase(entry.operation, operation)]
        return found if limit is None else found[:limit]

    def clear(self) -> None:
        self._entries.clear()
