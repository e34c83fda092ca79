"""The sweep of invoices by Tryton's modification time; payments change their invoices (seen on 8.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.invoice import INVOICE
from tieline.connectors.tryton.records import Site
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed, Changes

STAMP = "last_modified_at"
ORDER = [[STAMP, "ASC"], ["id", "ASC"]]
START = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """The last record seen. `rewound`: the sweep ended here, and the overlap is taken off already."""

    at: datetime
    id: int
    rewound: bool


def list_changed_invoices(site: Site, cursor: str | None) -> Changes[Changed]:
    """One page of customer invoices in the order of change."""
    rows, position, more = changed_rows(site, "out", (), cursor)
    return Changes([Changed("invoice", str(row["id"]), version_of(row)) for row in rows], position, more)


def changed_rows(site: Site, kind: str, fields: Sequence[str], cursor: str | None) -> tuple[list[Row], str, bool]:
    """One page of invoices (`out`: to customers, `in`: of suppliers), the cursor after it, and whether more wait.

    The page after the last one starts the overlap earlier: a transaction becomes visible after its stamp was set, so
    the overlap is longer than Tryton's longest request.
    """
    position = _read(site.connection, cursor)
    after = [
        "OR",
        [STAMP, ">", position.at],
        [[STAMP, "=", position.at], ["id", ">", position.id]],
    ]
    own = [["type", "=", kind], ["company", "=", site.client.company]]
    rows = site.client.rows(INVOICE, [*own, after], [STAMP, *fields], limit=site.options.page_size, order=ORDER)
    more = len(rows) == site.options.page_size
    if rows:
        position = Position(rows[-1][STAMP], int(rows[-1]["id"]), rewound=False)
    if not more and not position.rewound:
        overlap = timedelta(seconds=site.options.overlap_seconds)
        position = Position(max(position.at - overlap, START), 0, rewound=True)
    return rows, _written(position), more


def version_of(row: Row) -> int:
    """When a row was changed, in microseconds since 1970."""
    changed: datetime = row[STAMP]
    return (changed - START) // MICROSECOND


def _written(position: Position) -> str:
    values = {"at": position.at.isoformat(), "id": position.id, "rewound": position.rewound}
    return jsontext.dumps(values).decode()


def _read(connection: str, cursor: str | None) -> Position:
    if cursor is None:
        return Position(START, 0, rewound=True)
    try:
        values: Any = jsontext.loads(cursor)
        at = datetime.fromisoformat(values["at"])
        return Position(at.astimezone(UTC), int(values["id"]), bool(values["rewound"]))
    except (ValueError, TypeError, KeyError) as error:
        raise Rejected(connection, "the stored position in the invoice feed is unreadable", kind="internal") from error
