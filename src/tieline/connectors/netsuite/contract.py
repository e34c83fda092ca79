"""The contract in NetSuite: a sales order; its lines are replaced as a whole, and made as those of invoices are."""

from collections.abc import Sequence

from tieline.connectors.netsuite.records import Kind, Site, items_of, rendered, upsert
from tieline.mapping import Mapping
from tieline.model.project import ContractPart
from tieline.model.record import Record
from tieline.sdk.operation import Links, Operation, Payload

KIND = Kind(
    target="contract",
    record_type="salesOrder",
    words="Contract",
    label="memo",
    sublists={"item": "contract_line"},
)
SEGMENTS = ("department", "class", "location")


def ensure_contract(site: Site) -> Operation[ContractPart]:
    """The sales order; links `customer`, `project`."""
    base, line = rendered(site.mappings["contract"]), site.mappings["contract_line"]

    def render(record: ContractPart, links: Links) -> Payload:
        header = base(record, links)
        return {**header, "item": lines_of(header, line, record.lines, links)}

    def close_lines(order: str) -> None:
        items = stored_lines(site, "salesOrder", order)
        closed = [{"line": item["line"], "isClosed": True} for item in items if "line" in item]
        site.client.change("salesOrder", order, {"item": {"items": closed}}, what=f"Contract {order}")

    return upsert(site, KIND, render=render, withdraw=close_lines)


def lines_of(header: Payload, mapping: Mapping, lines: Sequence[Record], links: Links) -> Payload:
    """The item sublist; department, class and location stand on every line as on the header."""
    segments = {name: header[name] for name in SEGMENTS if name in header}
    return {"items": [{**mapping.write(line.model_dump(), links), **segments} for line in lines]}


def stored_lines(site: Site, record_type: str, record_id: str) -> list[Payload]:
    """The item lines of a transaction as NetSuite stores them."""
    return items_of(site.client.read(record_type, record_id, fields=("item",), lines=True), "item")
