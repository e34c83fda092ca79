"""Lists as PostgreSQL arrays, fast: thousands of ids are one string, not thousands of small ones."""

from typing import Any

from psycopg.abc import Buffer
from psycopg.types.array import ListDumper

_NEEDS_CARE = ('"', "\\", "\0")


class Lists(ListDumper):
    """Lists of whole numbers or of plain text at once; any other list as psycopg does it, item by item."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The text of an array (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO)."""
        types = set(map(type, obj))
        if types == {int}:
            return f"{{{','.join(map(str, obj))}}}".encode()
        if types == {str}:
            together = "".join(obj)
            if not any(character in together for character in _NEEDS_CARE):
                return ('{"' + '","'.join(obj) + '"}').encode()
        return super().dump(obj)
