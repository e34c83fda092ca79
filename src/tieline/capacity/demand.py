"""What is wanted of people: confirmed assignments, planned work nobody is named for yet, and what may still be won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from tieline.capacity.weeks import ZERO, weekdays

WorkKind = Literal["confirmed", "unstaffed", "pipeline"]
NO_ROLE = "no role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Hours of a role within dates."""

    kind: WorkKind
    source: str
    """Id of the project or the deal."""
    name: str
    customer: str | None = None
    engagement_id: str | None = None
    role: str
    region: str
    start: date
    end: date
    hours: Decimal
    person: str | None = None
    probability: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request of a project's plan."""

    project: str
    name: str
    customer: str | None
    engagement_id: str
    role: str
    region: str
    start: date
    end: date
    hours: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A confirmed assignment; `role` is what the project calls it."""

    project: str
    name: str
    customer: str | None
    engagement_id: str
    person: str | None
    role: str | None
    region: str
    start: date
    end: date
    hours: Decimal


def confirmed_work(
    assignments: Sequence[Assigned], roles: Mapping[str, str | None], regions: Mapping[str, str], today: date
) -> list[Work]:
    """What is left of confirmed assignments. It is the person's own role and region that are taken by it."""
    found = []
    for one in assignments:
        left = ahead(one.hours, one.start, one.end, today)
        if left:
            found.append(
                Work(
                    kind="confirmed",
                    source=one.project,
                    name=one.name,
                    customer=one.customer,
                    engagement_id=one.engagement_id,
                    role=roles.get(one.person or "") or one.role or NO_ROLE,
                    region=regions.get(one.person or "", one.region),
                    start=max(one.start, today),
                    end=one.end,
                    hours=left,
                    person=one.person,
                )
            )
    return found


def ahead(hours: Decimal, start: date, end: date, today: date) -> Decimal:
    """The part of evenly spread hours that lies from today on."""
    if start >= today:
        return hours
    whole = weekdays(start, end)
    return hours * weekdays(today, end) / whole if whole else ZERO


def unstaffed_work(
    requests: Sequence[Wanted],
    assignments: Sequence[Assigned],
    done: Mapping[tuple[str, str], Decimal],
    today: date,
) -> list[Work]:
    """What remains of each project's plan by role, less what was recorded and what is confirmed from today on.

    It is shared out among the requests that have not ended, by their hours. A plan whose dates are over wants nothing.
    """
    staffed: dict[tuple[str, str], Decimal] = {}
    for one in assignments:
        key = (one.project, one.role or "")
        staffed[key] = staffed.get(key, ZERO) + ahead(one.hours, one.start, one.end, today)
    planned: dict[tuple[str, str], list[Wanted]] = {}
    for request in requests:
        planned.setdefault((request.project, request.role), []).append(request)
    return [
        work
        for key, wanted in planned.items()
        for work in _remaining(wanted, done.get(key, ZERO) + staffed.get(key, ZERO), today)
    ]


def _remaining(requests: Sequence[Wanted], covered: Decimal, today: date) -> list[Work]:
    left = sum((one.hours for one in requests), ZERO) - covered
    running = [one for one in requests if one.end >= today and one.hours > 0]
    whole = sum((one.hours for one in running), ZERO)
    if left <= 0 or not whole:
        return []
    left = min(left, whole)
    return [
        Work(
            kind="unstaffed",
            source=one.project,
            name=one.name,
            customer=one.customer,
            engagement_id=one.engagement_id,
            role=one.role,
            region=one.region,
            start=max(one.start, today),
            end=one.end,
            hours=left * one.hours / whole,
        )
        for one in running
    ]


def of_role(work: Sequence[Work], role: str | None, region: str | None) -> list[Work]:
    """The work of a role, a region, or both."""
    return [one for one in work if role in (None, one.role) and region in (None, one.region)]


def weighted(work: Work) -> Work:
    """Its hours by its probability."""
    return replace(work, hours=work.hours * work.probability)
