"""Change orders of these tests, ready to be bent."""

from datetime import UTC, date, datetime
from typing import Any

from tieline.model.change_order import ChangeOrder, ChangeOrderLine

FROM = date(2026, 5, 1)


def delta(action: str = "change", number: int = 1, **given: Any) -> ChangeOrderLine:
    """A line of an order."""
    return ChangeOrderLine.model_validate({"id": f"chl_{number}", "action": action} | given)


def order(*lines: ChangeOrderLine, number: int = 1, **given: Any) -> ChangeOrder:
    """An approved scope change from the first of May."""
    usual: dict[str, Any] = {
        "id": f"cho_{number}",
        "number": f"CO-{number}",
        "kind": "scope",
        "status": "approved",
        "reason": "The customer wants more",
        "effective_from": FROM,
        "proposed_by": "sam.ortiz@haldenmarsh.example",
        "approved_by": "cora@bluepeak.example",
        "approved_at": datetime(2026, 4, 20, 9, number, tzinfo=UTC),
        "lines": lines,
    }
    return ChangeOrder.model_validate(usual | given)
