"""The last release as its users have it: its source from the history, its site folder, and its worker as a process."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITE_SITE = """
import json, sys
from pathlib import Path
from tieline.app.example import Example, ExampleErp, write_example
given = json.loads(sys.argv[2])
erps = [ExampleErp(**one) for one in given.pop("erps")]
write_example(Path(sys.argv[1]), Example(**given, erps=erps))
"""


def last_release() -> tuple[str, str]:
    """(version, commit) of the newest row of docs/releases.md."""
    lines = (ROOT / "docs/releases.md").read_text("utf-8").splitlines()
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    version, _, commit = rows[1]
    return version, commit


@dataclass
class OldRelease:
    """The unpacked source of a release; `python` runs it with the packages of this one."""

    source: Path

    @classmethod
    def unpacked(cls, commit: str, folder: Path) -> "OldRelease":
        """From the history of this checkout. Says what is missing when it is not there."""
        archive = subprocess.run(["git", "archive", commit, "src"], cwd=ROOT, capture_output=True, check=False)
        assert archive.returncode == 0, (
            f"the commit {commit} of the last release is not in this checkout: fetch the whole history"
            f" (git fetch --unshallow)\n{archive.stderr.decode()}"
        )
        folder.mkdir()
        subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
        old = cls(folder / "src")
        code = "import tieline; print(tieline.__file__)"
        told = subprocess.run([sys.executable, "-c", code], env=old.environment, capture_output=True, check=True)
        assert told.stdout.decode().startswith(str(old.source)), "this release hides the last one"
        return old

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.source)}

    def write_site(self, site: Path, example: str) -> None:
        """The site folder as this release writes it; `example` holds its values as JSON."""
        subprocess.run([sys.executable, "-c", WRITE_SITE, str(site), example], env=self.environment, check=True)

    def worker(self, site: Path, conninfo: str) -> "subprocess.Popen[bytes]":
        """`tieline worker`, which brings an empty database to its own schema first."""
        with (site / "old-worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", "from tieline.cli import main; main()", "worker", "--site", str(site)],
                env={**self.environment, "TIELINE_DATABASE_URL": conninfo},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )


def kill(worker: "subprocess.Popen[bytes]") -> None:
    """It gets no chance to put anything right."""
    worker.send_signal(signal.SIGKILL)
    worker.wait()
