"""Hypothesis strategies that make any canonical record from its declared fields."""

import types
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

from tests.model.billing import BILLING
from tieline.model.collection import CollectionRules
from tieline.model.intercompany import TransferRule
from tieline.model.labor_terms import LaborTermsRule
from tieline.model.money import Money
from tieline.model.outlook import HealthRules, RenewalRules, WarningRules
from tieline.model.record import Record
from tieline.model.service_package import ServicePackage
from tieline.model.working_time import MissingTimeRules, WorkingTime

TEXT = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.sampled_from(["O'Brien & Söhne", "売上 🚀", '"; drop table x; --', "\u202egnp.exe"]),
)
DECIMALS = st.decimals(min_value=-(10**13), max_value=10**13, places=6) | st.sampled_from(
    [Decimal("0.1"), Decimal("1E+3"), Decimal("-0.00"), Decimal("1.10"), Decimal("9999999999999.9999999999999")]
)
MONEY = st.builds(Money, amount=DECIMALS, currency=st.sampled_from(["USD", "EUR", "JPY", "BHD"]))
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**62), 2**62),
    bool: st.booleans(),
    Decimal: DECIMALS,
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Money: MONEY,
    type(None): st.none(),
}


def record_types() -> list[type[Record]]:
    """Every canonical record there is."""
    import importlib
    import pkgutil

    import tieline.model

    for module in pkgutil.iter_modules(tieline.model.__path__):
        importlib.import_module(f"tieline.model.{module.name}")
    return sorted(_below(Record), key=lambda record: record.__name__)


def _below(parent: type[Record]) -> set[type[Record]]:
    own = {child for child in parent.__subclasses__() if child.__module__.startswith("tieline.model.")}
    return own.union(*(_below(child) for child in own))


HOURS = st.decimals(min_value=0, max_value=400, places=2)


@st.composite
def packages(draw: st.DrawFn, roles: tuple[str, ...] = ("Consultant", "Senior Consultant")) -> ServicePackage:
    """Packages a catalogue may hold: whatever their phases, bands, regions and invoice plan."""
    names = [f"{word} 🚀" for word in ("One", "Two", "Three")]
    band = st.fixed_dictionaries({"hours": HOURS}, optional={"up_to": st.just(Decimal(10))})
    effort = st.fixed_dictionaries(
        {"base": HOURS.map(lambda hours: hours + 1)},
        optional={"per_unit": HOURS, "bands": band.map(lambda first: [first])},
    )

    def phase(name: str) -> dict[str, Any]:
        tasks = names[: draw(st.integers(1, 3))]
        role = st.sampled_from(roles)
        return {
            "name": name,
            "starts_after_days": draw(st.integers(0, 100)),
            "days": draw(st.none() | st.integers(1, 300)),
            "task": [{"name": task, "role": draw(role), "hours": draw(effort)} for task in tasks],
        }

    shares = draw(st.sampled_from([(), ("1",), ("0.3", "0.7"), ("0.333", "0.333", "0.334")]))
    price = st.sampled_from(
        [{"method": "role_rates"}, {"method": "fixed", "amounts": {"USD": "48000", "JPY": "7000000"}}]
    )
    return ServicePackage.model_validate(
        {
            "id": draw(st.sampled_from(["cloud", "data-move"])),
            "version": draw(st.integers(1, 9)),
            "name": "Cloud",
            "sku": ["CLOUD"],
            "service_line": "Implementation",
            "price": draw(price),
            "phase": [phase(name) for name in names[: draw(st.integers(1, 3))]],
            "milestone": [
                {"name": name, "share": share, "after_days": draw(st.none() | st.integers(0, 400))}
                for name, share in zip(names, shares, strict=False)
            ],
            "region": draw(st.sampled_from([[], [{"name": "EMEA", "hours_factor": "1.15"}]])),
        }
    )


SETTINGS = {CollectionRules, HealthRules, WarningRules, RenewalRules, WorkingTime, MissingTimeRules}
"""Tables of the site, whose numbers have bounds."""


@cache
def records(record: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Instances of a record, with every field given or left to its default."""
    if record in BILLING:
        return BILLING[record]
    if record is ServicePackage:
        return packages()
    if record is TransferRule:
        return st.just(TransferRule(price="bill_share", percent=Decimal("72.5"), currency="USD"))
    if record is LaborTermsRule:
        return st.just(LaborTermsRule(connection="netsuite", fields=("cost_rate",)))
    if record in SETTINGS:
        return st.just(record())
    needed = {name: _values(field.annotation) for name, field in record.model_fields.items() if field.is_required()}
    optional = {
        name: _values(field.annotation) for name, field in record.model_fields.items() if not field.is_required()
    }
    return st.fixed_dictionaries(needed, optional=optional).map(lambda values: record(**values))


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(one) for one in inner])
    if origin is tuple:
        return st.lists(_values(inner[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(_values(inner[0]), _values(inner[1]), max_size=3)
    assert issubclass(annotation, BaseModel), f"no strategy for {annotation}"
    return records(annotation)
