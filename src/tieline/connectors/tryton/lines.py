"""Lines of sales and draft invoices: products, units, our price, taxes, and a line for what rounding leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from tieline.connectors.tryton.catalog import Unit
from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.records import Site, part
from tieline.mapping import Mapping
from tieline.model.money import digits
from tieline.model.record import Record
from tieline.sdk.operation import Links, Payload

PRICE_DIGITS = 4
"""Tryton's default `price_decimal`; a price with more is refused."""
ROUNDING = "Rounding"
SHARED = ("taxes", "account", "currency", "analytic_accounts")
"""What a rounding line has in common with the lines it rounds."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line ready to be sent; `difference` is what our amount has more than Tryton will compute."""

    values: Row
    difference: Decimal


def rendered(mapping: Mapping, records: Sequence[Record], links: Links) -> list[Payload]:
    """The lines of a payload."""
    return [mapping.write(record.model_dump(), links) for record in records]


def line(site: Site, payload: Payload, currency: str) -> Line:
    """One line. Tryton computes amounts itself, from a quantity with the digits of its unit (hours have two)."""
    product, unit = site.catalog.product(part(payload, "product", "code"))
    symbol = part(payload, "unit", "symbol")
    unit = site.catalog.unit(symbol) if symbol else unit
    quantity = _rounded(Decimal(str(payload["quantity"])), unit)
    price = price_of(payload)
    computed = (quantity * price).quantize(Decimal(1).scaleb(-digits(currency)), rounding=ROUND_HALF_EVEN)
    values: Row = {
        "type": "line",
        "product": product,
        "unit": unit.id,
        "quantity": float(quantity),
        "unit_price": price,
        "description": payload.get("description"),
    }
    return Line(values, Decimal(str(payload["amount"])) - computed)


def price_of(payload: Payload) -> Decimal:
    """The price of one unit as Tryton holds it."""
    return Decimal(str(payload["unit_price"])).quantize(Decimal(1).scaleb(-PRICE_DIGITS), rounding=ROUND_HALF_UP)


def rounding(lines: Sequence[Line]) -> list[Row]:
    """One more line for each set of taxes and account whose lines do not add up to our amounts."""
    sums: dict[str, tuple[Row, Decimal]] = {}
    for one in lines:
        kept: Row = {name: one.values[name] for name in SHARED if name in one.values}
        _, so_far = sums.get(repr(kept), (kept, Decimal(0)))
        sums[repr(kept)] = (kept, so_far + one.difference)
    return [
        {"type": "line", **kept, "quantity": 1.0, "unit_price": difference, "description": ROUNDING}
        for kept, difference in sums.values()
        if difference
    ]


def taxes(ids: Sequence[int]) -> list[Any]:
    """The command that sets a line's taxes."""
    return [["add", list(ids)]] if ids else []


def stored(row: Row) -> Payload:
    """A line as Tryton has it, in the form of a payload."""
    return {
        "product": {"code": part(row, "product.", "code")},
        "unit": {"symbol": part(row, "unit.", "symbol")},
        "quantity": row.get("quantity"),
        "unit_price": row.get("unit_price"),
        "amount": row.get("amount"),
        "description": row.get("description"),
    }


STORED = ("product.code", "unit.symbol", "quantity", "unit_price", "amount", "description")
"""Fields `stored` needs."""


def _rounded(quantity: Decimal, unit: Unit) -> Decimal:
    return quantity.quantize(Decimal(1).scaleb(-unit.digits), rounding=ROUND_HALF_UP)
