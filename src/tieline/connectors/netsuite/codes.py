"""Whether the codes of the value tables are there in the account: a list entry that was deleted stops what needs it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tieline.connectors.netsuite.records import Site
from tieline.mapping import ValueTables
from tieline.sdk.connector import ConnectionSettings, Finding
from tieline.sdk.errors import Rejected

LISTS: Mapping[str, str] = {
    "subsidiary": "select id from subsidiary",
    "currency": "select id from currency",
    "department": "select id from department",
    "class": "select id from classification",
    "location": "select id from location",
    "payment_terms": "select id from term",
    "item": "select id from item",
}
"""Value table -> the query that tells all ids it may name."""


def check_codes(settings: ConnectionSettings, site: Site) -> Iterator[Finding]:
    """One finding for each value table the mappings write with; a list we may not read says nothing."""
    folders = [settings.values, Path(__file__).parent / "values"]
    tables = ValueTables([folder for folder in folders if folder is not None])
    used = {
        field.options.table_name
        for mapping in site.mappings.values()
        for field in mapping.fields
        if "write" in field.row.ways
    }
    for name, query in LISTS.items():
        if name not in used:
            continue
        subject = f"values/{name}.csv"
        try:
            there = {str(row.get("id")) for row in site.client.rows(query)}
        except Rejected as error:
            yield Finding(True, subject, f"its codes cannot be looked up: {error.message}")
            continue
        gone = {ours: theirs for ours, theirs in tables.table(name).theirs_of.items() if theirs not in there}
        told = ", ".join(f"'{theirs}' for '{ours}'" for ours, theirs in sorted(gone.items()))
        yield Finding(not gone, subject, f"NetSuite does not have {told}" if gone else "all its codes are in NetSuite")
