"""The raw record of a source line: what the vendor's own page said of it."""

from collections.abc import Iterator
from typing import Any

from tieline.sdk import jsontext
from tieline.store.database import Connection

RESTRICTED = ("cost", "margin", "salary", "payroll")
"""Parts of names of fields that tell what people cost the firm (class C3)."""
DEEPEST = 12


def read_raw(db: Connection, number: int, *, with_costs: bool = False) -> dict[str, Any] | None:
    """The vendor's record of transaction `number` as it was pulled, or None when its page is gone or not readable."""
    row = db.execute(
        "select t.kind, t.source_id, g.body from project_transaction t join pull_page g on g.id = t.page_id"
        " where t.id = %s",
        [number],
    ).fetchone()
    if row is None:
        return None
    try:
        page = jsontext.loads(row["body"])
    except jsontext.MalformedJson:
        return None
    found = list(_records(page, row["source_id"], ""))
    if not found:
        return None
    # Vendors number each type anew, so a page may hold several records of one id: the list is named by its kind.
    record = next((record for path, record in found if row["kind"] in path.lower()), found[0][1])
    return record if with_costs else _without_costs(record)


def _records(value: Any, source_id: str, path: str, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        if str(value.get("id")) == source_id and len(value) > 2:
            yield path, value
        for key, item in value.items():
            yield from _records(item, source_id, f"{path}/{key}", depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _records(item, source_id, path, depth + 1)


def _without_costs(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_costs(item)
            for key, item in value.items()
            if not any(word in key.lower() for word in RESTRICTED)
        }
    return [_without_costs(item) for item in value] if isinstance(value, list) else value
