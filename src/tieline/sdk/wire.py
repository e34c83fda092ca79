"""HTTP/1.1 on the wire: one request and its answer over a kept connection, within a deadline and a size.

Only what the API of a vendor asks for: no redirects, cookies, proxies or pipelining, nothing from the environment.
How answers are read is llhttp's matter (httptools). A call costs a fraction of what a client for all purposes needs.
"""

import select
import socket
import ssl
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import httptools

MOST_CONNECTIONS = 64
"""Of one pool; who needs one more waits for it."""
KEPT = 60.0
"""Seconds a connection is kept that nobody uses."""
CONNECT_WITHIN = 10.0
MOST_HEAD = 100_000
"""Bytes of status line and headers."""
_READ = 128 * 1024
_ANY_ZLIB = 32 + zlib.MAX_WBITS


class NotReached(Exception):
    """No connection came about: nothing was sent."""


class BrokenOff(Exception):
    """The call failed after some of it may have arrived."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer, unpacked. Header names are lower-cased; values of one name are joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Connection:
    """One connection, and what the parser has told of the answer that is being read."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.rested_at = 0.0
        self.reusable = False
        self._parser: httptools.HttpResponseParser
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._begin()

    def _begin(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._chunks: list[bytes] = []
        self._size = 0
        self._complete = False
        self._lasts = False

    # What the parser calls; what is raised there ends the parsing.

    def on_message_begin(self) -> None:
        if self._complete:
            raise ValueError("nobody asked for a second answer")
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._status:  # what follows a body in chunks is of no use to anybody
            key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)

    def on_message_complete(self) -> None:
        if self._status >= 200:  # else we are told to go on, and the answer follows
            self._complete = True
            self._lasts = self._parser.should_keep_alive()

    def is_fresh(self) -> bool:
        """Whether the other side still listens: of a connection at rest there is nothing to read but its end."""
        return time.monotonic() - self.rested_at < KEPT and not self._poll.poll(0)

    def exchange(self, request: bytes, deadline: float, most: int) -> Reply:
        """Send and read. Raises BrokenOff."""
        self.reusable = False
        self._begin()
        self._parser = httptools.HttpResponseParser(self)
        cut = self._send(request, deadline)
        received = 0
        while not self._complete:
            data = self._receive(deadline, cut)
            received += len(data)
            self._feed(data)
            if self._size > most or received > 2 * most + MOST_HEAD:
                raise BrokenOff(f"the answer is larger than {most} bytes")
            if not self._status and received > MOST_HEAD:
                raise BrokenOff(f"the head of the answer is larger than {MOST_HEAD} bytes")
        reply = Reply(self._status, self._headers, self._body(most))
        self.reusable = self._lasts and cut is None
        self._begin()  # the body may be large, and the connection rests
        return reply

    def _feed(self, data: bytes) -> None:
        try:
            if data:
                self._parser.feed_data(data)
            elif not self._status or "content-length" in self._headers or "transfer-encoding" in self._headers:
                raise BrokenOff("the connection was closed before the answer was complete")
            else:  # the end of the connection is the end of an answer that tells no length
                self._complete = True
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise BrokenOff(f"the answer is no HTTP ({_words(error)})") from error

    def _send(self, request: bytes, deadline: float) -> OSError | None:
        """A refusal may come, and the connection end, before all is sent: what broke it then matters less."""
        self.sock.settimeout(_left(deadline))
        try:
            self.sock.sendall(request)
        except TimeoutError as error:
            raise BrokenOff("the request could not be sent in time") from error
        except OSError as error:
            return error
        return None

    def _receive(self, deadline: float, cut: OSError | None) -> bytes:
        self.sock.settimeout(_left(deadline))
        try:
            return self.sock.recv(_READ)
        except TimeoutError as error:
            raise BrokenOff("the answer took too long") from error
        except OSError as error:
            raise BrokenOff(_words(cut or error)) from error

    def _body(self, most: int) -> bytes:
        body, coding = b"".join(self._chunks), self._headers.get("content-encoding", "identity").lower()
        if coding == "identity" or not body:
            return body
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise BrokenOff(f"the answer is packed in a way nobody asked for: {coding[:40]}")
        unpacker = zlib.decompressobj(_ANY_ZLIB)
        try:
            body = unpacker.decompress(body, most + 1)
        except zlib.error as error:
            raise BrokenOff(f"the answer cannot be unpacked: {error}") from error
        if len(body) > most:
            raise BrokenOff(f"the answer is larger than {most} bytes")
        if not unpacker.eof:
            raise BrokenOff("the packed answer ends too early")
        return body


class Pool:
    """Connections to one address, shared by threads."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._lock = threading.Lock()
        self._resting: deque[_Connection] = deque()
        self._busy: set[_Connection] = set()
        self._closed = False

    def exchange(self, request: bytes, deadline: float, most: int, ready: Callable[[], None]) -> Reply:
        """One call, which ends by the deadline (`time.monotonic()`); the answer has at most so many bytes.

        `ready` is called just before the first byte is written, and may raise to keep it from that. Raises NotReached,
        BrokenOff.
        """
        if not self._room.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise NotReached("all its connections are in use")
        try:
            connection = self._rested() or self._connect(deadline)
            try:
                ready()
                return connection.exchange(request, deadline, most)
            finally:
                self._give_back(connection)
        finally:
            self._room.release()

    def close(self) -> None:
        """Close all connections; calls under way break off."""
        with self._lock:
            self._closed = True
            while self._resting:
                self._resting.pop().sock.close()
            for connection in self._busy:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _rested(self) -> _Connection | None:
        """The connection that was used last, if the other side still listens."""
        with self._lock:
            while self._resting:
                connection = self._resting.pop()
                if connection.is_fresh():
                    self._busy.add(connection)
                    return connection
                connection.sock.close()
        return None

    def _connect(self, deadline: float) -> _Connection:
        within = min(CONNECT_WITHIN, deadline - time.monotonic())
        try:
            sock = socket.create_connection((self._host, self._port), max(within, 0.001))
        except (OSError, UnicodeError) as error:
            raise NotReached(_words(error)) from error
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_hostname=self._host)
        except (OSError, ValueError) as error:
            sock.close()
            raise NotReached(_words(error)) from error
        connection = _Connection(sock)
        with self._lock:
            if self._closed:
                sock.close()
                raise NotReached("its connections are closed")
            self._busy.add(connection)
        return connection

    def _give_back(self, connection: _Connection) -> None:
        now = time.monotonic()
        with self._lock:
            self._busy.discard(connection)
            if not connection.reusable or self._closed:
                connection.sock.close()
                return
            connection.rested_at = now
            self._resting.append(connection)
            while now - self._resting[0].rested_at > KEPT:
                self._resting.popleft().sock.close()


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises BrokenOff after it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise BrokenOff("the answer took too long")
    return left


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
