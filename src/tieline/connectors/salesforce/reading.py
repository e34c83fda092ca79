"""From a Salesforce row to canonical values: which fields to ask for, and what a row that cannot be read becomes."""

from collections.abc import Mapping as Values
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.salesforce.client import Row
from tieline.mapping import Mapping, MappingFailed
from tieline.sdk.errors import Rejected, Unavailable

CURRENCY = "CurrencyIsoCode"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """The mappings of a connection, and the one currency of an organisation without multi-currency."""

    connection: str
    mappings: Values[str, Mapping]
    currency: str | None

    def fields(self, mapping: str, *more: str) -> Sequence[str]:
        """The vendor fields to ask for: those of the mapping, and some more."""
        wanted = dict.fromkeys([*self.mappings[mapping].vendor_fields("read"), *more])
        return [field for field in wanted if field != CURRENCY or self.currency is None]

    def translate(self, mapping: str, row: Row, what: str) -> dict[str, Any]:
        """The canonical values of a row. Raises Rejected naming the record and every field that cannot be read."""
        try:
            return self.mappings[mapping].read(row if self.currency is None else {**row, CURRENCY: self.currency})
        except MappingFailed as failed:
            first = failed.problems[0]
            sentences = "; ".join(problem.message for problem in failed.problems)
            raise Rejected(
                self.connection,
                f"{what}: {sentences}",
                kind="mapping",
                field=first.canonical,
                key=first.value,
                owner="sales",
            ) from failed

    def moment(self, value: object) -> datetime:
        """A stamp such as `2026-05-01T07:25:37.000+0000`. Raises Unavailable for anything else."""
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise Unavailable(self.connection, "answered a record without its modification time")
        return found.astimezone(UTC)

    def text(self, row: Row, field: str) -> str:
        """A text that no record lacks, such as its Id. Raises Unavailable otherwise."""
        value = row.get(field)
        if not isinstance(value, str):
            raise Unavailable(self.connection, f"answered a record without its {field}")
        return value


def microseconds(moment: datetime) -> int:
    """A moment as our `source_version`."""
    return (moment - EPOCH) // timedelta(microseconds=1)
