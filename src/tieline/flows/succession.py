"""Succession: a contract that changes its currency, legal entity or customer is closed, and another one follows it.

The deal of the successor is sold, checked and approved like any other. When its contract is active the old engagement
is closed; what it had left goes over in the run that closes it.
"""

from datetime import date

from tieline.billing.closing import Remainder
from tieline.billing.fx import FxRates
from tieline.billing.succession import CARRIED, carried_over, conversion, period_of, with_top_up
from tieline.engine.problem import Problem
from tieline.engine.run import Run
from tieline.flows.engagement import amend
from tieline.lane.closing import ask_to_close
from tieline.model.change_order import ChangeOrder, ContractChange
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.model.ids import derived
from tieline.model.money import Money
from tieline.model.succession import Carried
from tieline.store.canonical import contract_of_engagement
from tieline.store.succession import Succession, billed_of_value, note_begun, note_carried, succession_by

FLOW = "opportunity_to_contract"
"""Takes over what goes over, under the lock of the successor's engagement."""


def follow_on(run: Run, contract: ContractVersion) -> ContractVersion:
    """Close what an active contract follows, and take over what was left of it; returns the newest version."""
    found = succession_by(run.db, contract.opportunity_id)
    if found is None:
        return contract
    if found.begun_at is None:
        _close(run, found, contract)
    return _with_carried(run, contract, found)


def _close(run: Run, found: Succession, contract: ContractVersion) -> None:
    reason = f"'{contract.name}' follows it"
    run.with_commit(lambda db: note_begun(db, found.opportunity_id))
    run.with_commit(lambda db: ask_to_close(db, found.engagement_id, found.asked_by, reason))
    run.note("Predecessor is closed", f"{found.engagement_id}, as {found.asked_by} asked")


def _with_carried(run: Run, contract: ContractVersion, found: Succession) -> ContractVersion:
    """A version of its own brings the rest of the retainer, so that it is seen where it came from."""
    more = found.carried.top_up if found.carried else None
    retainer = contract.billing_terms.retainer
    if found.carried is None or more is None or retainer is None or more in retainer.top_ups:
        return contract
    place = period_of(contract, more.on)
    amended = contract.model_copy(
        update={
            "version": contract.version + 1,
            "billing_terms": contract.billing_terms.model_copy(update={"retainer": with_top_up(retainer, more)}),
            "effective_from": place.first if place else more.on,
            "change": _change(contract, found, found.carried),
        }
    )
    amend(run, amended)
    return amended


def _change(contract: ContractVersion, found: Succession, carried: Carried) -> ContractChange:
    more, retainer = carried.top_up, contract.billing_terms.retainer
    assert more is not None
    assert retainer is not None
    unit = "hours" if retainer.hours is not None else contract.currency
    order = ChangeOrder(
        id=derived("change_order", carried.id, CARRIED, contract.version + 1),
        number=f"Carried over on {carried.day}",
        kind="term",
        status="approved",
        reason=f"What was left of the retainer of {found.engagement_id}",
        effective_from=more.on,
        approved_by=found.asked_by,
        approved_at=found.asked_at,
    )
    told = f"retainer: {more.included.normalize():f} {unit} from {more.on}, paid for before ({carried.retainer})"
    none = Money(amount=contract.value.amount * 0, currency=contract.currency)
    return ContractChange(id=order.id, order=order, changed=(told,), difference=none)


def hand_over(
    run: Run, contract: ContractVersion, found: Succession | None, left: Remainder | None, firm: Firm, day: date
) -> Carried | None:
    """What goes over when a contract is closed; None without a successor. Ends the run when there is no rate."""
    successor = contract_of_engagement(run.db, found.successor_id) if found else None
    if found is None or successor is None:
        return None
    by = conversion(contract, successor, FxRates(firm.fx_rates), day)
    if by is None:
        run.require([_no_rate(contract, successor, day)])
    assert by is not None
    billed = Money(amount=billed_of_value(run.db, contract.id), currency=contract.currency)
    return carried_over(contract, billed, left, successor, by, day)


def carry(run: Run, found: Succession, carried: Carried) -> None:
    """Store what goes over with the end of the run, and wake the successor."""
    run.with_commit(lambda db: note_carried(db, found.opportunity_id, carried))
    at = f" = {carried.converted} at {carried.rate:f} ({carried.source})" if carried.rate else ""
    rest = f"; {carried.retainer} of the retainer" if carried.retainer else ""
    run.note("Carried over to the successor", f"open balance {carried.open_balance}{at}{rest}")
    run.wake(FLOW, found.opportunity_id, found.successor_id)


def _no_rate(contract: ContractVersion, successor: ContractVersion, day: date) -> Problem:
    return Problem(
        kind="master_data",
        field="fx_rate",
        key=f"{contract.currency}/{successor.currency}",
        legal_entity=successor.legal_entity,
        message=f"'{contract.name}' cannot be closed: its open balance goes over to '{successor.name}', and there is no"
        f" rate from {contract.currency} to {successor.currency} for {day}",
        suggestion="Add the rate to values/fx.csv, or fix it in the successor's billing terms (expenses, fx_rates).",
        owner="finance",
        label="Open balance carried over",
    )
