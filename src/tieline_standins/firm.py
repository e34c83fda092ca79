"""Reads the fictional firm all stand-ins are seeded with."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Entity:
    code: str
    name: str
    currency: str
    country: str


@dataclass(frozen=True)
class FirmRole:
    """A role of the rate card; `service_item` is None where the ERP deliberately knows none."""

    name: str
    service_item: str | None


@dataclass(frozen=True)
class Person:
    """Somebody who works for the firm; rates are per hour in the currency of the entity."""

    name: str
    email: str
    role: str
    entity: str
    bill_rate: Decimal
    cost_rate: Decimal
    approver: bool


@dataclass(frozen=True)
class ServiceItem:
    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Product:
    code: str
    name: str
    department: str


@dataclass(frozen=True)
class SeedCustomer:
    name: str
    country: str
    currency: str


@dataclass(frozen=True)
class SalesRep:
    name: str
    email: str


@dataclass(frozen=True)
class Firm:
    name: str
    entities: tuple[Entity, ...]
    departments: tuple[str, ...]
    regions: tuple[str, ...]
    roles: tuple[FirmRole, ...]
    people: tuple[Person, ...]
    service_items: tuple[ServiceItem, ...]
    products: tuple[Product, ...]
    customers: tuple[SeedCustomer, ...]
    sales_rep: SalesRep
    currencies: tuple[str, ...]
    """In which deals may be sold besides those of the entities."""

    def entity(self, code: str) -> Entity:
        return next(entity for entity in self.entities if entity.code == code)

    def person(self, name: str) -> Person:
        return next(person for person in self.people if person.name == name)


@cache
def load_firm() -> Firm:
    """The firm of `firm.toml`, read once."""
    data = tomllib.loads(files("tieline_standins").joinpath("firm.toml").read_text(encoding="utf-8"))
    return Firm(
        name=data["name"],
        entities=tuple(Entity(**row) for row in data["entities"]),
        departments=tuple(data["departments"]),
        regions=tuple(data["regions"]),
        roles=tuple(FirmRole(row["name"], row.get("service_item")) for row in data["roles"]),
        people=tuple(_person(row) for row in data["people"]),
        service_items=tuple(ServiceItem(**row) for row in data["service_items"]),
        products=tuple(Product(**row) for row in data["products"]),
        customers=tuple(SeedCustomer(**row) for row in data["customers"]),
        sales_rep=SalesRep(**data["sales_rep"]),
        currencies=tuple(data["currencies"]),
    )


def _person(row: dict[str, Any]) -> Person:
    rates = {"bill_rate": Decimal(row["bill_rate"]), "cost_rate": Decimal(row["cost_rate"])}
    return Person(**row | rates | {"approver": row.get("approver", False)})
