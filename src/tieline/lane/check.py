"""The checks of a line before it may be posted: everything it depends on is there, else one cause says what is not."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tieline.billing.cause import Cause
from tieline.billing.pricing import Priceable, Priced, Unpriced, price
from tieline.lane.reference import ProjectFacts, Reference

LARGEST = Decimal(10) ** 12
LOWEST = -LARGEST
FINEST = Decimal("0.000001")
"""Of a quantity or amount."""
LONGEST_ID = 300
Worth = tuple[Decimal, str]


class Checkable(Priceable, Protocol):
    """What the checks ask of a line, beyond pricing."""

    @property
    def project_ref(self) -> str: ...
    @property
    def person_ref(self) -> str | None: ...
    @property
    def approved_at(self) -> datetime | None: ...


def judge(reference: Reference, line: Checkable) -> Priced | Cause:
    """The price of a line that may go on, or why it waits."""
    project = reference.projects.get(line.project_ref)
    if project is None:
        return _unlinked_project(reference, line.project_ref)
    if project.closed:
        return _closed(project)
    person = reference.people.get(line.person_ref) if line.person_ref is not None else None
    if person is None and line.kind == "time":
        return _unlinked_person(reference, line)
    priced = price(project.terms_on(line.work_date), line, person.terms if person else None)
    if isinstance(priced, Unpriced):
        return priced.cause
    pricing, erp = reference.pricing, project.erp
    if pricing.lacks_item(erp, priced.item_code):
        return _no_item(str(erp), priced.item_code, project)
    if line.kind == "time" and pricing.posts(erp, project.terms.legal_entity):
        if not project.in_erp:
            return _not_in_erp(str(erp), project)
        if person is not None and erp not in person.erps:
            return _no_employee(str(erp), person.terms.email, project)
    return priced


def worth(reference: Reference, line: Checkable) -> Worth | None:
    """What a line that waits would be worth: amount and currency, when its project and rate are known."""
    project = reference.projects.get(line.project_ref)
    if project is None:
        return None
    person = reference.people.get(line.person_ref) if line.person_ref is not None else None
    priced = price(project.terms_on(line.work_date), line, person.terms if person else None)
    return (priced.amount, priced.currency) if isinstance(priced, Priced) else None


def unstorable(line: Priceable) -> Cause | None:
    """A line whose numbers no ledger holds; it is kept without them."""
    if _sane(line.quantity) and (line.amount is None or _sane(line.amount)):
        return None
    return Cause(
        kind="poison",
        field="quantity",
        key=line.source_id[:LONGEST_ID],
        message=f"{line.kind} {line.source_id[:60]} has a quantity or an amount that is no usable number",
        owner="delivery",
        suggestion="Correct it where it was entered.",
    )


def control_quantity(line: Priceable) -> Decimal:
    """What control totals count: minutes of time, the amount of an expense; nothing of a line kept without numbers."""
    if unstorable(line) is not None:
        return Decimal(0)
    return line.quantity if line.kind == "time" else line.amount or Decimal(0)


def _sane(number: Decimal) -> bool:
    return number.is_finite() and LOWEST < number < LARGEST and number.quantize(FINEST) == number


def _unlinked_project(reference: Reference, ref: str) -> Cause:
    return Cause(
        kind="unlinked",
        connection=reference.connection,
        field="project",
        key=ref,
        message=f"{reference.system} has project {ref}, which belongs to no engagement",
        owner="delivery",
        suggestion="Link it to one of our records, or leave it to its system with a reason.",
    )


def _unlinked_person(reference: Reference, line: Checkable) -> Cause:
    return Cause(
        kind="master_data",
        connection=reference.connection,
        field="person",
        key=line.person_ref or "-",
        message=f"{reference.system} reports time of person {line.person_ref}, whom nobody here knows by e-mail",
        owner="resource",
        suggestion=f"Give the person an e-mail in {reference.system}.",
    )


def _closed(project: ProjectFacts) -> Cause:
    return Cause(
        kind="business_rule",
        field="engagement",
        key=project.engagement_id,
        legal_entity=project.terms.legal_entity,
        message=f"Work was approved on {project.terms.project_code}, whose engagement is closed",
        owner="delivery",
        suggestion="Withdraw the approval, or open the engagement again: tieline close --reopen.",
    )


def _no_item(erp: str, code: str, project: ProjectFacts) -> Cause:
    return Cause(
        kind="mapping",
        connection=erp,
        field="item",
        key=code,
        legal_entity=project.terms.legal_entity,
        message=f"'{code}' has no service item in {erp}",
        owner="finance",
        suggestion=f"Add a row for '{code}' to values/{erp}/item.csv.",
    )


def _not_in_erp(erp: str, project: ProjectFacts) -> Cause:
    return Cause(
        kind="master_data",
        connection=erp,
        field="project",
        key=project.terms.project_id,
        legal_entity=project.terms.legal_entity,
        message=f"{project.terms.project_code} is not in {erp} yet, so its time cannot be posted",
        owner="finance",
        suggestion="See what keeps the project from being created; the time follows by itself.",
    )


def _no_employee(erp: str, email: str, project: ProjectFacts) -> Cause:
    return Cause(
        kind="master_data",
        connection=erp,
        field="person",
        key=email,
        legal_entity=project.terms.legal_entity,
        message=f"{erp} has no employee with the e-mail {email}",
        owner="resource",
        suggestion="Create the employee there, or correct the e-mail.",
    )
