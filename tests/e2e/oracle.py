"""What the vendors' ledgers hold of us: the judge of every test about doubles and losses."""

from collections import defaultdict
from typing import Any

from tests.e2e.world import World

OURS = "Tieline_"


def records(here: World, vendor: str) -> dict[tuple[str, str], set[str]]:
    """(record type, our reference) -> the vendor's ids; more than one id is a double."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in here.ledger(vendor):
        if entry["external_key"]:
            found[entry["operation"].partition(".")[0], entry["external_key"]].add(entry["key"])
    return dict(found)


def doubled(here: World) -> list[tuple[str, tuple[str, str]]]:
    """Records of ours that a vendor holds twice."""
    return [(vendor, record) for vendor in here.urls for record, ids in records(here, vendor).items() if len(ids) != 1]


def count(here: World, vendor: str, kind: str) -> int:
    """How many records of a type carry a reference of ours."""
    return sum(len(ids) for (found, _), ids in records(here, vendor).items() if found == kind)


def written(here: World, vendor: str) -> list[dict[str, Any]]:
    """Everything Tieline wrote there; people's own writes carry no reference and touch no object of ours."""
    entries = here.ledger(vendor)
    return [entry for entry in entries if entry["external_key"] or entry["operation"].startswith(OURS)]


def time_lines(here: World) -> dict[str, list[dict[str, Any]]]:
    """Time booked in NetSuite, by our reference."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in here.ledger("netsuite", "timeBill.*"):
        found[str(entry["external_key"])].append(entry["body"])
    return dict(found)
