"""Canonical records: owners and classes, frozen, strict, and exact through JSON."""

from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.model.strategies import record_types, records
from tieline.model.contract import ContractVersion, RateCardRow
from tieline.model.customer import Customer
from tieline.model.firm import LegalEntity
from tieline.model.opportunity import OpportunityLine
from tieline.model.record import FieldClass, Owned, Owner, Record
from tieline.sdk import jsontext

ALL = record_types()
MONEY = {"amount", "rate", "price", "net", "paid", "outstanding", "revenue", "unbilled"}
NO_MONEY = {"paid_on", "rate_rule", "rate_card", "revenue_method", "revenue_methods", "unbilled_since"}


def marks_below(annotation: Any) -> list[Owned]:
    """Marks inside an annotation, where `owner_of` would not see them."""
    found = [mark for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, Owned)]
    return found + [mark for inner in get_args(annotation) for mark in marks_below(inner)]


def test_all_records_are_found() -> None:
    assert {ContractVersion, Customer, OpportunityLine} < set(ALL)
    assert len(ALL) > 30


@pytest.mark.parametrize("record", ALL)
def test_each_field_declares_one_owner_and_class_that_exist(record: type[Record]) -> None:
    for name, field in record.model_fields.items():
        owned = record.owner_of(name)
        assert owned.owner in get_args(Owner), name
        assert owned.field_class in get_args(FieldClass), name
        assert len([mark for mark in field.metadata if isinstance(mark, Owned)]) <= 1, name
        assert marks_below(field.annotation) == [], f"{name}: the mark is hidden inside the type"


@pytest.mark.parametrize("record", ALL)
def test_cost_and_margin_are_restricted_and_other_money_is_commercial(record: type[Record]) -> None:
    for name in record.model_fields:
        words = name.split("_")
        if "cost" in words or "margin" in words:
            assert record.owner_of(name).field_class == "C3", f"{record.__name__}.{name}"
        elif MONEY.intersection(words) and name not in NO_MONEY:
            assert record.owner_of(name).field_class == "C2", f"{record.__name__}.{name}"


@pytest.mark.parametrize("record", ALL)
def test_a_record_is_frozen_refuses_unknown_fields_and_has_a_schema_version(record: type[Record]) -> None:
    assert record.model_config["frozen"] is True
    assert record.model_config["extra"] == "forbid"
    assert record.schema_version >= 1
    assert "schema_version" not in record.model_fields
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        record.model_validate({"id": "x", "surprise": 1})


def test_a_record_cannot_be_changed() -> None:
    entity = LegalEntity(id="US", name="Inc.", country="US", currency="USD")
    with pytest.raises(ValidationError, match="frozen"):
        entity.name = "Ltd"  # type: ignore[misc]


@pytest.mark.parametrize("record", ALL)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_comes_back_from_json_digit_by_digit(record: type[Record], data: st.DataObject) -> None:
    made = data.draw(records(record))
    stored = jsontext.dumps(made.model_dump(mode="json"))
    back = record.model_validate(jsontext.loads(stored))
    assert back == made
    assert jsontext.dumps(back.model_dump(mode="json")) == stored, "also the digits behind the point"
    assert floats(jsontext.loads(stored)) == []


def floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in floats(item)]
    if isinstance(value, list):
        return [found for item in value for found in floats(item)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "x", None])
def test_a_rate_is_a_finite_number(rate: Any) -> None:
    with pytest.raises(ValidationError):
        RateCardRow.model_validate(
            {"id": "r", "precedence": 5, "currency": "USD", "rate": rate, "valid_from": "2026-01-01"}
        )


def test_the_amount_of_a_line_is_not_rounded() -> None:
    line = OpportunityLine(id="l", quantity=Decimal("0.333"), unit_price=Decimal("0.01"))
    assert line.amount == Decimal("0.00333")


def test_a_customer_is_one_subject_for_each_entity_that_bills_it_and_keeps_its_own_terms() -> None:
    customer = Customer(id="cus_1", name="O'Brien", currency="GBP")
    billed = customer.for_entity("DE", "EUR", "NET30")
    assert (customer.subject, billed.subject) == ("cus_1", "cus_1:DE")
    assert (billed.currency, billed.payment_terms) == ("GBP", "NET30")
