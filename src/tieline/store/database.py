"""The one database: a pool of connections, exact JSON, and transactions."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from tieline.sdk import jsontext
from tieline.store.arrays import Lists

Connection = psycopg.Connection[DictRow]
T = TypeVar("T")

CONFLICTS = (DeadlockDetected, SerializationFailure)
"""PostgreSQL gave a transaction up so that another one could go on; done again it works."""
REPEATS = 6


def _dumps(value: Any) -> str:
    return jsontext.dumps(value).decode()


set_json_dumps(_dumps)
set_json_loads(jsontext.loads)
psycopg.adapters.register_dumper(list, Lists)


def connect(conninfo: str) -> Connection:
    """One connection in autocommit mode, with rows as dicts."""
    return psycopg.connect(conninfo, row_factory=dict_row, autocommit=True)


def repeated(transaction: Callable[[], T]) -> T:
    """Do a whole transaction, and again when it lost a conflict; raises the conflict after so many in a row."""
    for times in range(1, REPEATS):
        try:
            return transaction()
        except CONFLICTS:
            time.sleep(random.uniform(0.005, 0.02) * 2**times)  # noqa: S311 - so that the two do not meet again
    return transaction()


class Database:
    """A pool of autocommit connections; `transaction()` makes what must happen together commit together."""

    def __init__(self, conninfo: str, *, size: int = 16) -> None:
        self.conninfo = conninfo
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=size,
            kwargs={"row_factory": dict_row, "autocommit": True},
            check=ConnectionPool.check_connection,
            open=True,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection; every statement commits by itself."""
        with self._pool.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside one transaction."""
        with self._pool.connection() as connection, connection.transaction():
            yield connection
