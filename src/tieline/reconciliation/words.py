"""Discrepancies in sentences: what differs, where, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieline.model.money import rounded

THINGS = {
    "opportunity": ("opportunity", "opportunities"),
    "customer": ("customer", "customers"),
    "project": ("project", "projects"),
    "contract": ("contract", "contracts"),
    "time": ("time entry", "time entries"),
    "expense": ("expense", "expenses"),
    "milestone": ("milestone", "milestones"),
    "invoice": ("invoice", "invoices"),
    "payment": ("invoice's payments", "invoices' payments"),
}
KINDS = {
    "missing": "missing",
    "extra": "extra",
    "amount": "another amount",
    "date": "another date",
    "wrong_project": "wrong project",
    "duplicate": "duplicate",
    "stale_version": "stale version",
    "name": "another name",
}
REPAIRS = {
    "wake": "Tieline does what was left undone",
    "re_read": "Tieline reads it again",
    "ensure": "Tieline writes it again",
    "take_back": "Tieline takes it back",
    "person": "a person decides",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, and what to do."""

    message: str
    suggestion: str


def system_of(side: str, systems: Mapping[str, str]) -> str:
    """The name of a side for people."""
    return systems.get(side, "Tieline" if side == "tieline" else side)


def told(row: Mapping[str, Any], systems: Mapping[str, str]) -> Told:
    """One discrepancy."""
    left, right = system_of(row["left_side"], systems), system_of(row["right_side"], systems)
    thing = f"{THINGS[row['record']][0]} {row['label'] or row['reference']}"
    if row["record"] == "payment":
        thing = f"payments of invoice {row['label'] or row['reference']}"
    if row.get("code") and row["record"] not in ("project", "opportunity", "customer"):
        thing += f" on {row['code']}"
    expected, found = row["expected"] or {}, row["found"] or {}
    currency = row["currency"]
    match row["kind"]:
        case "missing" if row["label"] in ("never posted", "never written"):
            thing = thing.replace(f" {row['label']}", f" {row['reference']}")
            words = f"{thing} was never {row['label'].removeprefix('never ')} to {right}"
        case "missing" if row["record"] == "invoice" and row["left_side"] == "tieline":
            words = f"{thing}: its hours are marked as billed, but {right} does not hold it or has voided it"
        case "missing":
            words = f"{right} lacks {thing}, which {left} has"
        case "extra" if row["right_side"] == "tieline":
            words = f"Tieline has {thing}, which was deleted or is no longer approved in {left}"
        case "extra":
            words = f"{right} has {thing} (id {found.get('external_id', '-')}), which Tieline knows nothing of"
        case "duplicate":
            words = f"{right} has {thing} once more (id {found.get('external_id', '-')})"
        case _:
            words = f"{thing}: {_differ(left, right, expected, found, currency)}"
    return Told(words[:1].upper() + words[1:], suggestion(row["kind"], row["record"], row["repair"], left, right))


def _differ(left: str, right: str, expected: Mapping[str, Any], found: Mapping[str, Any], currency: str) -> str:
    parts = []
    for fact, name in (("project", "project"), ("day", "day"), ("version", "contract version")):
        if expected.get(fact) != found.get(fact) and fact in expected:
            parts.append(f"{name} {found.get(fact, 'none')} in {right}, {expected[fact]} in {left}")
    if expected.get("name") != found.get("name"):
        parts.append(f"'{found.get('name')}' in {right}, '{expected.get('name')}' in {left}")
    if expected.get("quantity") != found.get("quantity"):
        parts.append(f"{_hours(found.get('quantity'))} in {right}, {_hours(expected.get('quantity'))} in {left}")
    if expected.get("amount") != found.get("amount"):
        there, here = _money(found.get("amount"), currency), _money(expected.get("amount"), currency)
        parts.append(f"{there} in {right}, {here} in {left}")
    return "; ".join(parts) or f"{right} and {left} disagree"


def _hours(minutes: Any) -> str:
    if minutes is None:
        return "no hours"
    return f"{(Decimal(str(minutes)) / 60).quantize(Decimal('0.01')):,} h"


def _money(amount: Any, currency: str) -> str:
    if amount is None:
        return "no amount"
    exact = Decimal(str(amount))
    return f"{currency} {rounded(exact, currency):,}" if currency != "-" else f"{exact:,}"


def suggestion(kind: str, record: str, repair: str, left: str, right: str) -> str:
    """What mends it."""
    match repair:
        case "wake":
            return "Repair it: Tieline does what was left undone."
        case "re_read":
            return f"Repair it: Tieline reads it again from {left}."
        case "ensure":
            return f"Repair it: Tieline writes its own fields to {right} again."
        case "take_back":
            return f"Repair it: Tieline takes it back, as an un-approval in {left} would."
    if kind == "duplicate":
        return f"Delete the second one in {right}, or reverse it there."
    if kind == "extra":
        return f"If it is wrong, delete it in {right}; if it is right, book it where it belongs."
    if kind == "missing" and record == "invoice":
        return f"Restore the invoice in {right}, or credit it and bill its lines again."
    if kind == "missing":
        return f"Restore it in {right}. Tieline never creates again by itself what was there before."
    return f"Correct it in {right}; what Tieline posted is changed by a reversal only."


def cause_told(row: Mapping[str, Any], systems: Mapping[str, str]) -> Told:
    """All discrepancies of one cause in one sentence."""
    left, right = system_of(row["left_side"], systems), system_of(row["right_side"], systems)
    count, (one, many) = int(row["lines"]), THINGS[row["record"]]
    things = f"{count:,} {one if count == 1 else many}"
    where = f" of {row['code']}" if row["code"] else ""
    name = f" ({row['label'] or row['reference']})" if count == 1 else ""
    verb = "is" if count == 1 else "are"
    ends = {
        "missing": f"{verb} in {left} and not in {right}",
        "extra": f"{verb} in {right} and not in {left}",
        "amount": f"{'has' if count == 1 else 'have'} another amount in {right} than in {left}",
        "date": f"{'has' if count == 1 else 'have'} another date in {right} than in {left}",
        "wrong_project": f"{'stands' if count == 1 else 'stand'} on another project in {right}",
        "duplicate": f"{'stands' if count == 1 else 'stand'} twice in {right}",
        "stale_version": f"{'has' if count == 1 else 'have'} an older version in {right} than in {left}",
        "name": f"{'has' if count == 1 else 'have'} another name in {right} than in {left}",
    }
    message = f"{things}{where}{name} {ends[row['kind']]}"
    return Told(message, suggestion(row["kind"], row["record"], "person", left, right))
