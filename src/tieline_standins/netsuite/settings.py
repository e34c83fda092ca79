"""Behaviour of the imitated account that an administrator sets, or that public sources leave open.

What the fact sheet marks [K], THIN or [INF] is a setting here, so that nobody mistakes the default for a fact.
"""

from dataclasses import dataclass, field, fields

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError


@dataclass
class Settings:
    """Changed by `POST /__standin__/customize {"settings": {...}}`; the comments name the sheet's section."""

    # Account
    account: str = "TSTDRV1234567_SB1"  # the OAuth realm (1); upper case and underscore kept
    date_format: str = "M/D/YYYY"  # the account's format, in q and SuiteQL (4): also D/M/YYYY, YYYY-MM-DD, DD.MM.YYYY
    concurrency_limit: int = 15  # account-wide requests at a time (4: Premium)
    max_body_bytes: int = 104 * 1024 * 1024  # (1)
    job_milliseconds: int = 3  # how long an asynchronous task takes before its outcome shows

    # Authentication (2a: window and nonce rules are not published)
    reject_replayed_nonce: bool = False
    timestamp_window_seconds: int | None = None
    refuse_cookies: bool = False  # a Cookie header with a token is refused in practice (2c)
    token_seconds: int = 3600  # (2b)

    # Record rules marked [K] or THIN in section 6 and 3
    required: dict[str, list[str]] = field(default_factory=dict)  # record -> fields, instead of the ones marked there
    plain_references: bool = False  # accept "5" where {"id": "5"} is documented
    entity_numbering: str = "name"  # entityId when none is sent: "name" or "number"
    duplicate_external_id: str = "This record already exists"  # (3, THIN)
    duplicate_entity_id: str = (
        "A {label} record with this ID already exists. You must enter a unique {label} ID for each record you create."
    )
    missing_value: str = "Error while accessing a resource. Please enter value(s) for: {labels}."
    too_long: str = "The field {field} contained more than the maximum number ( {limit} ) of characters allowed."
    string_length: int = 300
    text_length: int = 4000
    closed_period: str = "The date you have entered, {date}, falls in the closed period {period}."
    closed_period_records: list[str] = field(
        default_factory=lambda: [
            "invoice",
            "creditMemo",
            "customerPayment",
            "expenseReport",
            "vendorBill",
            "vendorCredit",
        ]
    )
    lock_customer_after_transactions: bool = True  # (8): subsidiary and currency stay once a transaction exists
    invoice_approval_default: str = "1"  # 1 pending, 2 approved
    bill_approval_default: str = "2"  # of vendor bills: without an approval rule they post at once
    time_approval_default: str = "3"  # the meaning of the ids of timeBill.approvalStatus is THIN
    sales_order_status_default: str = "B"
    negative_hours: bool = True  # whether timeBill.hours may be below zero: no source either way
    duration_format: str = "hh:mm"  # or "decimal" (5: some accounts)

    # SuiteQL (4)
    suiteql_row_cap: int = 100_000
    suiteql_omits_nulls: bool = True  # [K]
    suiteql_sales_line_sign: int = -1  # [K]: quantities and amounts of sales lines are negative in transactionline

    def change(self, changes: Json) -> None:
        """Set some of them; all or none. Raises ControlError for an unknown name or a value of another type."""
        if not isinstance(changes, dict):
            raise ControlError("settings is an object of names and values")
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ControlError(f"there is no setting {name}; there are: {', '.join(sorted(known))}")
            if known[name] is not None and value is not None and not _same_kind(known[name], value):
                raise ControlError(f"{name} is a {type(known[name]).__name__}, such as {known[name]!r}")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Json]:
        return {item.name: getattr(self, item.name) for item in fields(self)}


def _same_kind(known: object, value: object) -> bool:
    if isinstance(known, bool) or isinstance(value, bool):
        return isinstance(known, bool) and isinstance(value, bool)
    return isinstance(value, type(known))
