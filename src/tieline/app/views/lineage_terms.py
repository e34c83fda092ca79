"""Under which contract version a line was priced, and which row of which rate card gave its rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tieline.billing.rate_card import Rate, rate_of
from tieline.lane.pricing import contract_rates
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.store.canonical import loaded
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class ContractRef:
    """The version of the contract that counted."""

    id: str
    version: int
    name: str
    activated_at: datetime


@dataclass(frozen=True, kw_only=True)
class RateRef:
    """The rate and where it comes from."""

    amount: Decimal
    currency: str | None
    rule: str
    """The rule as it was noted when the line was priced."""
    card: str | None
    """Whose card holds the row; None when no card of today does."""
    valid_from: date | None
    valid_to: date | None


_VERSIONS = "select version, body, activated_at from contract_version where contract_id = %s and version = any (%s)"


def terms_of(
    db: Connection, firm: Firm, contract_id: str | None, rows: Sequence[Mapping[str, Any]]
) -> dict[int, tuple[ContractRef | None, RateRef | None]]:
    """Line number -> (contract version, rate)."""
    wanted = sorted({row["contract_version"] for row in rows if row["contract_version"] is not None})
    versions = {
        row["version"]: (loaded(ContractVersion, row["body"]), row["activated_at"])
        for row in db.execute(_VERSIONS, [contract_id, wanted]).fetchall()
    }
    standard = [rate_of(row) for row in firm.standard_rates]
    found: dict[int, tuple[ContractRef | None, RateRef | None]] = {}
    for row in rows:
        contract, activated_at = versions.get(row["contract_version"], (None, None))
        ref = None
        if contract is not None and activated_at is not None:
            ref = ContractRef(id=contract.id, version=contract.version, name=contract.name, activated_at=activated_at)
        found[row["id"]] = (ref, _rate(row, contract, standard))
    return found


def _rate(row: Mapping[str, Any], contract: ContractVersion | None, standard: Sequence[Rate]) -> RateRef | None:
    if row["rate"] is None:
        return None
    rule = row["rate_rule"] or ""
    own, base = contract_rates(contract) if contract else [], rule.partition(" x ")[0]
    card, match = None, next((one for one in own if one.rule == base), None)
    if match is not None and contract is not None:
        card = f"contract version {contract.version}"
    elif (match := next((one for one in standard if one.rule == base), None)) is not None:
        card = "the firm's standard rates"
    return RateRef(
        amount=row["rate"],
        currency=row["currency"],
        rule=rule,
        card=card,
        valid_from=match.valid_from if match else None,
        valid_to=match.valid_to if match else None,
    )
