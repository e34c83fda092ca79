"""Customers for the tests of matching."""

from typing import Any

from tieline.matching.party import Features, Party, features_of


def party(identifier: str = "a", name: str = "Brightwater Logistics GmbH", **more: Any) -> Party:
    """A customer of that name; nothing else is known unless given."""
    return Party(id=identifier, name=name, **more)


def features(name: str, **more: Any) -> Features:
    """The same, ready to be compared."""
    return features_of(party(name=name, **more))
