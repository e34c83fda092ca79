"""The chain of a contract's versions: what each changed and why, from when it counts, and which system holds which."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tieline.model.contract import ContractVersion
from tieline.store.canonical import loaded
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version of the contract."""

    version: int
    name: str
    value: Decimal
    currency: str
    activated_at: datetime
    effective_from: date | None
    """None: from the contract's start."""
    in_force: bool
    later: bool
    """It takes effect on a day to come."""
    order: str | None
    """The change order's number; None for version 1."""
    kind: str | None
    changed: tuple[str, ...]
    """Old and new, in words."""
    difference: Decimal | None
    reason: str | None
    proposed_by: str | None
    approved_by: str | None
    approved_at: datetime | None
    document_url: str | None


@dataclass(frozen=True, kw_only=True)
class HolderRow:
    """What one system of a project holds."""

    project: str
    role: str
    connection: str
    version: int
    confirmed_at: datetime


@dataclass(frozen=True, kw_only=True)
class SetupRow:
    """How the ERP is set up to bill a project, as compared with the contract before its first invoice."""

    project: str
    connection: str
    version: int
    checked_at: datetime
    differences: tuple[str, ...]
    """In words; none: all agrees."""


def read_versions(db: Connection, contract_id: str, today: date) -> list[VersionRow]:
    """The newest first."""
    rows = db.execute(
        "select body, activated_at from contract_version where contract_id = %s order by version desc", [contract_id]
    ).fetchall()
    versions = [(loaded(ContractVersion, row["body"]), row["activated_at"]) for row in rows]
    begun = [one.version for one, _ in versions if (one.effective_from or today) <= today]
    return [_row(one, activated_at, max(begun, default=1), today) for one, activated_at in versions]


def _row(one: ContractVersion, activated_at: datetime, in_force: int, today: date) -> VersionRow:
    change, order = one.change, one.change.order if one.change else None
    return VersionRow(
        version=one.version,
        name=one.name,
        value=one.value.amount,
        currency=one.currency,
        activated_at=activated_at,
        effective_from=one.effective_from,
        in_force=one.version == in_force,
        later=one.effective_from is not None and one.effective_from > today,
        order=order.number if order else None,
        kind=order.kind if order else None,
        changed=change.changed if change else (),
        difference=change.difference.amount if change else None,
        reason=order.reason if order else None,
        proposed_by=order.proposed_by if order else None,
        approved_by=order.approved_by if order else None,
        approved_at=order.approved_at if order else None,
        document_url=order.document_url if order else None,
    )


def read_holders(db: Connection, contract_id: str) -> list[HolderRow]:
    """By project and role."""
    rows = db.execute(
        "select p.code as project, h.role, h.connection, h.version, h.confirmed_at from version_held h"
        " join project p on p.id = h.project_id where p.contract_id = %s order by p.code, h.role",
        [contract_id],
    ).fetchall()
    return [HolderRow(**row) for row in rows]


def read_setups(db: Connection, contract_id: str) -> list[SetupRow]:
    """By project; one that was never about to be invoiced is not there."""
    rows = db.execute(
        "select p.code as project, s.connection, s.contract_version as version, s.checked_at, s.differences"
        " from billing_setup s join project p on p.id = s.project_id where p.contract_id = %s order by p.code",
        [contract_id],
    ).fetchall()
    return [SetupRow(**{**row, "differences": tuple(row["differences"])}) for row in rows]
