"""Numbers as COPY takes them, fast: rates and hours are few and come again and again."""

from decimal import Decimal

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

MOST_KNOWN = 10_000
_known: dict[str, Buffer | None] = {}
"""By their digits, not by their value: 210 and 210.00 are stored as they were written."""


class Numbers(Dumper):
    """Decimals in PostgreSQL's binary form, as psycopg makes it; of each only once."""

    format = Format.BINARY
    oid = psycopg.adapters.types["numeric"].oid

    def __init__(self, cls: type, context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self._usual = psycopg.adapters.get_dumper_by_oid(self.oid, self.format)(cls, context)

    def dump(self, obj: Decimal) -> Buffer | None:
        """The bytes of a number."""
        digits = str(obj)
        found = _known.get(digits)
        if found is None:
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            found = _known[digits] = self._usual.dump(obj)
        return found
