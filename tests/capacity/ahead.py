"""The weeks ahead of a firm: who is on which project, what is planned, away, and still to be won."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tieline.capacity.weeks import monday_of
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.model.staffing import Assignment, Resource
from tieline.model.working_time import TimeOff
from tieline.store.capacity import keep_assignments, keep_open_deal, keep_people, keep_time_off
from tieline.store.database import Connection

TOM, MARCO, AISHA, JONAS = (
    f"{name}@haldenmarsh.example" for name in ("tom.okafor", "marco.silva", "aisha.khan", "jonas.weber")
)


def fill_ahead(db: Connection, project: str, today: date) -> None:
    """Marco is booked for six weeks, Tom away for one; a plan wants an architect; three deals may be won."""
    monday = monday_of(today) + timedelta(days=7)

    def week(number: int) -> date:
        return monday + timedelta(days=7 * number)

    def assignment(name: str, person: str, role: str, weeks: int, hours: int, **more: Any) -> Assignment:
        return Assignment(
            id=name, project_ref="7", person=person, role=role, start_date=monday, minutes=hours * 60, confirmed=True,
            end_date=week(weeks) - timedelta(days=3), **more,
        )  # fmt: skip

    keep_assignments(
        db,
        project,
        [assignment("asg_1", MARCO, "Consultant", 6, 240), assignment("asg_2", AISHA, "Data Engineer", 10, 200)],
    )
    away = [
        TimeOff(id=f"off_{day}", person=TOM, day=week(1) + timedelta(days=day), hours=Decimal(8)) for day in range(5)
    ]
    keep_time_off(db, "kantata", today, away)
    keep_people(
        db, "kantata", [Resource(id="res_1", ref="1", name="Sam Stranger", email="sam@x.example", role="Consultant")]
    )
    request: dict[str, Any] = {
        "id": "req_1", "project_id": project, "role": "Sr. Architect", "hours": "700", "start_date": f"{monday}",
        "end_date": f"{week(10) - timedelta(days=3)}", "region": None, "skills": [], "note": None,
    }  # fmt: skip
    db.execute(
        "update project set body = body || jsonb_build_object('demand', %s::jsonb, 'end_date', %s::text) where id = %s",
        [Jsonb([request]), f"{week(10)}", project],
    )
    for name, chance, role, hours in (
        ("Data lake", "0.6", "Data Engineer", 600),
        ("Grid pricing", "0.3", "Consultant", 800),
        ("No roles yet", "0.5", None, 1),
    ):
        line = OpportunityLine(id=f"opl_{name}", role=role, quantity=Decimal(hours), unit_price=Decimal(150))
        keep_open_deal(
            db,
            Opportunity(
                id=f"opp_{name}", name=name, stage="Proposal", probability=Decimal(chance), legal_entity="US",
                close_date=monday, start_date=week(1), end_date=week(9), lines=(line,),
            ),
        )  # fmt: skip
