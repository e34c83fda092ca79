"""The API as a process that dies at a named place: `python -m tests.faults.hook_process CONNINFO FOLDER FAULT`."""

import sys
from pathlib import Path

from tests.api.serving import desk_on, served
from tests.faults.worker_process import Faults
from tieline import api
from tieline.sdk.crashpoint import arm
from tieline.store.database import Database


def main(conninfo: str, folder: str, *faults: str) -> None:
    arm(Faults(faults))
    with served(api.build(desk_on(Database(conninfo), Path(folder)))) as url:
        print(url, flush=True)  # noqa: T201 - read by whoever started us
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
