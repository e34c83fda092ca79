"""Customers as parties to be compared, those that are likely one, and the golden record people chose field by field."""

from collections.abc import Iterable, Mapping
from typing import Final

from tieline.matching.blocking import keys_of
from tieline.matching.matches import Match
from tieline.matching.party import Party, features_of
from tieline.matching.score import Bands, Rarity, compare
from tieline.model.customer import Address, Customer

CHOOSABLE: Final = (
    "name",
    "billing_address",
    "tax_id",
    "tax_nexus",
    "currency",
    "payment_terms",
    "email",
    "phone",
    "website",
)
"""Fields whose value a person may take from either of two customers that are one."""


def party_of(customer: Customer) -> Party:
    """A customer as it is compared."""
    address = customer.billing_address
    return Party(
        id=customer.id,
        name=customer.name,
        tax_id=customer.tax_id,
        country=address.country,
        street=address.street,
        city=address.city,
        postal_code=address.postal_code,
        phone=customer.phone,
        email=customer.email,
        website=customer.website,
    )


def customer_keys(customer: Customer) -> tuple[str, ...]:
    """The keys that find those like it."""
    return keys_of(features_of(party_of(customer)))


def likely_twins(customer: Customer, others: Iterable[Customer], rarity: Rarity, bands: Bands) -> list[Match]:
    """Those that are or may be the same customer, the likeliest first; never its parent or its child."""
    ours = features_of(party_of(customer))
    matches = []
    for other in others:
        if customer.id in (other.id, other.parent_id) or other.id == customer.parent_id:
            continue
        score = compare(ours, features_of(party_of(other)), rarity)
        if (verdict := bands.verdict(score)) != "different":
            matches.append(Match(customer.id, other.id, score, verdict))
    return sorted(matches, key=lambda match: (-match.score.probability, match.other))


def golden_record(survivor: Customer, others: Mapping[str, Customer], choices: Mapping[str, str]) -> Customer:
    """The one that stands for all, with the values people chose from the others, and theirs where it has none."""
    values: dict[str, object] = {}
    for field in CHOOSABLE:
        source = others.get(choices.get(field, ""), survivor)
        donors = (source, survivor, *(others[name] for name in sorted(others)))
        values[field] = next((found for one in donors if (found := known_value(one, field))), None)
    return survivor.model_copy(update={field: value for field, value in values.items() if value is not None})


def known_value(customer: Customer | None, field: str) -> object:
    """What a customer says of a field; None when it says nothing."""
    value = getattr(customer, field, None)
    return None if value in ("", None, Address()) else value


def circle(customer: Customer, others: Mapping[str, Customer]) -> list[Customer]:
    """The customers of a hierarchy that goes round in a circle, from this one on; empty when it has an end."""
    way, at = [customer], customer
    while at.parent_id in others or at.parent_id == customer.id:
        if at.parent_id == customer.id:
            return way
        at = others[str(at.parent_id)]
        if at in way:
            return []  # a circle of others, told where they are read
        way.append(at)
    return []
