"""The customer in Tryton: a party with invoice address, contact data and tax identifier."""

from collections.abc import Mapping, Sequence
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.records import MOST_FOUND, REFERENCE, STAMP, Site, part
from tieline.model.customer import Customer
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Found, Links, Operation, Payload

PARTY = "party.party"
OURS = "CRM"
"""The name of the contact mechanisms we keep; others are people's own."""
MECHANISMS = ("email", "phone", "website")
EU = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)
NATIONAL = {"GB": "gb_vat", "US": "us_ein", "CH": "ch_vat", "NO": "no_mva", "CA": "ca_bn", "AU": "au_abn"}
"""Types of identifiers Tryton checks, by country (python-stdnum)."""
ADDRESS = ("street", "city", "postal_code")
FIELDS = (
    "name",
    "code",
    "customer_currency.code",
    "customer_payment_term.name",
    "addresses",
    "contact_mechanisms",
    "identifiers",
    STAMP,
)


def ensure_customer(site: Site) -> Operation[Customer]:
    """The party; its code, unique in Tryton, is our reference unless a person made it first."""
    client = site.client

    def render(record: Customer, links: Links) -> Payload:
        return site.write("customer", record, links)

    def find(payload: Payload) -> Sequence[Found]:
        return site.found(PARTY, [["code", "=", payload[REFERENCE]]])

    def create(payload: Payload) -> int:
        new = {**_terms(site, payload), "code": payload[REFERENCE], "sale_invoice_method": "manual"}
        new["addresses"] = [["create", [{**_address(site, payload), "invoice": True, "delivery": True}]]]
        new |= _lists(payload, {}, {})
        try:
            return client.create(PARTY, [new])[0]
        except Rejected:
            found = find(payload)  # a code that stands there already is a party of an earlier try
            if len(found) != 1:
                raise
            update(site.number(found[0].external_id), payload)
            return site.number(found[0].external_id)

    def update(identifier: int, payload: Payload) -> None:
        stored = site.one(PARTY, identifier, FIELDS)
        address, mechanisms, identifiers = _parts(site, identifier)
        changes = {**_terms(site, payload), **_lists(payload, mechanisms, identifiers)}
        wanted = _address(site, payload)
        if address is None:
            changes["addresses"] = [["create", [{**wanted, "invoice": True, "delivery": True}]]]
        elif any(address.get(name) != value for name, value in wanted.items()):
            changes["addresses"] = [["write", [address["id"]], wanted]]
        client.write(PARTY, identifier, changes, stored[STAMP])

    def candidates(payload: Payload) -> Sequence[Found]:
        same = [["name", "=", payload["name"]]]
        number = part(payload, "tax_identifier", "code")
        if number:
            same.append(["identifiers.code", "=", number])
        return site.found(PARTY, [["code", "!=", payload[REFERENCE]], ["OR", *same]])

    def read_back(identifier: int) -> Payload:
        return _as_payload(site, identifier)

    return site.operation(
        "customer",
        render=render,
        create=create,
        update=update,
        find=find,
        candidates=candidates,
        read_back=read_back,
    )


def invoice_address(site: Site, party: int) -> int:
    """The address a party's documents go to. Raises Rejected when it has none."""
    rows = site.client.rows(
        "party.address", [["party", "=", party]], ["invoice"], limit=MOST_FOUND, order=[["id", "ASC"]]
    )
    if not rows:
        raise Rejected(
            site.connection, "the customer has no address in Tryton", kind="missing_field", field="billing_address"
        )
    return int(next((row["id"] for row in rows if row.get("invoice")), rows[0]["id"]))


def _terms(site: Site, payload: Payload) -> Row:
    """Name, currency and payment term; what the payload leaves out stays as it is."""
    currency, term = part(payload, "customer_currency", "code"), part(payload, "customer_payment_term", "name")
    values: Row = {"name": payload["name"]}
    if currency:
        values["customer_currency"] = site.catalog.currency(currency)
    if term:
        values["customer_payment_term"] = site.catalog.payment_term(term)
    return values


def _address(site: Site, payload: Payload) -> Row:
    wanted = payload.get("address") or {}
    country, region = part(wanted, "country", "code"), part(wanted, "subdivision", "code")
    values: Row = {name: wanted.get(name) for name in ADDRESS}
    values["country"] = site.catalog.country(country) if country else None
    values["subdivision"] = site.catalog.subdivision(country, region) if country and region else None
    return values


def _parts(site: Site, party: int) -> tuple[Row | None, dict[str, Row], dict[str, Row]]:
    """Our parts of a party: the invoice address, the contact mechanisms by type, the identifiers by type."""
    client, own = site.client, [["party", "=", party]]
    ids = client.search("party.address", [*own, ["invoice", "=", True]], limit=1, order=[["id", "ASC"]])
    address = client.read("party.address", ids, [*ADDRESS, "country", "subdivision"])[0] if ids else None
    mechanisms = client.rows("party.contact_mechanism", [*own, ["name", "=", OURS]], ["type", "value"])
    identifiers = client.rows("party.identifier", own, ["type", "code"])
    return address, {str(row["type"]): row for row in mechanisms}, {str(row["type"]): row for row in identifiers}


def _lists(payload: Payload, mechanisms: Mapping[str, Row], identifiers: Mapping[str, Row]) -> Row:
    """Commands that bring contact mechanisms and tax identifier to what the payload says; nothing is deleted."""
    wanted = payload.get("contact_mechanisms") or {}
    commands = [_command(mechanisms.get(kind), "value", {"type": kind, "value": wanted[kind], "name": OURS})
                for kind in MECHANISMS if wanted.get(kind)]  # fmt: skip
    number = part(payload, "tax_identifier", "code")
    numbers = []
    if number:
        kind = identifier_type(number, part(payload, "address", "country", "code"))
        numbers = [_command(identifiers.get(str(kind)), "code", {"type": kind, "code": number})]
    lists = {"contact_mechanisms": commands, "identifiers": numbers}
    return {name: [command for command in list_ if command] for name, list_ in lists.items() if any(list_)}


def _command(stored: Row | None, key: str, wanted: Row) -> list[Any] | None:
    if stored is None:
        return ["create", [wanted]]
    return None if stored.get(key) == wanted[key] else ["write", [stored["id"]], {key: wanted[key]}]


def identifier_type(number: str, country: str | None) -> str | None:
    """The type under which Tryton checks a tax number; None keeps it unchecked."""
    return "eu_vat" if number[:2].upper() in EU else NATIONAL.get(country or "")


def _as_payload(site: Site, identifier: int) -> Payload:
    stored = site.one(PARTY, identifier, FIELDS)
    address, mechanisms, identifiers = _parts(site, identifier)
    ids = [address[name] for name in ("country", "subdivision")] if address else [None, None]
    country, subdivision = (
        site.one(model, found, ["code"])["code"] if found else None
        for model, found in zip(("country.country", "country.subdivision"), ids, strict=True)
    )
    numbers = [row["code"] for row in identifiers.values()]
    return {
        REFERENCE: stored["code"],
        "name": stored["name"],
        "customer_currency": {"code": part(stored, "customer_currency.", "code")},
        "customer_payment_term": {"name": part(stored, "customer_payment_term.", "name")},
        "tax_identifier": {"code": sorted(numbers)[0] if numbers else None},
        "contact_mechanisms": {kind: row["value"] for kind, row in sorted(mechanisms.items())},
        "address": {
            **{name: address[name] if address else None for name in ADDRESS},
            "country": {"code": country},
            "subdivision": {"code": subdivision},
        },
    }
