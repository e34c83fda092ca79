"""Two network namespaces on a bridge, where the database and the vendors listen; each may be cut off without a word."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

TESTING = "198.18.0.0/15"
"""Addresses nobody else uses: RFC 2544 sets them aside for tests of networks."""
RESENDS = 3
"""How often the kernel sends again what nobody acknowledges, which then takes three seconds. It is fifteen times as a
rule, a quarter of an hour: a request written before the cut would arrive long after the short quarantine of a test.
The way to the database keeps its own limit."""
HARDWARE = "02:00:00:00:00:%02d"


@dataclass(frozen=True)
class Island:
    """One namespace and its way to the others."""

    name: str
    address: str
    bridge: str

    def cut(self) -> None:
        """From now on every packet is dropped, none refused: the link stands, and nobody is at its other end."""
        _ip("link", "set", self.name, "nomaster")

    def heal(self) -> None:
        """Packets pass again, also those of connections that still wait for an answer."""
        _ip("link", "set", self.name, "master", self.bridge)

    def command(self, command: list[str]) -> list[str]:
        """The same program inside the namespace."""
        return ["ip", "netns", "exec", self.name, *command]


@dataclass
class Bridge:
    """Where servers listen, and who may reach them."""

    name: str
    network: str
    address: str
    islands: list[Island] = field(default_factory=list)


@contextmanager
def two_islands() -> Iterator[Bridge]:
    """Raises CalledProcessError where the machine allows no namespaces."""
    name, subnet = f"tl{os.getpid()}", f"198.18.{os.getpid() % 250}"
    made = Bridge(name, f"{subnet}.0/24", f"{subnet}.1")
    with ExitStack() as stack:
        _ip("link", "add", name, "address", HARDWARE % 1, "type", "bridge")
        stack.callback(_ip, "link", "del", name)
        _ip("address", "add", f"{made.address}/24", "dev", name)
        _ip("link", "set", name, "up")
        for number in (2, 3):
            island = Island(f"{name}n{number}", f"{subnet}.{number}", name)
            _ip("netns", "add", island.name)
            stack.callback(_ip, "netns", "del", island.name)
            _join(made, island, HARDWARE % number)
            made.islands.append(island)
        yield made


def _join(bridge: Bridge, island: Island, hardware: str) -> None:
    """A cable; both ends know each other's hardware address, else a cut would soon be told as `no route to host`."""
    inside = ("-n", island.name)
    _ip("link", "add", island.name, "type", "veth", "peer", "eth0", "address", hardware, "netns", island.name)
    _ip("link", "set", island.name, "master", bridge.name, "up")
    _ip(*inside, "address", "add", f"{island.address}/24", "dev", "eth0")
    _ip(*inside, "link", "set", "lo", "up")
    _ip(*inside, "link", "set", "eth0", "up")
    _ip(*inside, "neigh", "replace", bridge.address, "lladdr", HARDWARE % 1, "nud", "permanent", "dev", "eth0")
    _ip("neigh", "replace", island.address, "lladdr", hardware, "nud", "permanent", "dev", bridge.name)
    setting = f"echo {RESENDS} > /proc/sys/net/ipv4/tcp_retries2"
    _run(island.command(["sh", "-c", setting]))


def _ip(*arguments: str) -> None:
    _run(["ip", *arguments])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
