"""What must be right in `[working_time]` and `[missing_time]` beyond the form: countries, entities and people."""

from collections.abc import Iterator, Sequence

from tieline.capacity.calendars import holidays_problem
from tieline.model.firm import LegalEntity, Person
from tieline.model.working_time import (
    ANY,
    CutOff,
    MissingTimeRules,
    UtilizationTarget,
    WorkingCalendar,
    WorkingDay,
    WorkingTime,
)

Where = tuple[int | str, ...]


def working_time_checks(
    rules: WorkingTime, missing: MissingTimeRules, entities: Sequence[LegalEntity]
) -> Iterator[tuple[Where, str]]:
    """Entities the site does not have, and holidays nobody knows."""
    countries = {entity.id: entity.country for entity in entities}
    tables: tuple[tuple[tuple[str, str], Sequence[WorkingCalendar | WorkingDay | UtilizationTarget | CutOff]], ...] = (
        (("working_time", "calendar"), rules.calendar),
        (("working_time", "day"), rules.day),
        (("working_time", "target"), rules.target),
        (("missing_time", "cut_off"), missing.cut_off),
    )
    for name, rows in tables:
        for number, row in enumerate(rows):
            if row.legal_entity not in (ANY, *countries):
                words = f"'{row.legal_entity}' is no legal entity of the site; there are {', '.join(countries)}"
                yield (*name, number, "legal_entity"), words
    for number, calendar in enumerate(rules.calendar):
        country = calendar.country or countries.get(calendar.legal_entity)
        if country is None and calendar.subdivision:
            yield ("working_time", "calendar", number, "subdivision"), "needs a country beside it"
        elif country and (calendar.country or calendar.subdivision):
            problem = holidays_problem(country, calendar.subdivision)
            if problem:
                yield (
                    ("working_time", "calendar", number, "subdivision" if calendar.subdivision else "country"),
                    problem,
                )


def unknown_in_targets(rules: WorkingTime, people: Sequence[Person]) -> Iterator[tuple[Where, str]]:
    """Targets that fit nobody of people.csv."""
    known: dict[str, set[str | None]] = {
        "person": {one.id for one in people},
        "role": {one.role for one in people},
        "practice": {one.practice for one in people},
    }
    for number, target in enumerate(rules.target):
        for name, values in known.items():
            value = getattr(target, name)
            if value != ANY and value not in values:
                yield ("working_time", "target", number, name), f"nobody of people.csv has the {name} '{value}'"
