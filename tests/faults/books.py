"""What the vendors hold at the end of a run, from their ledgers alone, in a form two runs can be compared by."""

from collections import Counter, defaultdict
from typing import Any

from tests.e2e.world import World

LINKS = {
    ("netsuite", "customer"): ("netsuite", "job"),
    ("netsuite", "project"): ("netsuite", "job"),
    ("netsuite", "job"): ("netsuite", "job"),
    ("netsuite", "entity"): ("netsuite", "customer"),
    ("netsuite", "parent"): ("netsuite", "projectTask"),
    ("netsuite", "caseTaskEvent"): ("netsuite", "projectTask"),
    ("kantata", "workspace_id"): ("kantata", "workspaces"),
    ("kantata", "parent_id"): ("kantata", "stories"),
    ("kantata", "story_id"): ("kantata", "stories"),
    ("kantata", "resource_id"): ("kantata", "workspace_resources"),
    ("salesforce", "Project__c"): ("salesforce", "Tieline_Project__c"),
    ("salesforce", "ERP_Id__c"): ("netsuite", "job"),
    ("salesforce", "PSA_Id__c"): ("kantata", "workspaces"),
}
"""Fields that hold a vendor's id, and of which kind of record: ids depend on who came first, references do not."""

OWN_IDS = ("id", "internalId", "addressId")

Record = tuple[str, str, str]
"""(vendor, kind, our reference; empty for what people made)"""
Books = dict[Record, tuple[int, dict[str, Any]]]
"""Record -> how many of it there are, and its last content."""


def books(here: World) -> Books:
    """Every record by our reference. More than one of it is a double; what is missing was lost."""
    ledgers = {vendor: here.ledger(vendor) for vendor in here.urls}
    names: dict[tuple[str, str, str], str] = {}
    for vendor, entries in ledgers.items():
        for entry in entries:
            if entry["external_key"]:
                names[vendor, _kind(entry), str(entry["key"])] = str(entry["external_key"])
    ids: dict[Record, set[str]] = defaultdict(set)
    contents: dict[Record, dict[str, Any]] = defaultdict(dict)
    for vendor, entries in ledgers.items():
        for entry in entries:
            kind, key = _kind(entry), str(entry["key"])
            record = vendor, kind, names.get((vendor, kind, key), "")
            ids[record].add(key)
            if record[2]:
                contents[record] |= {
                    name: _named(names, vendor, name, value) for name, value in (entry["body"] or {}).items()
                }
    return {record: (len(found), contents[record]) for record, found in ids.items()}


def doubles(found: Books) -> dict[Record, int]:
    """Records of ours that are there more than once."""
    return {record: count for record, (count, _) in found.items() if record[2] and count > 1}


def difference(expected: Books, found: Books) -> list[str]:
    """What differs, one line a record; empty when two runs ended alike."""
    lines = [f"lost: {record}" for record in expected if record not in found]
    lines += [f"made up: {record}" for record in found if record not in expected]
    for record in expected.keys() & found.keys():
        (copies, content), (copies_found, content_found) = expected[record], found[record]
        if copies != copies_found:
            lines.append(f"{copies_found} instead of {copies}: {record}")
        names = [name for name in content.keys() | content_found if content.get(name) != content_found.get(name)]
        lines += [f"{record} {name}: {content_found.get(name)} instead of {content.get(name)}" for name in names]
    return sorted(lines)


def line_copies(here: World) -> Counter[str]:
    """Time lines of the ERP by our reference, counted by the vendor's ids."""
    keys = {(str(one["external_key"]), str(one["key"])) for one in here.ledger("netsuite", "timeBill.*")}
    return Counter(reference for reference, _ in keys)


def _kind(entry: dict[str, Any]) -> str:
    return str(entry["operation"].partition(".")[0])


def _named(names: dict[tuple[str, str, str], str], vendor: str, field: str, value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_named(names, vendor, field, one) for one in value), key=repr)
    link = LINKS.get((vendor, field))
    if link is not None and value is not None:
        key = str(value["id"] if isinstance(value, dict) else value)
        return names.get((*link, key), f"unknown {key}")
    if vendor == "salesforce" and field == "Name" and ("netsuite", "customer", str(value)) in names:
        return names["netsuite", "customer", str(value)]
    if isinstance(value, dict) and field == "addressBook":  # an update names the line it changes, a create cannot
        value = {**value, "items": [{k: v for k, v in line.items() if k not in OWN_IDS} for line in value["items"]]}
    if isinstance(value, dict):
        return {name: _named(names, vendor, name, one) for name, one in value.items()}
    return value
