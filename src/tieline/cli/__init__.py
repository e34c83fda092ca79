"""The command `tieline`. Errors are one clear sentence with what to do, never a traceback."""

import sys

import typer

from tieline.cli import (
    accruals,
    answers,
    assurance,
    billing,
    capacity,
    closing,
    collections,
    costs,
    deal,
    demo,
    exception,
    exceptions,
    intercompany,
    kpi,
    lineage,
    matches,
    missing_time,
    operate,
    outlook,
    rehearsal,
    replay,
    service,
    serving,
    site,
    thread,
    wip,
)
from tieline.cli.errors import told

app = typer.Typer(
    name="tieline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ties CRM, PSA and ERP of a professional-services firm into one thread from opportunity to cash.",
)
for module in (
    site,
    serving,
    thread,
    deal,
    billing,
    closing,
    wip,
    accruals,
    costs,
    intercompany,
    exceptions,
    exception,
    matches,
    lineage,
    replay,
    assurance,
    answers,
    kpi,
    collections,
    outlook,
    capacity,
    missing_time,
    service,
    operate,
    demo,
    rehearsal,
):
    module.add_to(app)


def main() -> None:
    """Entry point of the console script."""
    with told():
        app(standalone_mode=True, prog_name="tieline")
    sys.exit(0)
