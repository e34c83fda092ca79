"""Reference data before go-live: whether every code the site uses has a counterpart in each system that needs one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tieline.app.site import Site
from tieline.app.site_mappings import mappings_of
from tieline.flows.readiness import TAX_TREATMENTS
from tieline.mapping.mapping import CompiledField
from tieline.mapping.problems import RefusalError
from tieline.model.firm import LegalEntity


@dataclass(frozen=True, kw_only=True)
class Counterpart:
    """One code of ours and what a system calls it."""

    domain: str
    """`legal entity`, `currency`, `role` …"""
    value: str
    connection: str
    table: str
    theirs: str | None
    needed: bool
    """The site itself uses it; else a deal may."""


@dataclass(frozen=True, slots=True)
class _Used:
    """What the site uses of one domain: value -> whether it surely is used."""

    domain: str
    values: Callable[[Site, tuple[LegalEntity, ...]], Mapping[str, bool]]


def _surely(values: Iterator[str]) -> dict[str, bool]:
    return dict.fromkeys(values, True)


_ENTITIES = _Used("legal entity", lambda site, entities: _surely(entity.id for entity in entities))
_CURRENCIES = _Used(
    "currency",
    lambda site, entities: _surely(code for entity in entities for code in (entity.currency, *entity.currencies)),
)
_TERMS = _Used(
    "payment terms",
    lambda site, entities: _surely(term for line in site.firm.service_lines for term in line.payment_terms),
)
_ROLES = _Used("role", lambda site, entities: _surely(rate.role for rate in site.firm.standard_rates if rate.role))
_TAXES = _Used("tax treatment", lambda site, entities: dict.fromkeys(TAX_TREATMENTS, False))
_USED: Mapping[str, _Used] = {
    "billed_by": _ENTITIES,
    "legal_entity": _ENTITIES,
    "currency": _CURRENCIES,
    "payment_terms": _TERMS,
    "item": _ROLES,
    "tax_code": _TAXES,
    "tax_treatment": _TAXES,
}
"""Canonical field -> what the site uses of it. Dimensions go by their own names."""


def counterparts(site: Site) -> list[Counterpart]:
    """Every code a system must have a counterpart for, with it or without; each once."""
    found: dict[tuple[str, str, str], Counterpart] = {}
    for settings, mapping in mappings_of(site):
        entities = _entities(site, settings.name)
        for field in mapping.fields:
            table = field.options.table_name
            if table is None or "write" not in field.row.ways or not entities:
                continue
            used = _used(field.row.canonical)
            for value, needed in used.values(site, entities).items() if used else ():
                theirs = _theirs(field, value)
                one = Counterpart(
                    domain=used.domain if used else "",
                    value=value,
                    connection=settings.name,
                    table=table,
                    theirs=theirs,
                    needed=needed,
                )
                found.setdefault((settings.name, table, value), one)
    return sorted(found.values(), key=lambda one: (one.domain, one.connection, one.value))


def gaps(found: Iterable[Counterpart]) -> list[Counterpart]:
    """What the site surely uses and a system does not know yet."""
    return [one for one in found if one.needed and one.theirs is None]


def _used(canonical: str) -> _Used | None:
    name = canonical.rpartition(".")[2]
    if canonical.startswith("dimensions."):

        def dimension(site: Site, entities: tuple[LegalEntity, ...]) -> dict[str, bool]:
            return _surely(line.dimensions[name] for line in site.firm.service_lines if name in line.dimensions)

        return _Used(f"dimension {name}", dimension)
    return _USED.get(name)


def _entities(site: Site, connection: str) -> tuple[LegalEntity, ...]:
    """The legal entities this connection serves in any role."""
    served = []
    for entity in site.firm.legal_entities:
        first: dict[str, str] = {}
        for route in site.routes:
            if route.legal_entity in (None, entity.id):
                first.setdefault(route.role, route.connection)
        if connection in first.values():
            served.append(entity)
    return tuple(served)


def _theirs(field: CompiledField, value: str) -> str | None:
    try:
        return str(field.codec.write(value))
    except RefusalError:
        return None
