"""Route of capacity: supply and demand by role and week, who is free, and whom the firm lacks."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.parts import Answer, JsonOnly, OnDesk
from tieline.app.views.capacity import MOST_WEEKS, read_capacity
from tieline.app.views.paging import snapshot
from tieline.capacity.plan import RolePlan
from tieline.capacity.weeks import Weeks

router = APIRouter(tags=["capacity"], dependencies=[JsonOnly])
Name = Annotated[str | None, Query(max_length=100)]
CENT_HOURS = Decimal("0.01")


class CapacityCell(Answer):
    """One role in one week, in hours."""

    supply: Decimal = Field(description="What the calendar leaves, by the target of utilization where there is one.")
    confirmed: Decimal
    unstaffed: Decimal = Field(description="Planned in projects, and nobody is named for it yet.")
    weighted: Decimal = Field(description="Of open deals, each by its probability.")
    low: Decimal = Field(description="Of open deals: four drawn futures of five lie between this and `high`.")
    high: Decimal
    gap: Decimal = Field(description="Supply less all demand; below zero people are lacking.")


class RoleCapacity(Answer):
    """A role over the weeks; `role` null: all together."""

    role: str | None
    people: int
    cells: list[CapacityCell]
    hire: int = Field(description="People lacking in so many weeks in a row that hiring pays.")
    subcontract: list[Decimal] = Field(description="Hours by week that lack beyond those.")


class Bench(Answer):
    """Somebody's free hours by week."""

    email: str
    name: str
    role: str
    region: str
    skills: list[str]
    free: list[Decimal]


class NotCounted(Answer):
    """What the plan leaves out."""

    deals: list[str] = Field(description="Open deals without probability or roles.")
    people: list[str] = Field(description="In the PSA but not in people.csv.")


class CapacityAnswer(Answer):
    """The weeks ahead."""

    weeks: list[date]
    roles: list[RoleCapacity]
    total: RoleCapacity
    people: list[Bench]
    not_counted: NotCounted


@router.get("/api/capacity", response_model=CapacityAnswer, summary="Supply and demand by role and week")
def capacity(
    desk: OnDesk,
    weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS)] = 12,
    role: Name = None,
    region: Name = None,
) -> object:
    """What people could work beside what projects and the pipeline want; the first week is what is left of this one."""
    ahead = Weeks(datetime.now(UTC).date(), weeks)
    with snapshot(desk.database) as db:
        found = read_capacity(db, desk.site.firm, ahead, role=role, region=region)
    plan = found.plan
    return {
        "weeks": plan.weeks,
        "roles": [_row(row) for row in plan.roles],
        "total": _row(plan.total),
        "people": [
            {
                "email": one.person.id,
                "name": one.person.name,
                "role": one.role,
                "region": one.region,
                "skills": one.person.skills,
                "free": [hours.quantize(CENT_HOURS) for hours in one.free],
            }
            for one in plan.people
        ],
        "not_counted": {"deals": found.silent_deals, "people": found.strangers},
    }


def _row(row: RolePlan) -> dict[str, object]:
    cells = [
        {name: getattr(cell, name).quantize(CENT_HOURS) for name in CapacityCell.model_fields} for cell in row.cells
    ]
    subcontract = [hours.quantize(CENT_HOURS) for hours in row.subcontract]
    return {"role": row.role, "people": row.people, "cells": cells, "hire": row.hire, "subcontract": subcontract}
