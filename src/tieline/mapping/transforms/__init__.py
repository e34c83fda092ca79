"""The closed list of transforms a mapping row may name; each is two-way and its class documents its options."""

from tieline.mapping.transforms.amounts import DecimalNumber, DurationMinutes, Integer, Money, MoneyMinor, Percent
from tieline.mapping.transforms.base import Codec, Surroundings, Transform
from tieline.mapping.transforms.codes import Code, Country, Link, Reference
from tieline.mapping.transforms.times import Date, DateTime, Stamp
from tieline.mapping.transforms.words import Boolean, Email, Json, ListOfText, Text

TRANSFORMS: dict[str, type[Transform]] = {
    "text": Text,
    "email": Email,
    "list_of_text": ListOfText,
    "boolean": Boolean,
    "integer": Integer,
    "decimal": DecimalNumber,
    "money": Money,
    "money_minor": MoneyMinor,
    "percent": Percent,
    "duration_minutes": DurationMinutes,
    "date": Date,
    "datetime": DateTime,
    "stamp": Stamp,
    "code": Code,
    "country": Country,
    "reference": Reference,
    "link": Link,
    "json": Json,
}

__all__ = ["TRANSFORMS", "Codec", "Surroundings", "Transform"]
