"""The measured process of the bulk lane: pulls and posts as a worker does, then prints what it cost as JSON."""

import json
import os
import pickle
import resource
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import structlog

from bench.recording import Call, recording
from tieline.app.assembly import assemble
from tieline.app.intake import Intake
from tieline.app.site import load_site
from tieline.app.transactions import Transactions
from tieline.app.worker import duties, look_for_garbage_less_often
from tieline.engine.worker import Ticker
from tieline.store.database import connect

PATIENCE = 600.0
_OPEN = """
select (select coalesce(sum(lines), 0) from pull_page) as pulled,
  (select count(*) from posting_batch where state <> 'done') as open
"""
_END = """
select (select count(*) from erp_line) as posted, (select count(*) from posting_batch) as batches,
  (select count(*) from project_transaction where state <> 'checked') as waiting,
  (select count(*) from erp_line e join project_transaction t on t.id = e.transaction_id
    join pull_page p on p.id = t.page_id) as traced,
  (select extract(epoch from max(pulled_at) - min(pulled_at))::float8 from pull_page) as pulling
"""


def main(site: Path, conninfo: str, lines: int, record_to: str) -> None:
    """Work until so many lines are posted."""
    structlog.configure(processors=[_silent])
    with ExitStack() as stack:
        if record_to:
            file = stack.enter_context(Path(record_to).open("wb"))

            def keep(call: Call) -> None:
                pickle.dump(call, file)

            stack.enter_context(recording(keep))
        tieline = assemble(load_site(site), conninfo, threads=4)
        stack.callback(tieline.close)
        transactions = Transactions(tieline)
        stack.callback(transactions.close)
        look_for_garbage_less_often()
        table = duties(tieline, Intake(tieline), transactions)
        lane = {name: duty for name, duty in table.items() if name.endswith((":time", ":relax")) or name == "post"}
        before, begun = _cpu(), time.perf_counter()
        ticker = Ticker(tieline.database, lane)
        ticker.start()
        stack.callback(ticker.stop)
        _wait(conninfo, lines)
        seconds, cpu = time.perf_counter() - begun, _cpu() - before
        with tieline.database.connection() as db:
            end = db.execute(_END).fetchone()
        assert end is not None
        result = {"seconds": seconds, "cpu": cpu, "peak_mb": _peak_mb(), "start_cpu": before, **end}
        print(json.dumps(result, default=float), flush=True)  # noqa: T201 - read by the process that measures
        os._exit(0)  # the duties' threads have nothing left to do


def _wait(conninfo: str, lines: int) -> None:
    """Look now and then in a session of its own: looking costs CPU of the process that is measured."""
    deadline = time.monotonic() + PATIENCE
    with connect(conninfo) as db:
        while time.monotonic() < deadline:
            time.sleep(0.1)
            row = db.execute(_OPEN, prepare=True).fetchone()
            if row is not None and row["pulled"] >= lines and row["open"] == 0:
                return
    raise RuntimeError(f"the lane stands still: {row}")


def _cpu() -> float:
    used = psutil.Process().cpu_times()
    return float(used.user + used.system)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _silent(_logger: Any, _method: str, _event: Any) -> Any:
    raise structlog.DropEvent


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "")
