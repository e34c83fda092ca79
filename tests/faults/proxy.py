"""A way to PostgreSQL that loses answers: what a client commits is committed, and the client never hears of it."""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


@dataclass
class Proxy:
    """Where clients connect to, and what it did to them."""

    conninfo: str
    loses: Callable[[], bool]
    lost: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_lost(self, asked: bytes) -> bool:
        """Whether the answer to this goes astray."""
        if b"COMMIT" not in asked:
            return False
        with self.lock:
            loses = self.loses()
            self.lost += loses
        return loses


@contextmanager
def losing_commits(conninfo: str, seed: int, share: float) -> Iterator[Proxy]:
    """Loses this share of the answers to COMMIT, and the connections with them."""
    given = conninfo_to_dict(conninfo)
    server = str(Path(str(given["host"])) / ".s.PGSQL.5432")
    chance = random.Random(seed)
    listener = socket.create_server(("127.0.0.1", 0))
    address = make_conninfo(conninfo, host="127.0.0.1", port=str(listener.getsockname()[1]))
    proxy = Proxy(address, lambda: chance.random() < share)
    threading.Thread(target=_accept, args=(listener, server, proxy), daemon=True).start()
    try:
        yield proxy
    finally:
        listener.close()


def _accept(listener: socket.socket, server: str, proxy: Proxy) -> None:
    with suppress(OSError):  # closed at the end
        while True:
            client, _ = listener.accept()
            upstream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            upstream.connect(server)
            lost = threading.Event()
            threading.Thread(target=_ask, args=(client, upstream, proxy, lost), daemon=True).start()
            threading.Thread(target=_answer, args=(upstream, client, lost), daemon=True).start()


def _ask(client: socket.socket, upstream: socket.socket, proxy: Proxy, lost: threading.Event) -> None:
    with suppress(OSError):
        while asked := client.recv(65_536):
            if proxy.is_lost(asked):
                lost.set()
            upstream.sendall(asked)
    _shut(upstream)


def _answer(upstream: socket.socket, client: socket.socket, lost: threading.Event) -> None:
    with suppress(OSError):
        while (answer := upstream.recv(65_536)) and not lost.is_set():
            client.sendall(answer)
    _shut(client)
    _shut(upstream)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
