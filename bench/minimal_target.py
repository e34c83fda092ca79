"""The smallest vendor there can be: it serves pages of approved time and takes batches, and does nothing else.

`python -m bench.minimal_target LINES MILLISECONDS` prints its port; each answer comes so many milliseconds later.
"""

import asyncio
import json
import sys
from datetime import date, timedelta

PAGE = 1_000
PEOPLE = ("u-tom", "u-marco")
FIRST_DAY = date(2026, 2, 2)


def page(number: int, lines: int) -> bytes:
    """A page: rows of id, version, project, person, day, minutes, approver, approved at, note; and if more wait."""
    first, end = number * PAGE, min((number + 1) * PAGE, lines)
    rows = [
        [
            str(place),
            1_700_000_000_000_000 + place,
            "ws1",
            PEOPLE[place % 2],
            (FIRST_DAY + timedelta(place % 28)).isoformat(),
            15 + place % 400,
            "dana@haldenmarsh.example",
            "2026-03-02T09:00:00Z",
            f"Work package {place % 17}",
        ]
        for place in range(first, end)
    ]
    return json.dumps({"lines": rows, "more": end < lines}).encode()


class Target:
    """Answers GET /pages/N and POST /batches; counts each reference it was sent."""

    def __init__(self, lines: int, milliseconds: float) -> None:
        self.pages = [page(number, lines) for number in range(-(-lines // PAGE))]
        self.seconds = milliseconds / 1_000
        self.held: dict[str, str] = {}
        self.repeated = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The requests of one connection, one after the other."""
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split(" ", 2)
                body = await reader.readexactly(await _length(reader))
                if self.seconds:
                    await asyncio.sleep(self.seconds)
                answer = self.answer(method, path, body)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """What a request is told."""
        if method == "GET" and path.startswith("/pages/"):
            return self.pages[int(path.rsplit("/", 1)[1])]
        if path == "/counts":
            return json.dumps({"held": len(self.held), "repeated": self.repeated}).encode()
        lines = json.loads(body)
        for line in lines:
            self.repeated += line[0] in self.held
            self.held[line[0]] = str(len(self.held))
        return json.dumps([self.held[line[0]] for line in lines]).encode()


async def _length(reader: asyncio.StreamReader) -> int:
    length = 0
    while (header := await reader.readline()) not in (b"\r\n", b""):
        if header.lower().startswith(b"content-length:"):
            length = int(header[15:])
    return length


async def main(lines: int, milliseconds: float) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Target(lines, milliseconds).serve, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - read by whoever started us
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
