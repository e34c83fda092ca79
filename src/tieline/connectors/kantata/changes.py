"""Changed projects: by their own change, or by that of an allocation, a resource or a milestone of theirs.

Deletions leave no trace in lists. With the Subscribed Events add-on they are seen as events (fact sheet section 6);
without it the flows' own regular look finds them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from tieline.connectors.kantata.client import Row, is_id
from tieline.connectors.kantata.reading import microseconds, moment_of
from tieline.connectors.kantata.records import Account
from tieline.connectors.kantata.sweep import Position, Sweep, Turn
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed, Changes

EVENT_LAG = timedelta(minutes=15)
"""Events come late, doubled and out of order."""
DELETIONS = "workspace:deleted,workspace_allocation:deleted,workspace_resource:deleted,story:deleted"


@dataclass(frozen=True, slots=True)
class ProjectFeed:
    """The streams that tell of changed projects."""

    account: Account

    def page(self, text: str | None) -> Changes[Changed]:
        """One page of each stream that has more."""
        sweeps = self._sweeps()
        positions, running = self._known(text, sweeps) if text is not None else (self._beginning(sweeps), set(sweeps))
        items: list[Changed] = []
        for name in sorted(running):
            turn = sweeps[name].read(positions[name])
            items += self._changes(name, turn)
            positions[name] = turn.position
            if turn.ended:
                running.discard(name)
        cursor = {"positions": {name: place.as_json() for name, place in positions.items()}, "running": sorted(running)}
        return Changes(items, jsontext.dumps(cursor).decode(), more=bool(running))

    def _sweeps(self) -> Mapping[str, Sweep]:
        overlap = timedelta(seconds=self.account.options.overlap_seconds)
        params: dict[str, dict[str, str]] = {
            "workspaces": {},
            "workspace_allocations": {"include": "workspace"},
            "workspace_resources": {"include": "workspace"},
            "stories": {"include": "workspace", "all_on_account": "true", "story_types": "milestone"},
        }
        sweeps = {name: Sweep(self.account.kantata, name, overlap, more) for name, more in params.items()}
        if self.account.options.events:
            sweeps["subscribed_events"] = Sweep(
                self.account.kantata,
                "subscribed_events",
                EVENT_LAG,
                {"event_types": DELETIONS, "optional_fields": "previous_payload,current_payload"},
                order="created_at",
                key="created_at",
                changed="created_at",
                bound="created_after",
            )
        return sweeps

    def _beginning(self, sweeps: Mapping[str, Sweep]) -> dict[str, Position]:
        """All projects; of everything else only what changes from now on."""
        since = self.account.options.changes_since
        start = Position(datetime.combine(since, time(), UTC) if since else None)
        return {name: start if name == "workspaces" else sweep.from_now_on() for name, sweep in sweeps.items()}

    def _known(self, text: str, sweeps: Mapping[str, Sweep]) -> tuple[dict[str, Position], set[str]]:
        """Positions and running streams of a cursor; at the end of a round all streams again."""
        try:
            value: Any = jsontext.loads(text)
            found = {name: Position.of_json(place) for name, place in value["positions"].items() if name in sweeps}
            running = sweeps.keys() & set(value["running"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = "cannot go on from its cursor, which is none of this connector"
            raise Rejected(self.account.connection, message, kind="internal") from error
        positions = {name: found[name] if name in found else sweep.from_now_on() for name, sweep in sweeps.items()}
        return positions, set(running) or set(sweeps)

    def _changes(self, name: str, turn: Turn) -> Sequence[Changed]:
        if name == "subscribed_events":
            return [one for row in turn.rows for one in self._deletion(row)]
        return [
            Changed("project", project, microseconds(moment_of(self.account.connection, row, "updated_at")))
            for row in turn.rows
            if (project := _project(name, row)) is not None
        ]

    def _deletion(self, event: Row) -> Iterator[Changed]:
        version = microseconds(moment_of(self.account.connection, event, "subject_changed_at"))
        if event.get("subject_type") == "Workspace":
            yield Changed("project", str(event.get("subject_id")), version, deleted=True)
            return
        payloads = [event.get("previous_payload"), event.get("current_payload")]
        found = [str(payload.get("workspace_id")) for payload in payloads if isinstance(payload, dict)]
        yield from (Changed("project", project, version) for project in found[:1] if is_id(project))


def _project(name: str, row: Row) -> str | None:
    """The project a row belongs to; None for a task that is no milestone."""
    if name == "workspaces":
        return str(row["id"])
    if name == "stories" and row.get("story_type") != "milestone":
        return None
    project = row.get("workspace_id")
    return project if isinstance(project, str) else None
