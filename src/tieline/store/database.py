"""The one database: a pool of connections, exact JSON, and transactions."""

import random
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import DeadlockDetected, IdleInTransactionSessionTimeout, SerializationFailure
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from tieline.sdk import jsontext
from tieline.store.arrays import Lists

Connection = psycopg.Connection[DictRow]
T = TypeVar("T")
P = ParamSpec("P")

CONFLICTS = (DeadlockDetected, SerializationFailure)
"""PostgreSQL gave a transaction up so that another one could go on; done again it works."""
REPEATS = 6
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, IdleInTransactionSessionTimeout)
"""The database does not answer, or has given up on us; conflicts are among them."""

PATIENCE = 10.0
"""Seconds somebody waits for a connection: a sender of events gives up sooner than the pool's usual half minute."""
CLIENT = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A server that is gone without a word is noticed within half a minute."""
SERVER = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
"""So is a process of ours: its locks must not outlive the network it was cut off from, nor may one that is frozen in
the middle of a transaction hold its rows for ever. No transaction of ours waits for anything but the database."""


def _dumps(value: Any) -> str:
    return jsontext.dumps(value).decode()


set_json_dumps(_dumps)
set_json_loads(jsontext.loads)
psycopg.adapters.register_dumper(list, Lists)


def lasting(conninfo: str) -> str:
    """The address with what makes either side notice that the other is gone; what the address itself says wins."""
    given = conninfo_to_dict(conninfo)
    ours = " ".join(f"-c {name}={value}" for name, value in SERVER.items())
    options = f"{ours} {given.get('options') or ''}".strip()
    return make_conninfo(
        conninfo, **{**CLIENT, **{name: given[name] for name in CLIENT if name in given}}, options=options
    )


def connect(conninfo: str) -> Connection:
    """One connection in autocommit mode, with rows as dicts."""
    return psycopg.connect(lasting(conninfo), row_factory=dict_row, autocommit=True)


def repeated(transaction: Callable[[], T]) -> T:
    """Do a whole transaction, and again when it lost a conflict; raises the conflict after so many in a row."""
    for times in range(1, REPEATS):
        try:
            return transaction()
        except CONFLICTS:
            time.sleep(random.uniform(0.005, 0.02) * 2**times)  # noqa: S311 - so that the two do not meet again
    return transaction()


def repeating(transaction: Callable[P, T]) -> Callable[P, T]:
    """A function that is one whole transaction and nothing else, done again when it lost a conflict."""

    @wraps(transaction)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        return repeated(lambda: transaction(*args, **kwargs))

    return done


def _check(connection: Connection) -> None:
    """Whether the server is still there. A session at rest is told of its end: only one with news is asked itself.

    Raises psycopg's OperationalError.
    """
    news = select.poll()
    news.register(connection, select.POLLIN)
    if news.poll(0):
        ConnectionPool.check_connection(connection)


class Database:
    """A pool of autocommit connections; `transaction()` makes what must happen together commit together."""

    def __init__(self, conninfo: str, *, size: int = 16) -> None:
        self.conninfo = conninfo
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            lasting(conninfo),
            min_size=1,
            max_size=size,
            kwargs={"row_factory": dict_row, "autocommit": True},
            check=_check,
            timeout=PATIENCE,
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
