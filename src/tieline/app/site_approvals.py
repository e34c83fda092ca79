"""The site's rules of approvals: `[[approval]]`, `[teams]` and `[[deputy]]`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tieline.engine.approval_policy import ApprovalPolicy, ApprovalRule, Deputy, folded
from tieline.model.firm import LegalEntity, Person
from tieline.model.money import CURRENCIES

Where = tuple[int | str, ...]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ApprovalTable(_Table):
    """`[[approval]]`: who decides what, above which money; of the rules that fit the highest `above` counts."""

    what: str = "*"
    legal_entity: str = "*"
    region: str = "*"
    above: Decimal = Field(default=Decimal(0), ge=0)
    currency: str | None = None
    approvers: tuple[str, ...] = ()
    """E-mails and names of `[teams]`; empty: anybody."""
    people: int = Field(default=1, ge=1, le=9)
    remind_after_hours: float = Field(default=24, gt=0, le=24 * 366)
    expires_after_hours: float | None = Field(default=None, gt=0, le=24 * 366)


class DeputyTable(_Table):
    """`[[deputy]]`: who decides for another, from the first to the last day."""

    person: Email
    stands_in: Email
    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> "DeputyTable":
        if self.last < self.first:
            raise ValueError(f"the last day {self.last} lies before the first, {self.first}")
        return self


def approval_policy(
    rules: Sequence[ApprovalTable],
    teams: Mapping[str, Sequence[str]],
    deputies: Sequence[DeputyTable],
    entities: Sequence[LegalEntity],
    people: Sequence[Person],
) -> ApprovalPolicy:
    """The rules with their teams and patterns resolved."""
    return ApprovalPolicy(
        rules=tuple(_rule(table, teams, entities) for table in rules),
        deputies=tuple(
            Deputy(person=folded(one.person), stands_in=folded(one.stands_in), first=one.first, last=one.last)
            for one in deputies
        ),
        people={person.name: person.id for person in people},
    )


def _rule(table: ApprovalTable, teams: Mapping[str, Sequence[str]], entities: Sequence[LegalEntity]) -> ApprovalRule:
    anywhere = table.legal_entity == table.region == "*"
    named = [email for one in table.approvers for email in teams.get(one, (one,))]
    hours = table.expires_after_hours
    return ApprovalRule(
        what=table.what,
        legal_entities=None if anywhere else tuple(_entities(table, entities)),
        above=table.above,
        currency=table.currency,
        approvers=tuple(dict.fromkeys(map(folded, named))),
        people=table.people,
        remind_after=timedelta(hours=table.remind_after_hours),
        expires_after=None if hours is None else timedelta(hours=hours),
    )


def _entities(table: ApprovalTable, entities: Sequence[LegalEntity]) -> Iterator[str]:
    for entity in entities:
        if fnmatchcase(entity.id, table.legal_entity) and fnmatchcase(entity.region or "", table.region):
            yield entity.id


def approval_checks(
    rules: Sequence[ApprovalTable], teams: Mapping[str, Sequence[str]], entities: Sequence[LegalEntity]
) -> Iterator[tuple[Where, str]]:
    """Rules that nobody could ever fulfil, or that would never count."""
    for number, rule in enumerate(rules):
        for one in rule.approvers:
            if "@" not in one and one not in teams:
                yield ("approval", number, "approvers"), f"'{one}' is neither an e-mail nor one of the [teams]"
        allowed = {folded(email) for one in rule.approvers for email in teams.get(one, (one,))}
        if rule.approvers and len(allowed) < rule.people:
            message = f"{rule.people} people must approve, but it names {len(allowed)}"
            yield ("approval", number, "people"), message
        if not any(_entities(rule, entities)):
            key = "legal_entity" if rule.legal_entity != "*" else "region"
            yield ("approval", number, key), f"'{getattr(rule, key)}' fits no legal entity of the site"
        if rule.currency is not None and rule.currency not in CURRENCIES:
            yield ("approval", number, "currency"), f"'{rule.currency}' is no ISO 4217 currency code such as USD"
