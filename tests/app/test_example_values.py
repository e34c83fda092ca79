"""The example's NetSuite value tables are what a freshly seeded NetSuite stand-in answers over HTTP."""

import csv
from collections.abc import Iterator
from importlib.resources import files

import httpx2
import pytest

from tests.standins_netsuite.account import Caller, new_ec_key
from tieline_standins.core.background import running
from tieline_standins.netsuite import NetSuite

NAMES = {
    "class": ("classification", "name", {"Americas": "Americas", "EMEA": "EMEA"}),
    "currency": ("currency", "symbol", {"USD": "USD", "GBP": "GBP", "EUR": "EUR"}),
    "department": (
        "department",
        "name",
        {"Advisory": "Advisory", "Technology": "Technology", "Managed Services": "Managed Services"},
    ),
    "item": (
        "serviceSaleItem",
        "itemId",
        {
            "Engagement Manager": "SVC-EM",
            "Senior Consultant": "SVC-SC",
            "Consultant": "SVC-CON",
            "Data Engineer": "SVC-DE",
            "fixed": "SVC-FIXED",
            "expense": "SVC-EXP",
        },
    ),
    "location": (
        "location",
        "name",
        {"US": "Halden Marsh Inc.", "UK": "Halden Marsh Ltd", "DE": "Halden Marsh GmbH"},
    ),
    "payment_terms": ("term", "name", {"NET30": "Net 30", "NET60": "Net 60"}),
    "subsidiary": (
        "subsidiary",
        "name",
        {"US": "Halden Marsh Inc.", "UK": "Halden Marsh Ltd", "DE": "Halden Marsh GmbH"},
    ),
    "tax_code": ("salesTaxItem", "itemId", {"standard": "US-STANDARD"}),
}
"""Table -> record type, the field that names a record over there, and our code -> that name."""


@pytest.fixture(scope="module")
def netsuite() -> Iterator[Caller]:
    with running(NetSuite) as url:
        caller = Caller(url, new_ec_key())
        yield caller
        caller.http.close()


def table(name: str) -> dict[str, str]:
    text = (files("tieline.app") / "example_site" / "values" / "netsuite" / f"{name}.csv").read_text("utf-8")
    return {row["ours"]: row["theirs"] for row in csv.DictReader(line for line in text.splitlines() if line[0] != "#")}


def test_every_table_of_the_example_is_compared() -> None:
    folder = files("tieline.app") / "example_site" / "values" / "netsuite"
    assert sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_id_of_a_table_is_the_record_it_means(netsuite: Caller, name: str) -> None:
    record, field, meant = NAMES[name]
    ours = table(name)
    assert {code: netsuite.read(record, key)[field] for code, key in ours.items()} == meant


def test_the_role_without_an_item_is_left_out_on_purpose(netsuite: Caller) -> None:
    assert "Sr. Architect" not in table("item")
    with httpx2.Client() as http:
        assert http.get(f"{netsuite.base}/__standin__/health").json()["ok"] is True
