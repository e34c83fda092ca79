"""From a row of Kantata to canonical values, and what a row that cannot be read becomes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.kantata.client import Row
from tieline.connectors.kantata.records import Account
from tieline.mapping import MappingFailed
from tieline.sdk.errors import Rejected, Unavailable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def translated(account: Account, mapping: str, row: Row, what: str) -> dict[str, Any]:
    """The canonical values of a row. Raises Rejected naming the record and every field that cannot be read."""
    try:
        return account.mappings[mapping].read(row)
    except MappingFailed as failed:
        first = failed.problems[0]
        sentences = "; ".join(problem.message for problem in failed.problems)
        raise Rejected(
            account.connection,
            f"{what}: {sentences}",
            kind="mapping",
            field=first.canonical,
            key=first.value,
            owner="delivery",
        ) from failed


def moment(text: object) -> datetime:
    """An ISO 8601 moment with a time zone. Raises ValueError."""
    found = datetime.fromisoformat(text) if isinstance(text, str) and len(text) < 40 else None
    if found is None or found.tzinfo is None:
        raise ValueError(f"'{str(text)[:40]}' is no moment with a time zone")
    return found.astimezone(UTC)


def moment_of(connection: str, row: Row, field: str) -> datetime:
    """A moment that no record lacks. Raises Unavailable."""
    try:
        return moment(row.get(field))
    except (ValueError, OverflowError) as error:
        raise Unavailable(connection, f"answered a record without its {field}") from error


def microseconds(at: datetime) -> int:
    """A moment as our `source_version`."""
    return (at - EPOCH) // MICROSECOND
