"""What an administrator does in NetSuite's set-up screens: `POST /__standin__/customize`."""

from collections.abc import Callable

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError
from tieline_standins.netsuite.auth import Gate
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.suiteql.service import QueryService


class Administration:
    """Applies `{"fields": [...], "settings": {...}, "certificates": [...], "credentials": [...], "permissions": {...},
    "periods": [...], "void": [...]}`; each part is described at the method that handles it."""

    def __init__(self, books: Books, gate: Gate, queries: QueryService) -> None:
        self._books = books
        self._gate = gate
        self._queries = queries
        self._parts: dict[str, Callable[[Json], None]] = {
            "settings": books.settings.change,
            "fields": lambda rows: _each(rows, self._add_field),
            "certificates": lambda rows: _each(rows, gate.add_certificate),
            "credentials": lambda rows: _each(rows, gate.add_credentials),
            "permissions": gate.set_permissions,
            "periods": lambda rows: _each(rows, self._set_period),
            "void": lambda rows: _each(rows, self._void),
        }

    def apply(self, change: Json) -> Json:
        """Raises ControlError at the first part that is wrong; the parts before it stay applied."""
        if not isinstance(change, dict) or not change:
            raise ControlError(f"customize takes an object with some of: {', '.join(self._parts)}")
        for name in change:
            if name not in self._parts:
                raise ControlError(f"there is no part {name!r}; there are: {', '.join(self._parts)}")
        for name, value in change.items():
            self._parts[name](value)
        self._queries.rebuild()
        return {"applied": list(change)}

    def _add_field(self, row: Json) -> None:
        """`{"record", "name": "custentity_...", "type", "label"?, "sublist"?, "choices"?}`."""
        self._books.schema.add_custom_field(row)

    def _set_period(self, row: Json) -> None:
        """`{"name": "Oct 2026", "closed": true}` closes a month, `arLocked` only its receivables."""
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            raise ControlError("a period has a name and closed or arLocked")
        for period in self._books.store.all("accountingPeriod"):
            if period.name == row["name"]:
                for lock in ("closed", "arLocked"):
                    if isinstance(row.get(lock), bool):
                        period.values[lock] = row[lock]
                self._books.touch(period)
                return
        raise ControlError(f"there is no accounting period {row['name']!r}; they are named as in 'Oct 2026'")

    def _void(self, row: Json) -> None:
        """`{"record": "vendorBill", "id": "12"}`: the Void button of a transaction, which no REST call has."""
        known = self._books.schema.records.get(str(row.get("record"))) if isinstance(row, dict) else None
        status = known.fields.get("status") if known is not None else None
        if known is None or status is None or "V" not in status.choices:
            raise ControlError("void takes a record that can be voided, and its id")
        found = self._books.store.get(known.name, int(row["id"])) if str(row.get("id")).isdigit() else None
        if found is None:
            raise ControlError(f"there is no {known.name} {row.get('id')!r}")
        found.values["status"] = "V"
        self._books.touch(found)


def _each(rows: Json, apply: Callable[[Json], None]) -> None:
    if not isinstance(rows, list):
        raise ControlError("this part is a list")
    for row in rows:
        apply(row)
