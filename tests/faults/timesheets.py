"""A PSA whose people approve, correct, move, withdraw and delete time; its feed tells what changed, as sweeps do."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from threading import Lock

from msgspec.structs import replace

from tests.lane.world import PSA, entry
from tieline.lane.pull import Feed
from tieline.sdk.feed import LinePage, SourceLine

DAYS = [date(2026, 2, 2) + timedelta(days) for days in range(4)]
PAGE, OVERLAP = 7, 4


@dataclass
class Timesheets:
    """The newest state of every entry, and in which order entries changed."""

    chance: random.Random
    projects: tuple[str, ...]
    """Its own references."""
    entries: dict[str, SourceLine] = field(default_factory=dict)
    _changes: list[tuple[str, SourceLine]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def feed(self) -> Feed:
        return Feed(PSA, "Kantata", "time", self._pages)

    def change(self) -> str:
        """Somebody does something; returns what."""
        with self._lock:
            known = list(self.entries)
            if len(known) < 3 or self.chance.random() < 0.25:
                source_id = str(len(self._changes))
                line = entry(source_id, int(self._minutes()), project_ref=self.chance.choice(self.projects))
                return self._tell("entered", replace(line, work_date=self.chance.choice(DAYS)))
            line = self.entries[self.chance.choice(known)]
            what = self.chance.choices(
                ["minutes", "project", "day", "note", "approval", "deleted"], [6, 4, 3, 1, 6, 1]
            )[0]
            newer = replace(line, source_version=line.source_version + 1)
            match what:
                case "minutes":
                    return self._tell(what, replace(newer, quantity=self._minutes()))
                case "project":
                    return self._tell(what, replace(newer, project_ref=self.chance.choice(self.projects)))
                case "day":
                    return self._tell(what, replace(newer, work_date=self.chance.choice(DAYS)))
                case "note":
                    return self._tell(what, replace(newer, note=f"note {newer.source_version}"))
                case "approval":
                    return self._tell(what, replace(newer, approved=not line.approved))
            del self.entries[line.source_id]
            return f"deleted {line.source_id}"

    def present(self) -> set[str]:
        """The ids of what is approved now."""
        with self._lock:
            return {source_id for source_id, line in self.entries.items() if line.approved}

    def _minutes(self) -> Decimal:
        return Decimal(self.chance.randrange(1, 9) * 15)

    def _tell(self, what: str, line: SourceLine) -> str:
        self.entries[line.source_id] = line
        self._changes.append((line.source_id, line))
        return f"{what} {line.source_id} v{line.source_version}"

    def _pages(self, cursor: str | None) -> LinePage:
        """What changed since the cursor and a little before it, in any order; old versions are among it."""
        with self._lock:
            start = int(cursor or 0)
            end = min(start + PAGE, len(self._changes))
            lines = [line for source_id, line in self._changes[max(0, start - OVERLAP) : end]]
            lines = [line for line in lines if line.source_id in self.entries]
            random.Random(f"{start}:{end}").shuffle(lines)
            return LinePage(lines, b"{}", str(end), end < len(self._changes))
