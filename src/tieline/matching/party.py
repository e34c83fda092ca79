"""A customer as it is compared: what any system tells of it, and the same in a form that can be compared."""

from dataclasses import dataclass

from tieline.matching.addresses import Street, normal_postal_code, street_of
from tieline.matching.contacts import domain_of, normal_email, normal_phone
from tieline.matching.names import COMPASS, core_name, legal_forms, normal_words
from tieline.matching.tax_ids import normal_tax_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """What one record says; nothing of it is needed but the id and the name."""

    id: str
    name: str
    tax_id: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """A party ready to be compared; an empty value is unknown."""

    id: str
    name: str
    """As people read it."""
    words: tuple[str, ...]
    forms: frozenset[str]
    marks: frozenset[str]
    """Numbers and points of the compass: what tells sister organisations apart."""
    tax_id: str
    country: str
    domain: str
    email: str
    phone: str
    street: Street
    street_words: str
    city: str
    postal_code: str


def features_of(party: Party) -> Features:
    """The normalised form of one party."""
    country = (party.country or "").strip().upper()
    words = normal_words(party.name)
    core = core_name(words)
    street = street_of(party.street or "")
    email = normal_email(party.email)
    return Features(
        id=party.id,
        name=party.name.strip(),
        words=core,
        forms=legal_forms(words),
        marks=frozenset(word for word in core if word in COMPASS or any(letter.isdigit() for letter in word)),
        tax_id=normal_tax_id(party.tax_id),
        country=country,
        domain=domain_of(party.website) or domain_of(email),
        email=email,
        phone=normal_phone(party.phone, country),
        street=street,
        street_words=" ".join(street.name),
        city=" ".join(normal_words(party.city or "")),
        postal_code=normal_postal_code(party.postal_code),
    )
