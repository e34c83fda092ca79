"""The site's rules of the exception queue: who owns an exception, and by when it is to be mended."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field

from tieline.exception_queue.ownership import TEAMS, OwnerRule, SlaRule
from tieline.model.firm import LegalEntity, Person
from tieline.sdk.errors import ExceptionKind

EXCEPTION_KINDS: tuple[str, ...] = get_args(ExceptionKind)
Where = tuple[int | str, ...]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExceptionOwnerTable(_Table):
    """`[[exception_owner]]`: who owns such exceptions; the first that fits decides."""

    owner: str = Field(min_length=1, max_length=100)
    """A team (any word) or the e-mail of a person of people.csv."""
    kind: str = "*"
    domain: str = "*"
    """The team the problem itself names."""
    legal_entity: str = "*"
    region: str = "*"


class ExceptionSlaTable(_Table):
    """`[[exception_sla]]`: by when such exceptions are to be mended; the first that fits decides."""

    hours: float = Field(gt=0, le=24 * 366)
    kind: str = "*"
    owner: str = "*"
    at_risk: float = Field(default=0.75, gt=0, le=1)
    """The share of the time after which it is told as being at risk."""


def owner_rules(tables: Sequence[ExceptionOwnerTable], entities: Sequence[LegalEntity]) -> tuple[OwnerRule, ...]:
    """The rules with their patterns resolved."""
    return tuple(
        OwnerRule(
            owner=table.owner,
            kinds=_fitting(table.kind, EXCEPTION_KINDS),
            domains=_fitting(table.domain, TEAMS),
            legal_entities=_entities(table, entities),
        )
        for table in tables
    )


def sla_rules(tables: Sequence[ExceptionSlaTable], owners: Iterable[str]) -> tuple[SlaRule, ...]:
    """The deadlines with their patterns resolved; `owners` are all teams and people there are."""
    known = list(owners)
    return tuple(
        SlaRule(
            due=timedelta(hours=table.hours),
            at_risk=timedelta(hours=table.hours * table.at_risk),
            kinds=_fitting(table.kind, EXCEPTION_KINDS),
            owners=_fitting(table.owner, known),
        )
        for table in tables
    )


def known_owners(named: Iterable[str], people: Sequence[Person]) -> dict[str, str]:
    """Whom an exception may be given to: what is stored, and what people read. `named`: those of the site's rules."""
    names = {person.id: person.name for person in people}
    teams = dict.fromkeys([*TEAMS, *(owner for owner in named if owner not in names)])
    return {team: team.capitalize() for team in teams} | names


def queue_checks(
    owners: Sequence[ExceptionOwnerTable], slas: Sequence[ExceptionSlaTable], entities: Sequence[LegalEntity]
) -> Iterator[tuple[Where, str]]:
    """A rule with a slip of the pen would never fit."""
    names = {
        "kind": EXCEPTION_KINDS,
        "domain": TEAMS,
        "legal_entity": tuple(entity.id for entity in entities),
        "region": tuple(dict.fromkeys(entity.region for entity in entities if entity.region)),
    }
    for number, rule in enumerate(owners):
        for key, known in names.items():
            yield from _unknown(("exception_owner", number, key), getattr(rule, key), key, known)
    for number, sla in enumerate(slas):
        yield from _unknown(("exception_sla", number, "kind"), sla.kind, "kind", EXCEPTION_KINDS)


def unknown_people(owners: Sequence[ExceptionOwnerTable], people: Sequence[Person]) -> Iterator[tuple[Where, str]]:
    """Rules that give exceptions to somebody people.csv does not name."""
    known = {person.id for person in people}
    for number, rule in enumerate(owners):
        if "@" in rule.owner and rule.owner not in known:
            yield ("exception_owner", number, "owner"), f"'{rule.owner}' is nobody of people.csv"


def _unknown(where: Where, pattern: str, key: str, known: Sequence[str]) -> Iterator[tuple[Where, str]]:
    if pattern != "*" and not _fitting(pattern, known):
        told = ", ".join(known) or f"no {key.replace('_', ' ')} in the site"
        yield where, f"'{pattern}' fits no {key.replace('_', ' ')}; there are {told}"


def _entities(table: ExceptionOwnerTable, entities: Sequence[LegalEntity]) -> tuple[str, ...] | None:
    if table.legal_entity == table.region == "*":
        return None
    return tuple(
        entity.id
        for entity in entities
        if fnmatchcase(entity.id, table.legal_entity) and fnmatchcase(entity.region or "", table.region)
    )


def _fitting(pattern: str, names: Iterable[str]) -> tuple[str, ...] | None:
    return None if pattern == "*" else tuple(name for name in names if fnmatchcase(name, pattern))
