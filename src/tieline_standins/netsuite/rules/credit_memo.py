"""Credit memos: a sale the other way round, applied to invoices."""

from typing import TYPE_CHECKING

from tieline_standins.netsuite.rules import application, sale
from tieline_standins.netsuite.rules.periods import check_open, period_of
from tieline_standins.netsuite.store import Record

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    sale.complete_sale(books, draft)
    period = period_of(books, values["tranDate"])
    if period is not None:
        values.setdefault("postingPeriod", period.id)
    applied = application.settle(books, draft, previous, values["total"])
    values.update(applied=applied, unapplied=values["total"] - applied)
    values["status"] = "B" if values["unapplied"] <= 0 else "A"
    check_open(books, draft, previous)


def saved(books: "Books", record: Record, previous: Record | None) -> None:
    sale.remember(books, record)
    application.carry_over(books, record, previous)


def removing(books: "Books", record: Record) -> None:
    check_open(books, record, record)
    sale.forget(books, record)
    application.release(books, record)
