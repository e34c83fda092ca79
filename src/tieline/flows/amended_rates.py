"""Rates of an amended contract: a new row begins on its day, and the row in force until then ends."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from tieline.model.contract import ContractVersion, RateCardRow
from tieline.model.ids import derived

Card = tuple[RateCardRow, ...]


def agreed_rate(card: Sequence[RateCardRow], role: str, project: str) -> Decimal | None:
    """The newest rate a contract agrees for a role on one of its projects."""
    for precedence, own in ((3, project), (4, None)):
        rows = _group(card, role, precedence, own)
        if rows:
            return rows[-1].rate
    return None


def rate_added(
    card: Card, contract: ContractVersion, role: str, project: str | None, rate: Decimal, since: date
) -> Card:
    """The card with a rate from a day on, until a row agreed for a later day begins. `project` None: for all."""
    precedence: Literal[3, 4] = 4 if project is None else 3
    group = _group(card, role, precedence, project)
    later = next((row for row in group if row.valid_from > since), None)
    new = RateCardRow(
        id=derived(
            "rate_card", contract.id, role, contract.currency, since.isoformat(), *([project] if project else [])
        ),
        precedence=precedence,
        role=role,
        contract_id=contract.id,
        project_id=project,
        currency=contract.currency,
        rate=rate,
        valid_from=since,
        valid_to=later.valid_from if later else None,
    )
    kept = [_ended(row, since) if row in group else row for row in card if row not in group or row.valid_from != since]
    return tuple(
        sorted((*kept, new), key=lambda row: (row.role or "", row.precedence, row.project_id or "", row.valid_from))
    )


def _group(card: Sequence[RateCardRow], role: str, precedence: int, project: str | None) -> list[RateCardRow]:
    rows = [row for row in card if (row.role, row.precedence, row.project_id) == (role, precedence, project)]
    return sorted((row for row in rows if row.person is None), key=lambda row: row.valid_from)


def _ended(row: RateCardRow, since: date) -> RateCardRow:
    """A row that is in force on the day ends with it."""
    in_force = row.valid_from < since and (row.valid_to is None or row.valid_to > since)
    return row.model_copy(update={"valid_to": since}) if in_force else row
