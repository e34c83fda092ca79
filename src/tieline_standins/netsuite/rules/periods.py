"""Accounting periods: which one a date falls in, and that a closed one takes no booking."""

from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import user_error
from tieline_standins.netsuite.store import Record

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def period_of(books: "Books", date: str) -> Record | None:
    """The month a date falls in."""
    return books.months.get(date[:7])


def check_open(books: "Books", draft: Record, previous: Record | None) -> None:
    """Refuse when the period the record is in, or would be in, is closed."""
    if draft.type.name not in books.settings.closed_period_records:
        return
    for record in (draft, previous) if previous is not None else (draft,):
        number = record.values.get("postingPeriod")
        period = books.store.get("accountingPeriod", number) if number else period_of(books, _date(books, record))
        if period is not None and (period.values.get("closed") or period.values.get("arLocked")):
            text = books.settings.closed_period.format(date=_date(books, record), period=period.name)
            raise user_error(text, "tranDate")


def _date(books: "Books", record: Record) -> str:
    return str(record.values.get("tranDate") or books.today())
