"""SIGTERM in the middle of a call: the worker ends by itself, what it had begun is settled, and nothing is in doubt."""

import os
import signal
import subprocess
from pathlib import Path

from tests.e2e.deals import Line, win
from tests.e2e.world import World
from tests.faults.firm import asked, furnish
from tests.faults.test_database_restarts import rows, until
from tieline.demo.processes import tieline_command


def test_told_to_end_a_worker_settles_what_it_has_sent_and_leaves_no_job_behind(
    here: World, database: str, tmp_path: Path
) -> None:
    furnish(here)
    here.fault("netsuite", "customer.upsert", "latency", ms=2000)
    win(here, "Deal of a deployment", Line())
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            tieline_command("worker", "--site", str(here.site), "--threads", "4"),
            env={**os.environ, "TIELINE_DATABASE_URL": database},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        try:
            until(lambda: asked(here, "netsuite", "customer.upsert") >= 1, "the call in which it is told")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0, (tmp_path / "worker.log").read_text()
        finally:
            worker.kill()
            worker.wait()
    assert rows(database, "select label, state from effect where state in ('intended', 'in_doubt')") == []
    assert rows(database, "select target from effect where connection = 'netsuite' and state = 'confirmed'") != []
    assert rows(database, "select id::text from procrastinate_jobs where status = 'doing'") == []
