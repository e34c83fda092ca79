"""Reading opportunities: the deal with its lines in one query, the site's rule for committed ones, all their ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieline.connectors.salesforce.bulk_query import bulk_column
from tieline.connectors.salesforce.client import Row, Salesforce, no_id
from tieline.connectors.salesforce.org_id import is_id
from tieline.connectors.salesforce.reading import Reading, microseconds
from tieline.connectors.salesforce.settings import Options
from tieline.connectors.salesforce.soql import equals, select
from tieline.model.ids import born_outside
from tieline.model.money import digits
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.sdk.errors import Rejected

LINES = "OpportunityLineItems"


@dataclass(frozen=True, slots=True)
class Opportunities:
    """The opportunities of one organisation."""

    salesforce: Salesforce
    reading: Reading
    options: Options
    account: str
    """The organisation's id: where our ids of its records come from."""

    def read(self, ref: str) -> Opportunity:
        """The deal with its lines. Raises Rejected when it never existed or cannot be translated."""
        row = self.raw(ref)
        what = f"Opportunity '{row.get('Name')}'"
        values = self.reading.translate("opportunity", row, what)
        lines = self.salesforce.children(row, LINES)
        stamps = [self.reading.moment(each.get("SystemModstamp")) for each in (row, *lines)]
        identifier = self.reading.text(row, "Id")
        buyer = values.get("customer_ref")
        return Opportunity(
            **values
            | {
                "id": born_outside(self.account, "opportunity", identifier),
                "customer_id": born_outside(self.account, "customer", buyer) if buyer else None,
                "is_committed": self._is_committed(row),
                "is_lost": row.get("IsClosed") is True and row.get("IsWon") is not True,
                "lines": tuple(self._line(line, what, values.get("currency")) for line in lines),
                # A line may change without its opportunity: the newest stamp of all is the version.
                "source_version": max(map(microseconds, stamps)),
            }
        )

    def raw(self, ref: str) -> Row:
        """The row as Salesforce has it, also from the recycle bin."""
        if not is_id(ref):
            raise no_id(self.salesforce.connection, ref)
        lines = select(
            self.reading.fields("opportunity_line", "Id", "SystemModstamp", "TotalPrice"),
            LINES,
            where="IsDeleted = false",
            order=("SortOrder", "Id"),
        )
        rule = [self.options.committed_field] if self.options.committed_field else []
        fields = self.reading.fields(
            "opportunity", "Id", "Name", "StageName", "IsClosed", "IsWon", "SystemModstamp", *rule
        )
        query = select(fields, "Opportunity", where=equals("Id", ref), children=[lines])
        row = self.salesforce.one(query, ref)
        if row is None:
            raise Rejected(
                self.salesforce.connection,
                f"Opportunity {ref} does not exist in Salesforce",
                "master_data",
                owner="sales",
            )
        return row

    def refs(self) -> Iterator[str]:
        """Ids of all committed opportunities that exist now."""
        query = select(["Id"], "Opportunity", where=self.options.committed)
        if self.options.bulk_refs:
            return bulk_column(self.salesforce, query)
        return (self.reading.text(row, "Id") for row in self.salesforce.rows(query))

    def _is_committed(self, row: Row) -> bool:
        if self.options.committed_field:
            return row.get(self.options.committed_field) is True
        if self.options.committed_stages:
            return row.get("StageName") in self.options.committed_stages
        return row.get("IsWon") is True

    def _line(self, row: Row, what: str, currency: str | None) -> OpportunityLine:
        values: dict[str, Any] = self.reading.translate("opportunity_line", row, f"{what}, line {row.get('Id')}")
        line = OpportunityLine(
            **values, id=born_outside(self.account, "opportunity_line", self.reading.text(row, "Id"))
        )
        total = row.get("TotalPrice")
        if isinstance(total, int | Decimal) and abs(total - line.amount) > Decimal(1).scaleb(-digits(currency or "")):
            # A line discount is in neither price nor quantity; billed without it the customer would pay too much.
            raise Rejected(
                self.salesforce.connection,
                f"{what}: a line of {line.quantity} x {line.unit_price} totals {total}; "
                "put the discount into the sales price",
                field="unit_price",
                owner="sales",
            )
        return line
