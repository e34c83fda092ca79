"""The site's rules of master data: when two customers are one without a person, and who keeps which domain."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from tieline.model.firm import Person

Where = tuple[int | str, ...]
DOMAINS = {
    "customer": ("customer", "contact", "address", "customer_link"),
    "person": ("person", "resource", "assignment", "time_off", "submitted_time", "labor_terms"),
    "project": ("project", "wbs_element", "milestone", "resource_request"),
    "contract": ("opportunity", "opportunity_line", "contract_version", "contract_part", "contract_line"),
    "rate": ("rate_card", "rate_card_row"),
    "legal_entity": ("legal_entity",),
    "service": ("service_line", "service_package"),
}
"""Master domain -> the records it holds; each may have a steward in the site."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MatchingTable(_Table):
    """`[matching]`: from which probability on two customers are one, and from which on a person is asked."""

    auto_link: Decimal = Field(default=Decimal("0.995"), ge=Decimal("0.9"), le=1)
    """1: never without a person."""
    ask_from: Decimal = Field(default=Decimal("0.5"), gt=0, le=1)


class StewardTable(_Table):
    """`[[steward]]`: who keeps a domain of master data."""

    domain: str
    owner: str = Field(min_length=1, max_length=100)
    """A team (any word) or the e-mail of a person of people.csv."""


def master_data_checks(matching: MatchingTable, stewards: Sequence[StewardTable]) -> Iterator[tuple[Where, str]]:
    """Bounds the wrong way round, and domains nobody knows."""
    if matching.ask_from > matching.auto_link:
        yield ("matching", "ask_from"), "must not lie above auto_link"
    seen: set[str] = set()
    for number, steward in enumerate(stewards):
        if steward.domain not in DOMAINS:
            yield ("steward", number, "domain"), f"'{steward.domain}' is no domain; there are {', '.join(DOMAINS)}"
        elif steward.domain in seen:
            yield ("steward", number, "domain"), f"the domain '{steward.domain}' has a steward already"
        seen.add(steward.domain)


def unknown_stewards(stewards: Sequence[StewardTable], people: Sequence[Person]) -> Iterator[tuple[Where, str]]:
    """Stewards people.csv does not name."""
    known = {person.id for person in people}
    for number, steward in enumerate(stewards):
        if "@" in steward.owner and steward.owner not in known:
            yield ("steward", number, "owner"), f"'{steward.owner}' is nobody of people.csv"
