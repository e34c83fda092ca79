"""Watches the site's mappings and value tables: an added code takes effect at once and releases what waited for it."""

from pathlib import Path

import structlog

from tieline.app.assembly import Tieline
from tieline.app.transactions import Transactions
from tieline.engine.wake import wake
from tieline.flows.readiness import UNKNOWN_SKU
from tieline.mapping.problems import MappingFileError

log = structlog.get_logger()

Fingerprint = tuple[tuple[str, int, int], ...]


class SiteWatch:
    """Compares the files of each connection with what they were at the last look."""

    def __init__(self, tieline: Tieline, transactions: Transactions) -> None:
        self._tieline = tieline
        self._transactions = transactions
        self._seen = self._fingerprints()
        self._wake_sold()

    def _wake_sold(self) -> None:
        """The catalogue is read at the start: deals that waited for a SKU it has now go on."""
        firm = self._tieline.site.firm
        with self._tieline.database.transaction() as db:
            rows = db.execute(
                "select distinct l.flow, l.key, l.engagement, i.key as sku from exception_line l join exception_item i"
                " on i.id = l.exception_id where i.closed_at is null and i.kind = 'mapping' and i.field = %s"
                " and l.flow is not null",
                [UNKNOWN_SKU],
            ).fetchall()
            for row in rows:
                if firm.package(row["sku"]) or row["sku"] in firm.as_quoted:
                    wake(db, row["flow"], row["key"], row["engagement"] or row["key"], "operator")

    def look(self) -> None:
        """Reconnect what has changed and wake what waits for a mapping of it."""
        now = self._fingerprints()
        changed = [name for name, fingerprint in now.items() if fingerprint != self._seen[name]]
        if not changed:
            return
        self._seen = now
        for name in changed:
            try:
                self._tieline.reconnect(name)
            except (MappingFileError, ValueError) as error:
                log.error("site_change_refused", connection=name, error=str(error)[:500])
                continue
            log.info("site_change_taken", connection=name)
        self._transactions.refresh()
        self._wake_waiting()

    def _wake_waiting(self) -> None:
        with self._tieline.database.transaction() as db:
            rows = db.execute(
                "select distinct l.flow, l.key, l.engagement from exception_line l join exception_item i"
                " on i.id = l.exception_id where i.closed_at is null and i.kind = 'mapping' and l.flow is not null"
            ).fetchall()
            for row in rows:
                wake(db, row["flow"], row["key"], row["engagement"] or row["key"], "operator")

    def _fingerprints(self) -> dict[str, Fingerprint]:
        return {
            settings.name: _fingerprint([settings.values, settings.mappings])
            for settings in self._tieline.site.connections
        }


def _fingerprint(folders: list[Path | None]) -> Fingerprint:
    found = []
    for folder in folders:
        if folder is not None and folder.is_dir():
            for file in sorted(folder.iterdir()):
                status = file.stat()
                found.append((file.name, status.st_mtime_ns, status.st_size))
    return tuple(found)
