"""Labor terms: cost rates, utilization targets and calendars of people in the project accounting the site names."""

from collections.abc import Collection
from datetime import date

from tieline.capacity.calendars import target_of
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.model.firm import Firm, Person
from tieline.model.labor_terms import LaborField, LaborTerms
from tieline.model.working_time import ANY

FLOW = "labor_terms"


def labor_terms(run: Run, key: str, systems: Systems) -> None:
    """Key: the person's e-mail. A cost rate of a later day is sent on its day."""
    firm, today = systems.firm, run.today
    person = next((one for one in firm.people if one.id == key), None)
    if person is None or (person.left is not None and person.left < today):
        return run.stand_by("Nobody of people.csv any more; the ERP keeps what it has")
    for rule in firm.labor_terms:
        erp = systems.connection(rule.connection).erp
        if erp is not None and rule.legal_entity in (ANY, person.legal_entity):
            terms = terms_of(person, firm, rule.fields, today)
            run.ensure("Labor terms in ERP", erp.ensure_labor_terms, terms)
    later = [since for since, _ in firm.cost_steps(person) if since > today]
    if later:
        run.look_again_on(min(later))
    return None


def terms_of(person: Person, firm: Firm, fields: Collection[LaborField], today: date) -> LaborTerms:
    """What the firm's files say of a person on a day, as far as its fields are wanted."""
    entity, cost = firm.legal_entity(person.legal_entity), firm.cost_rate(person.id, today)
    places = {one.location for one in firm.working_time.calendar if one.legal_entity in (ANY, person.legal_entity)}
    return LaborTerms(
        id=person.id,
        name=person.name,
        legal_entity=person.legal_entity,
        currency=entity.currency if entity else "",
        cost_rate=cost.amount if cost and "cost_rate" in fields else None,
        utilization_target=target_of(person, firm) if "utilization_target" in fields else None,
        working_calendar=_calendar(person, places) if "working_calendar" in fields else None,
    )


def _calendar(person: Person, places: Collection[str]) -> str:
    return person.location if person.location and person.location in places else person.legal_entity
