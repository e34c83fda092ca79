"""What Salesforce's own lists say of our objects: the projects and invoices sales sees."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieline.connectors.salesforce.client import REFERENCE, Row
from tieline.connectors.salesforce.operations import Writing
from tieline.connectors.salesforce.reading import CURRENCY
from tieline.connectors.salesforce.soql import one_of, select
from tieline.sdk.books import Days, Fact, Held, Listed
from tieline.sdk.errors import Rejected

LOOKED_UP = 200
"""References of one query; a query's text is limited."""
FACTS: Mapping[Listed, Mapping[str, str]] = {
    "project": {"amount": "value.amount", "version": "contract_version", "label": "name"},
    "invoice": {"amount": "net.amount", "total": "total.amount", "open": "outstanding.amount", "label": "number"},
}
"""Record -> what a row tells, and the canonical field of the mapping it stands in."""
WITHDRAWN = "Withdrawn"
STATUS = "Record_Status__c"


@dataclass(frozen=True, slots=True)
class SalesforceBooks:
    """The books of one organisation (`sdk.books.Books`)."""

    writing: Writing
    zeroes_reversed: bool = False
    whole_amounts: bool = False

    @property
    def shows(self) -> Mapping[Listed, frozenset[Fact]]:
        """As far as the site's mappings write it."""
        facts: tuple[Fact, ...] = ("amount", "version")
        return {record: frozenset(fact for fact in facts if fact in self._fields(record)) for record in FACTS}

    def list_held(self, record: Listed, days: Days | None = None) -> Iterator[Held]:
        """All records of ours that were not withdrawn."""
        return self._rows(record, f"{REFERENCE} != null")

    def find_held(self, record: Listed, references: Sequence[str]) -> Iterator[Held]:
        """By our reference."""
        for start in range(0, len(references), LOOKED_UP):
            yield from self._rows(record, one_of(REFERENCE, references[start : start + LOOKED_UP]))

    def _rows(self, record: Listed, where: str) -> Iterator[Held]:
        writing, fields = self.writing, self._fields(record)
        currency = [] if writing.currency else [CURRENCY]
        wanted = ["Id", REFERENCE, STATUS, *fields.values(), *currency]
        query = select(wanted, writing.mappings[record].vendor, where=where, order=("Id",))
        for row in writing.salesforce.rows(query):
            try:
                yield _held(row, fields, writing.currency)
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                message = f"a row of its list of {record} cannot be read: {error!r:.200}"
                raise Rejected(writing.salesforce.connection, message, kind="schema_drift", field=record) from error

    def _fields(self, record: Listed) -> dict[str, str]:
        """Fact -> the vendor's field, as the site's mapping writes it."""
        written = {field.row.canonical: field.row.vendor for field in self.writing.mappings[record].fields}
        return {fact: written[canonical] for fact, canonical in FACTS[record].items() if canonical in written}


def _held(row: Row, fields: Mapping[str, str], currency: str | None) -> Held:
    def number(fact: str) -> Decimal | None:
        value: Any = row.get(fields[fact]) if fact in fields else None
        return None if value is None else Decimal(str(value))

    total, left, version = number("total"), number("open"), number("version")
    return Held(
        external_id=str(row["Id"]),
        reference=str(row[REFERENCE]),
        amount=number("amount"),
        paid=total - left if total is not None and left is not None else None,
        currency=currency or str(row[CURRENCY]),
        version=int(version) if version is not None else None,
        void=row.get(STATUS) == WITHDRAWN,
        label=str(row.get(fields["label"]) or "") if "label" in fields else None,
    )
