"""What NetSuite does by itself when a record of a certain type is written or read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tieline_standins.netsuite.rules import (
    bill,
    credit_memo,
    entities,
    expense_report,
    invoice,
    payment,
    projects,
    sales_order,
    time_bill,
)
from tieline_standins.netsuite.store import Record, Values

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def _leave(_books: "Books", _draft: Record, _previous: Record | None) -> None:
    """Nothing to do."""


def _allow(_books: "Books", _record: Record) -> None:
    """Nothing stands against deleting it."""


def _plain(_books: "Books", _record: Record) -> Values:
    return {}


@dataclass(frozen=True, slots=True)
class Rules:
    """`complete` fills and checks a draft (may refuse); `saved` keeps sums of other records; `removing` runs before a
    delete (may refuse); `shown` computes what is worked out only when somebody looks."""

    complete: Callable[["Books", Record, Record | None], None] = _leave
    saved: Callable[["Books", Record, Record | None], None] = _leave
    removing: Callable[["Books", Record], None] = _allow
    shown: Callable[["Books", Record], Values] = _plain


_RULES = {
    "customer": Rules(entities.complete_customer, _leave, entities.check_unused, entities.customer_balances),
    "employee": Rules(entities.complete_employee, _leave, entities.check_unused),
    "job": Rules(projects.complete_job, _leave, entities.check_unused, projects.job_time),
    "projectTask": Rules(projects.complete_task, _leave, projects.check_task_unused, projects.task_time),
    "resourceAllocation": Rules(projects.complete_allocation),
    "timeBill": Rules(time_bill.complete, time_bill.saved, time_bill.removing),
    "salesOrder": Rules(sales_order.complete, sales_order.saved, sales_order.removing),
    "invoice": Rules(invoice.complete, invoice.saved, invoice.removing),
    "creditMemo": Rules(credit_memo.complete, credit_memo.saved, credit_memo.removing),
    "customerPayment": Rules(payment.complete, payment.saved, payment.removing),
    "expenseReport": Rules(expense_report.complete),
    "vendor": Rules(entities.complete_vendor, _leave, entities.check_unused),
    "vendorBill": Rules(bill.complete, _leave, bill.removing),
    "vendorCredit": Rules(bill.complete, _leave, bill.removing),
}
_PLAIN = Rules()


def rules_of(type_name: str) -> Rules:
    return _RULES.get(type_name, _PLAIN)
