"""Customer payments: in part, in full, over, or on account."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import user_error
from tieline_standins.netsuite.rules import application, sale
from tieline_standins.netsuite.rules.periods import check_open, period_of
from tieline_standins.netsuite.store import Record

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    sale.complete_head(books, draft)
    period = period_of(books, values["tranDate"])
    if period is not None:
        values.setdefault("postingPeriod", period.id)
    if values.get("payment", Decimal(0)) < 0:
        raise user_error("The payment amount cannot be negative.", "payment")
    applied = application.settle(books, draft, previous, values.get("payment"))
    values.setdefault("payment", applied)
    values.update(total=values["payment"], applied=applied, unapplied=values["payment"] - applied)
    values.setdefault("status", "C" if "account" in values else "B")
    values.setdefault("undepFunds", "account" not in values)
    check_open(books, draft, previous)


def saved(books: "Books", record: Record, previous: Record | None) -> None:
    sale.remember(books, record)
    application.carry_over(books, record, previous)


def removing(books: "Books", record: Record) -> None:
    check_open(books, record, record)
    sale.forget(books, record)
    application.release(books, record)
