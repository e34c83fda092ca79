"""The credit memo in NetSuite: what an invoice worth less than nothing is there. It is booked once it is made."""

from dataclasses import replace

from tieline.connectors.netsuite.contract import lines_of
from tieline.connectors.netsuite.records import Kind, Site, rendered, upsert, without
from tieline.model.invoice import Invoice, InvoiceLine
from tieline.sdk.operation import Answer, Links, Operation, Payload, Written

KIND = Kind(
    target="invoice",
    record_type="creditMemo",
    words="Credit memo",
    label="tranId",
    sublists={"item": "invoice_line"},
    made=("memo",),
)
NOT_THERE = ("terms", "tranDate", "startDate")
"""Fields of an invoice. NetSuite dates a credit memo itself: the period that is credited may be closed."""


def ensure_credit_memo(site: Site) -> Operation[Invoice]:
    """The memo with its lines the other way round, applied to nothing; links `customer`, `project`.

    Finance applies it to invoices or pays it back. One that is there already is never sent again.
    """
    base, line = rendered(site.mappings["invoice"]), site.mappings["invoice_line"]

    def render(record: Invoice, links: Links) -> Payload:
        header = without(base(record, links), NOT_THERE)
        memo = f"Credit for {record.period_start.isoformat()} to {record.period_end.isoformat()}"
        named = {name: links[name] for name in ("customer", "project")}
        return {**header, "memo": memo, "item": lines_of(header, line, [_credited(one) for one in record.lines], named)}

    operation = upsert(site, KIND, render=render)

    def create(payload: Payload, key: str) -> Answer:
        assert operation.find is not None
        found = operation.find(payload)
        return Written(found[0].external_id, replayed=True) if found else operation.create(payload, key)

    return replace(operation, create=create, update=None)


def _credited(line: InvoiceLine) -> InvoiceLine:
    """A credit memo counts what it gives back as positive."""
    return line.model_copy(update={"quantity": -line.quantity, "amount": -line.amount})
