"""A way to PostgreSQL that is cut like a network: what either side says goes nowhere, and nobody is told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


@dataclass
class Network:
    """Where one worker connects to."""

    conninfo: str
    whole: threading.Event = field(default_factory=threading.Event)
    clients: list[socket.socket] = field(default_factory=list)
    servers: list[socket.socket] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self) -> None:
        """From now on nothing passes. The server notices, as its keep-alive makes it; the worker does not."""
        self.whole.clear()
        with self.lock:
            for server in self.servers:
                _shut(server)
            self.servers.clear()

    def heal(self) -> None:
        """New connections pass; the old ones are gone for good."""
        with self.lock:
            self.whole.set()
            for client in self.clients:
                _shut(client)
            self.clients.clear()


@contextmanager
def network(conninfo: str) -> Iterator[Network]:
    """A way of its own for one worker."""
    server = str(Path(str(conninfo_to_dict(conninfo)["host"])) / ".s.PGSQL.5432")
    listener = socket.create_server(("127.0.0.1", 0))
    made = Network(make_conninfo(conninfo, host="127.0.0.1", port=str(listener.getsockname()[1])))
    made.whole.set()
    threading.Thread(target=_accept, args=(listener, server, made), daemon=True).start()
    try:
        yield made
    finally:
        made.cut()
        made.heal()
        listener.close()


def _accept(listener: socket.socket, server: str, made: Network) -> None:
    with suppress(OSError):  # closed at the end
        while True:
            client, _ = listener.accept()
            with made.lock:
                made.clients.append(client)
                if not made.whole.is_set():
                    continue  # it waits for an answer until the network is whole again
                upstream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                upstream.connect(server)
                made.servers.append(upstream)
            threading.Thread(target=_pass, args=(client, upstream, made), daemon=True).start()
            threading.Thread(target=_pass, args=(upstream, client, made), daemon=True).start()


def _pass(giver: socket.socket, taker: socket.socket, made: Network) -> None:
    with suppress(OSError):
        while said := giver.recv(65_536):
            if made.whole.is_set():
                taker.sendall(said)
    if made.whole.is_set():
        _shut(taker)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
