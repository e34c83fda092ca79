"""The invoice plan in NetSuite: milestones, dated amounts, or actuals once a month."""

from collections.abc import Mapping

from tieline.connectors.netsuite.records import Kind, Site, items_of, rendered, upsert
from tieline.model.contract import BillingSchedule, BillingScheduleItem
from tieline.model.money import rounded
from tieline.sdk.operation import Links, Operation, Payload

KIND = Kind(
    target="billing_schedule",
    record_type="billingSchedule",
    words="Billing schedule",
    label="name",
    sublists={"milestone": "", "recurrence": ""},
    made=("billForActuals", "inArrears", "frequency.id"),
    closed={"isInactive": True},
    opened={"isInactive": False},
)


def ensure_billing_schedule(site: Site) -> Operation[BillingSchedule]:
    """The plan by the contract's billing method; link `project`."""
    base = rendered(site.mappings[KIND.target])

    def render(record: BillingSchedule, links: Links) -> Payload:
        return {**base(record, links), **rows_of(record)}

    return upsert(site, KIND, render=render, shown=with_rows)


def with_rows(stored: Payload) -> Payload:
    """The plan without the lists its method has no rows in."""
    empty = [name for name in KIND.sublists if not items_of(stored, name)]
    return {name: value for name, value in stored.items() if name not in empty}


def rows_of(schedule: BillingSchedule) -> Payload:
    """What a method adds: milestone rows, dated rows, or billing of actuals."""
    if schedule.method == "time_and_materials":
        return {"billForActuals": True, "inArrears": True, "frequency": {"id": "MONTHLY"}}
    if schedule.method == "milestone":
        return {"milestone": {"items": [_milestone(item) for item in schedule.items]}}
    return {"frequency": {"id": "CUSTOM"}, "recurrence": {"items": [_dated(item) for item in schedule.items]}}


def _milestone(item: BillingScheduleItem) -> Payload:
    return {"milestoneAmount": _amount(item), "comments": item.name[:999], **_due("milestoneDate", item)}


def _dated(item: BillingScheduleItem) -> Payload:
    return {"count": 1, "amount": _amount(item), **_due("recurrenceDate", item)}


def _amount(item: BillingScheduleItem) -> str:
    """Text: NetSuite takes an amount or a percentage here."""
    return format(rounded(item.amount.amount, item.amount.currency), "f")


def _due(name: str, item: BillingScheduleItem) -> Mapping[str, str]:
    return {name: item.due_on.isoformat()} if item.due_on else {}
