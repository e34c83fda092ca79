"""The hours people could work, as key figures take them: places with their days, and who works where."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.capacity.calendars import Calendar, Calendars, days_of, part_time
from tieline.model.firm import Firm

UNASKED, MOST = 365, 1100
"""Days that are looked at when no period is asked for, and at most."""


@dataclass(frozen=True, slots=True)
class WorkingPeople:
    """The people of a firm with their calendars; time off comes from the database."""

    firm: Firm

    def values(self, since: date | None, until: date | None, today: date) -> dict[str, Any]:
        """Columns of `worker` and `working_day`, up to today."""
        last = min(until or today, today)
        first = max(since or _before(last, UNASKED), _before(last, MOST))
        calendars = Calendars(self.firm)
        places: dict[tuple[int, Decimal], int] = {}
        shifts: list[tuple[Calendar, Decimal]] = []
        of = []
        for one in self.firm.people:
            calendar = calendars.of(one)
            share = part_time(one, calendar)
            place = places.setdefault((id(calendar), share), len(shifts))
            if place == len(shifts):
                shifts.append((calendar, share))
            of.append(place)
        hours = [
            (place, day, full * share)
            for place, (calendar, share) in enumerate(shifts)
            for day in days_of(first, last)
            if (full := calendar.hours_on(day))
        ]
        people = self.firm.people
        return {
            "first": first,
            "last": last,
            "workers": [one.id for one in people],
            "worker_entities": [one.legal_entity for one in people],
            "worker_roles": [one.role for one in people],
            "worker_homes": [one.practice for one in people],
            "worker_places": of,
            "joined": [one.joined for one in people],
            "left": [one.left for one in people],
            "places": [place for place, _, _ in hours],
            "days": [day for _, day, _ in hours],
            "hours": [full for _, _, full in hours],
        }


def _before(day: date, days: int) -> date:
    return date.fromordinal(max(day.toordinal() - days, 1))
