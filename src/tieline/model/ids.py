"""Ids: UUIDv5 of where a record was born, so that a restored or rebuilt database makes no twins."""

from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1c4b1e-0b53-5d4f-9a54-7f0f1f6b7d11")

PREFIXES = {
    "customer": "cus",
    "contact": "ctc",
    "opportunity": "opp",
    "opportunity_line": "opl",
    "agreement": "agr",
    "engagement": "eng",
    "contract": "con",
    "contract_line": "col",
    "rate_card": "rat",
    "change_order": "cho",
    "change_order_line": "chl",
    "project": "prj",
    "wbs_element": "wbs",
    "milestone": "mil",
    "resource_request": "req",
    "resource": "res",
    "assignment": "asg",
    "time_off": "off",
    "time_entry": "tim",
    "expense": "exp",
    "project_transaction": "ptx",
    "invoice": "inv",
    "payment": "pay",
    "erp_cost": "cst",
}


@dataclass(frozen=True, slots=True)
class ExternalId:
    """A record's id in one connection."""

    connection: str
    id: str


def born_outside(vendor_account: str, record_type: str, vendor_id: str) -> str:
    """Our id of a record born in a vendor's account: `opp_…`, the same on every rebuild."""
    return _id(record_type, f"{vendor_account}\x1f{record_type}\x1f{vendor_id}")


def derived(record_type: str, *parts: str | int) -> str:
    """Our id of a record that follows from others, e.g. the project of a contract and an entity."""
    return _id(record_type, "\x1f".join(("tieline", record_type, *map(str, parts))))


def _id(record_type: str, name: str) -> str:
    return f"{PREFIXES[record_type]}_{uuid5(NAMESPACE, name).hex}"
