"""The test ERP itself: it leaves nothing running and no directory behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.connectors.tryton.running import SERVE, Server, tryton_server

STARTER = """
import subprocess, sys
process = subprocess.Popen([sys.executable, sys.argv[1], "--entity", "DE"], stdout=subprocess.PIPE, text=True)
print(process.stdout.readline(), flush=True)
process.wait()
"""


def answers(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((str(parts.hostname), int(parts.port or 0))) == 0


def test_a_stopped_server_is_gone(server: Server) -> None:
    with tryton_server("DE") as second:
        assert second.database != server.database
        assert answers(second.url)
    assert not answers(second.url)
    assert answers(server.url)


def test_a_server_whose_starter_was_killed_stops_by_itself(server: Server) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(SERVE)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    url = json.loads(starter.stdout.readline())["ready"]["url"]
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    deadline = time.monotonic() + 30
    while answers(url):
        assert time.monotonic() < deadline, "the server outlived its starter"
        time.sleep(0.1)


def test_an_entity_the_firm_does_not_have_is_one_clear_sentence(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, str(SERVE), "--entity", "XX"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == "tryton: The firm has no legal entity 'XX'; see firm.toml\n"
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["build.py", "serve.py"])
def test_the_scripts_of_our_own_python_never_import_tryton(name: str) -> None:
    text = (SERVE.parent / name).read_text("utf-8")
    assert "import trytond" not in text
    assert "proteus" not in text
