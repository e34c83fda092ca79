"""The draft invoice in NetSuite; once finance has posted it, it refuses our changes."""

from dataclasses import dataclass, replace
from typing import Any

from tieline.connectors.netsuite.contract import lines_of, stored_lines
from tieline.connectors.netsuite.records import Kind, Site, rendered, upsert
from tieline.model.invoice import Invoice
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Answer, Links, Operation, Payload, Written

KIND = Kind(
    target="invoice",
    record_type="invoice",
    words="Invoice",
    label="tranId",
    sublists={"item": "invoice_line"},
    create_only=("approvalStatus",),
    made=("memo",),
)
PENDING, APPROVED, REJECTED = "1", "2", "3"
STATE_FIELDS = ("approvalStatus", "status", "tranId")


@dataclass(eq=False)
class Posted(Rejected):
    """The invoice is in the books or was voided."""

    record_id: str = ""


def ensure_invoice(site: Site) -> Operation[Invoice]:
    """The draft with its lines; links `customer`, `project`, `contract`."""
    base, line = rendered(site.mappings["invoice"]), site.mappings["invoice_line"]

    def render(record: Invoice, links: Links) -> Payload:
        header = base(record, links)
        named = links if site.options.order_lines else {name: links[name] for name in links if name != "contract"}
        memo = f"{record.period_start.isoformat()} to {record.period_end.isoformat()}"
        items = lines_of(header, line, record.lines, named)
        if record.posts_on is not None and "tranDate" in header:  # its own period is closed
            header["tranDate"] = record.posts_on.isoformat()
        return {**header, "memo": memo, "approvalStatus": {"id": PENDING}, "item": items}

    def prepare(payload: Payload, record_id: str | None) -> Payload:
        if record_id is not None:
            refuse_when_posted(site, record_id)
        return with_order_lines(site, payload)

    operation = upsert(site, KIND, render=render, prepare=prepare)

    def create(payload: Payload, key: str) -> Answer:
        try:
            return operation.create(payload, key)
        except Posted as posted:  # an earlier try arrived, and finance was quick
            return Written(posted.record_id, replayed=True)

    def withdraw(record_id: str) -> None:
        refuse_when_posted(site, record_id)
        site.client.change("invoice", record_id, {"approvalStatus": {"id": REJECTED}}, what=f"Invoice {record_id}")

    def take_up(record_id: str) -> None:
        refuse_when_posted(site, record_id)
        site.client.change("invoice", record_id, {"approvalStatus": {"id": PENDING}}, what=f"Invoice {record_id}")

    return replace(operation, create=create, withdraw=withdraw, take_up=take_up)


def refuse_when_posted(site: Site, record_id: str) -> None:
    """Raises Posted for an invoice that is in the books, or was voided."""
    state = _state(site, record_id)
    if _is_posted(state):
        number = state.get("tranId") or record_id
        raise Posted(
            site.connection,
            f"Invoice {number} is posted or voided in NetSuite and cannot be changed: credit it and bill again",
            field="approvalStatus",
            owner="finance",
            record_id=record_id,
        )


def _state(site: Site, record_id: str) -> Payload:
    return site.client.read("invoice", record_id, fields=STATE_FIELDS)


def code(value: object) -> str | None:
    """The code of an enum: NetSuite answers `{"id": "A", "refName": "..."}` or the plain code."""
    found = value.get("id") if isinstance(value, dict) else value
    return str(found) if isinstance(found, str | int) else None


def _is_posted(state: Payload) -> bool:
    approval, status = code(state.get("approvalStatus")), code(state.get("status"))
    if status == "V":
        return True
    return approval == APPROVED if approval is not None else status in ("A", "B")


def with_order_lines(site: Site, payload: Payload) -> Payload:
    """The body with the line of the sales order that bills the same item; a line without one names no order.

    What NetSuite does with these two fields on a stand-alone invoice is not documented (fact sheet section 6).
    """
    order = next((line["orderDoc"]["id"] for line in payload["item"]["items"] if "orderDoc" in line), None)
    if order is None:
        return payload
    lines: dict[str, Any] = {}
    for stored in stored_lines(site, "salesOrder", order):
        lines.setdefault(code(stored.get("item")) or "", stored.get("line"))
    items = [_ordered(line, lines.get(line["item"]["id"])) for line in payload["item"]["items"]]
    return {**payload, "item": {"items": items}}


def _ordered(line: Payload, order_line: object) -> Payload:
    if order_line is None:
        return {name: value for name, value in line.items() if name != "orderDoc"}
    return {**line, "orderLine": order_line}
