"""Reading change orders: agreed changes of a won deal's contract, each with its lines, in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tieline.connectors.salesforce.client import Row, Salesforce, no_id
from tieline.connectors.salesforce.org_id import is_id
from tieline.connectors.salesforce.reading import Reading
from tieline.connectors.salesforce.soql import equals, select
from tieline.model.change_order import ChangeOrder, ChangeOrderLine
from tieline.model.ids import born_outside

ORDER, LINE = "Tieline_Change_Order__c", "Tieline_Change_Order_Line__c"
LINES = "Tieline_Change_Order_Lines__r"


@dataclass(frozen=True, slots=True)
class ChangeOrders:
    """The change orders of one organisation."""

    salesforce: Salesforce
    reading: Reading
    account: str
    kept: bool
    """Whether the organisation keeps any (option `change_orders`)."""

    def read(self, opportunity: str) -> Sequence[ChangeOrder]:
        """Those of a deal. Raises Rejected when one cannot be translated."""
        if not self.kept:
            return ()
        if not is_id(opportunity):
            raise no_id(self.salesforce.connection, opportunity)
        lines = select(self.reading.fields("change_order_line", "Id"), LINES, order=("Id",))
        fields = self.reading.fields("change_order", "Id", "Name")
        where = equals("Opportunity__c", opportunity)
        query = select(fields, ORDER, where=where, order=("Id",), children=[lines])
        return [self._order(row) for row in self.salesforce.rows(query)]

    def _order(self, row: Row) -> ChangeOrder:
        what = f"Change order '{row.get('Name')}'"
        values: dict[str, Any] = self.reading.translate("change_order", row, what)
        lines = [self._line(line, what) for line in self.salesforce.children(row, LINES)]
        identifier = self.reading.text(row, "Id")
        return ChangeOrder(**values, id=born_outside(self.account, "change_order", identifier), lines=tuple(lines))

    def _line(self, row: Row, what: str) -> ChangeOrderLine:
        identifier = self.reading.text(row, "Id")
        values: dict[str, Any] = self.reading.translate("change_order_line", row, f"{what}, line {identifier}")
        return ChangeOrderLine(**values, id=born_outside(self.account, "change_order_line", identifier))
