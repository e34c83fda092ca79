"""Amendment: a contract and a change order make the contract's next version, or all that keeps them from it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tieline.billing.own_terms import BadTerms, parts_that_differ, with_own_terms
from tieline.flows.amended_rates import agreed_rate, rate_added
from tieline.flows.plan import completion_id, project_id
from tieline.flows.readiness import MOST_LINES
from tieline.flows.terms import billed_by_terms, billing_deviations, deviations, milestone_item
from tieline.model.billing_terms import BillingTerms
from tieline.model.change_order import ChangeOrder, ChangeOrderLine, ContractChange
from tieline.model.contract import BillingScheduleItem, ContractLine, ContractVersion, RateCardRow
from tieline.model.firm import Firm
from tieline.model.ids import derived
from tieline.model.money import LARGEST, Money, total

SUCCESSOR = "never changes by an amendment: close the contract and open a successor"


@dataclass
class _Amended:
    """The terms in the making, and what does not fit."""

    contract: ContractVersion
    since: date
    ends_on: date
    lines: list[ContractLine]
    items: dict[str, BillingScheduleItem]
    """Of the billing schedule, by id."""
    card: tuple[RateCardRow, ...]
    billing: BillingTerms
    problems: list[str] = field(default_factory=list)

    def milestone_of(self, line: ContractLine) -> str:
        """The id of what bills a fixed amount."""
        return derived("milestone", self.contract.id, line.id)

    def fitting(self, wanted: ChangeOrderLine) -> list[ContractLine]:
        """The lines of the contract a delta names."""
        return [
            line
            for line in self.lines
            if wanted.workstream in (None, line.workstream)
            and wanted.role == line.role
            and wanted.description in (None, line.description)
            and wanted.delivering_entity in (None, line.delivering_entity)
        ]

    def only(self, wanted: ChangeOrderLine) -> ContractLine | None:
        """The one line a delta names; none or several are a problem."""
        found = self.fitting(wanted)
        if len(found) == 1:
            return found[0]
        self.problems.append(
            f"{_named(wanted)} is no line of the contract"
            if not found
            else f"{_named(wanted)} fits {len(found)} lines of the contract; name workstream, entity or description"
        )
        return None


def order_problems(contract: ContractVersion, order: ChangeOrder, firm: Firm) -> list[str]:
    """What keeps a change order from becoming the contract's next version, all at once, in words sales understands."""
    problems = _fixed_for_ever(contract, order)
    if order.effective_from is None:
        return [*problems, "it does not say from when it takes effect"]
    if order.effective_from < contract.start_date:
        problems.append(f"it takes effect on {order.effective_from}, before the contract starts")
    if order.effective_from > (end := order.end_date or contract.end_date):
        problems.append(f"it takes effect on {order.effective_from}, after the contract ends on {end}")
    for line in order.lines:
        problems += _unknown(contract, line, firm)
    amended = _amended(contract, order, order.effective_from)
    problems += amended.problems
    if not problems and not _told(contract, amended, order):
        problems.append("it changes nothing")
    if len(amended.lines) > MOST_LINES:
        problems.append(f"the contract would have {len(amended.lines):,} lines, and holds at most {MOST_LINES:,}")
    gone = {line.delivering_entity for line in contract.lines} - {line.delivering_entity for line in amended.lines}
    problems += [f"it takes away all that {entity} delivers: close that project instead" for entity in sorted(gone)]
    if sum(abs(line.amount.amount) for line in amended.lines) >= LARGEST:
        problems.append("the contract would come to more than it can hold")
    return problems


def apply_change_order(contract: ContractVersion, order: ChangeOrder, firm: Firm) -> ContractVersion:
    """Version n+1. The order must fit (`order_problems` returned nothing).

    A line is worth its hours at the newest rate agreed; what was worked before is billed at the rate of its day.
    """
    assert order.effective_from is not None
    amended = _amended(contract, order, order.effective_from)
    assert not amended.problems
    value = total((line.amount for line in amended.lines), contract.currency)
    terms = order.payment_terms or contract.payment_terms
    found = _deviations(contract, terms, amended, firm)
    return contract.model_copy(
        update={
            "version": contract.version + 1,
            "payment_terms": terms,
            "po_number": order.po_number or contract.po_number,
            "end_date": amended.ends_on,
            "value": value,
            "lines": tuple(amended.lines),
            "rate_card": amended.card,
            "billing_terms": amended.billing,
            "billing_schedule": contract.billing_schedule.model_copy(update={"items": tuple(amended.items.values())}),
            "budget": contract.budget.model_copy(
                update={"hours": sum((line.hours for line in amended.lines), Decimal(0)), "revenue": value}
            ),
            "is_standard": not found,
            "deviations": found,
            "effective_from": order.effective_from,
            "change": ContractChange(
                id=order.id,
                order=order,
                changed=_told(contract, amended, order),
                difference=value - contract.value,
            ),
        }
    )


def _deviations(contract: ContractVersion, payment_terms: str, amended: _Amended, firm: Firm) -> tuple[str, ...]:
    """Why the new terms are not standard; what was not standard otherwise, such as a package's price, stays so."""
    template = firm.service_line(contract.service_line)
    if template is None:
        return contract.deviations

    def found(terms: str, some: Sequence[ContractLine]) -> tuple[str, ...]:
        return deviations(terms, [(line.role, line.rate) for line in some], contract.currency, template, firm)

    before = found(contract.payment_terms, contract.lines)
    stays = [deviation for deviation in contract.deviations if deviation not in before]
    agreed = billing_deviations(contract.billing_terms, amended.billing, template)
    return tuple(dict.fromkeys((*found(payment_terms, amended.lines), *agreed, *stays)))


def _fixed_for_ever(contract: ContractVersion, order: ChangeOrder) -> list[str]:
    names = {"currency": "the currency", "legal_entity": "the legal entity", "customer_id": "the customer"}
    return [
        f"{words} {SUCCESSOR}"
        for name, words in names.items()
        if getattr(order, name) not in (None, getattr(contract, name))
    ]


def _unknown(contract: ContractVersion, line: ChangeOrderLine, firm: Firm) -> list[str]:
    problems = []
    if line.delivering_entity and firm.legal_entity(line.delivering_entity) is None:
        problems.append(f"{_named(line)} is delivered by '{line.delivering_entity}', which is not one of the firm's")
    new = line.role is not None and line.role not in {one.role for one in contract.lines}
    if new and line.role and firm.standard_rates and firm.standard_rate(line.role, contract.currency) is None:
        problems.append(f"role '{line.role}' has no standard rate in {contract.currency}")
    if line.rate is not None and line.rate < 0:
        problems.append(f"{_named(line)} has a negative rate")
    return problems


def _amended(contract: ContractVersion, order: ChangeOrder, since: date) -> _Amended:
    ends_on = order.end_date or contract.end_date
    items = {one.id: one for one in contract.billing_schedule.items}
    amended = _Amended(
        contract, since, ends_on, list(contract.lines), items, contract.rate_card, contract.billing_terms
    )
    _new_billing(amended, order)
    # New rates first: a line that is added by the same order is worth the new one.
    for line in sorted(order.lines, key=lambda one: one.action != "change" or one.rate is None):
        _ACTIONS[line.action](amended, line)
    if order.end_date and order.end_date < contract.start_date:
        amended.problems.append("the end date lies before the start date")
    before = {line.id: line for line in contract.lines}
    amended.lines = [_valued(amended, line, before.get(line.id)) for line in amended.lines]
    _complete(amended)
    return amended


def _new_billing(amended: _Amended, order: ChangeOrder) -> None:
    """Limits, fees and prices may change; not whether work is billed by hours, a retainer or progress."""
    before = amended.billing
    try:
        after = with_own_terms(before, order.billing_terms, amended.contract.currency)
    except BadTerms as error:
        amended.problems += [f"its billing terms cannot be used: {reason}" for reason in error.reasons]
        return
    if after.currency not in (None, amended.contract.currency):
        amended.problems.append(f"its billing terms are in {after.currency}, the contract is in"
                                f" {amended.contract.currency}")  # fmt: skip
    if _ways(before) != _ways(after):
        amended.problems.append(
            "its billing terms bring or end a retainer, progress, or another way to bill a workstream: agree that in a"
            " deal of its own"
        )
    amended.billing = after


def _ways(terms: BillingTerms) -> tuple[object, ...]:
    progress = {(one.workstream, one.amount is None) for one in terms.progress}
    return terms.methods, terms.retainer is None, progress


def _valued(amended: _Amended, line: ContractLine, before: ContractLine | None) -> ContractLine:
    """A role's line at the newest rate agreed for it; what is priced as a whole has no rate of its own."""
    if line.role is None or line.rate is None:
        return line
    rate = agreed_rate(amended.card, line.role, _project(amended, line.delivering_entity))
    if rate is None or (before is not None and (rate, line.hours) == (before.rate, before.hours)):
        return line
    amount = Money(amount=line.hours * rate, currency=amended.contract.currency).rounded()
    return line.model_copy(update={"rate": rate, "amount": amount})


def _complete(amended: _Amended) -> None:
    """What work that a price covers is worth more or less now is billed on completion, by delivering entity."""
    contract = amended.contract
    for entity in dict.fromkeys(line.delivering_entity for line in (*contract.lines, *amended.lines)):
        milestone = completion_id(contract.id, entity)
        covered = amended.items.get(milestone)
        before, after = _covered(contract, contract.lines, entity), _covered(contract, amended.lines, entity)
        amount = after - before + (covered.amount if covered else Money(amount=Decimal(0), currency=contract.currency))
        if amount.amount < 0:
            amended.problems.append(f"less than nothing would be billed on completion in {entity}")
        elif amount.amount:
            name = covered.name if covered else f"Completion ({entity})"
            amended.items[milestone] = milestone_item(milestone, name, amount, amended.ends_on)
        else:
            amended.items.pop(milestone, None)


def _covered(contract: ContractVersion, lines: Sequence[ContractLine], entity: str) -> Money:
    """What the work of an entity is worth that no one bills by the hour."""
    work = [
        line.amount
        for line in lines
        if line.role
        and line.delivering_entity == entity
        and (line.billing_method or contract.billing_method) != "time_and_materials"
        and not billed_by_terms(line, contract.billing_method, contract.billing_terms)
    ]
    return total(work, contract.currency)


def _add(amended: _Amended, new: ChangeOrderLine) -> None:
    entity = new.delivering_entity or amended.contract.legal_entity
    line = ContractLine(
        id=derived("contract_line", amended.contract.id, new.id),
        workstream=new.workstream or new.description or "Delivery",
        description=new.description,
        role=new.role,
        hours=(new.hours or Decimal(0)) if new.role else Decimal(0),
        rate=new.rate if new.role else None,
        amount=Money(amount=new.amount or Decimal(0), currency=amended.contract.currency).rounded(),
        delivering_entity=entity,
    )
    if new.role is None:
        if line.amount.amount <= 0:
            amended.problems.append(f"{_named(new)} has neither a role nor an amount")
        name, milestone = line.description or line.workstream, amended.milestone_of(line)
        amended.items[milestone] = milestone_item(milestone, name, line.amount, new.due_on or amended.ends_on)
    elif line.hours <= 0:
        amended.problems.append(f"{_named(new)} has no hours")
    else:
        line = line.model_copy(update={"rate": _price(amended, new, new.role, entity)})
    amended.lines.append(line)


def _price(amended: _Amended, new: ChangeOrderLine, role: str, entity: str) -> Decimal | None:
    """A role has one price on a project: a new line has the agreed one, or brings the first."""
    project = _project(amended, entity)
    agreed = agreed_rate(amended.card, role, project)
    worked = any(line.role == role and line.delivering_entity == entity for line in amended.lines)
    if new.rate is None and agreed is None:
        amended.problems.append(f"role '{role}' has no rate in the contract, and {_named(new)} brings none")
    elif new.rate is not None and agreed is not None and new.rate != agreed and worked:
        amended.problems.append(
            f"role '{role}' has several prices ({agreed:f}, {new.rate:f}); change its rate with a line of its own"
        )
    elif new.rate is not None and new.rate != agreed:
        own = None if agreed is None else project
        amended.card = rate_added(amended.card, amended.contract, role, own, new.rate, amended.since)
    return agreed if new.rate is None else new.rate


def _change(amended: _Amended, delta: ChangeOrderLine) -> None:
    if delta.rate is not None:
        _new_rate(amended, delta, delta.rate)
    if delta.hours is not None or delta.amount is not None or delta.due_on is not None:
        _more_or_less(amended, delta)
    elif delta.rate is None:
        amended.problems.append(f"{_named(delta)} is to change, and nothing says how")


def _new_rate(amended: _Amended, delta: ChangeOrderLine, rate: Decimal) -> None:
    role, entity = delta.role, delta.delivering_entity
    if role is None:
        amended.problems.append(f"{_named(delta)} has a new rate, and no role")
        return
    own = {row.project_id for row in amended.card if row.role == role and row.precedence == 3}
    shared = any(row.role == role and row.precedence == 4 for row in amended.card)
    targets = {_project(amended, entity)} if entity else own | ({None} if shared or not own else set())
    for project in sorted(targets, key=lambda one: one or ""):
        amended.card = rate_added(amended.card, amended.contract, role, project, rate, amended.since)


def _more_or_less(amended: _Amended, delta: ChangeOrderLine) -> None:
    line = amended.only(delta)
    if line is None:
        return
    if (line.role is None and delta.hours is not None) or (line.rate is not None and delta.hours is None):
        amended.problems.append(
            f"{_named(delta)}: a role's line changes by hours, a fixed one by an amount or its date"
        )
        return
    hours = line.hours + (delta.hours or Decimal(0))
    amount = line.amount + Money(amount=delta.amount or Decimal(0), currency=line.amount.currency).rounded()
    if hours < 0 or amount.amount < 0:
        amended.problems.append(f"{_named(delta)} would come to less than nothing")
    if (milestone := amended.milestone_of(line)) in amended.items:
        due = delta.due_on or amended.items[milestone].due_on
        amended.items[milestone] = amended.items[milestone].model_copy(update={"amount": amount, "due_on": due})
    place = amended.lines.index(line)
    amended.lines[place] = line.model_copy(update={"hours": hours, "amount": amount})


def _remove(amended: _Amended, delta: ChangeOrderLine) -> None:
    line = amended.only(delta)
    if line is not None:
        amended.lines.remove(line)
        amended.items.pop(amended.milestone_of(line), None)


_ACTIONS: Mapping[str, Callable[[_Amended, ChangeOrderLine], None]] = {
    "add": _add,
    "change": _change,
    "remove": _remove,
}


def _project(amended: _Amended, entity: str) -> str:
    return project_id(amended.contract.id, entity, amended.contract.currency)


def _named(line: ChangeOrderLine) -> str:
    parts = [part for part in (line.workstream, line.description, line.role, line.delivering_entity) if part]
    return f"'{', '.join(dict.fromkeys(parts)) or 'a line'}'"


def _told(contract: ContractVersion, amended: _Amended, order: ChangeOrder) -> tuple[str, ...]:
    """What is different, old and new."""
    before, after = {one.id: one for one in contract.lines}, {one.id: one for one in amended.lines}
    told = [f"new: {_line(line)}" for key, line in after.items() if key not in before]
    told += [f"gone: {_line(line)}" for key, line in before.items() if key not in after]
    for key in before.keys() & after.keys() if before != after else ():
        if before[key] != after[key]:
            told.append(f"{_line(before[key])} becomes {_line(after[key])}")
    known = {(row.id, row.rate) for row in contract.rate_card}
    told += [
        f"{row.role} costs {Money(amount=row.rate, currency=row.currency)} an hour from {row.valid_from}"
        for row in amended.card
        if (row.id, row.rate) not in known
    ]
    due = {one.milestone_id: one.due_on for one in contract.billing_schedule.items}
    told += [
        f"{item.name}: due on {item.due_on} instead of {due[key]}"
        for key, item in amended.items.items()
        if key in due and item.due_on != due[key]
    ]
    if amended.ends_on != contract.end_date:
        told.append(f"end {contract.end_date} becomes {amended.ends_on}")
    told += [
        f"billing terms: {part.replace('_', ' ')} {_worded(contract.billing_terms, part)} becomes"
        f" {_worded(amended.billing, part)}"
        for part in parts_that_differ(contract.billing_terms, amended.billing)
    ]
    return (*sorted(told), *_new_terms(contract, order))


def _worded(terms: BillingTerms, part: str) -> str:
    value = terms.model_dump(mode="json", exclude_defaults=True, include={part}).get(part)
    return json.dumps(value) if value else "none"


def _new_terms(contract: ContractVersion, order: ChangeOrder) -> list[str]:
    names = {"payment_terms": "payment terms", "po_number": "PO number"}
    return [
        f"{words} {getattr(contract, name) or 'none'} becomes {getattr(order, name)}"
        for name, words in names.items()
        if getattr(order, name) not in (None, getattr(contract, name))
    ]


def _line(line: ContractLine) -> str:
    what = line.description or line.workstream
    return (
        f"{what}, {line.role}, {line.hours.normalize():f} h, {line.amount}" if line.role else f"{what}, {line.amount}"
    )
