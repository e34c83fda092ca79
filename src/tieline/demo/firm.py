"""The demo of a whole firm: a simulated year of many engagements in the vendors' systems, and Tieline beside it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tieline.app.example import NETSUITE_ACCOUNT, Example, ExampleErp, write_example
from tieline.app.outlooks import look_at_all
from tieline.app.site import load_site
from tieline.demo.people import SalesRep
from tieline.demo.processes import Processes, standins_command, tieline_command
from tieline.demo.rest import under_way
from tieline.demo.setting import SECRET, customize, fresh_database
from tieline.store.database import Database
from tieline.store.embedded import EmbeddedPostgres

VENDORS = ("salesforce", "kantata", "netsuite")
ROSTER = ("people.csv", "rates.csv")
SETTLED = 3.0
"""Seconds without work under way after which Tieline counts as at rest."""
LONGEST = 1800.0
"""Seconds to wait for that."""
_DISPUTES = """# Finance notes disputes in a field of its own.
[[field]]
canonical = "dispute"
vendor = "custbody_dispute_reason"
direction = "read"
"""
_SATISFACTION = """# Sales notes how content a customer is in a field of the account.
[[field]]
canonical = "satisfaction"
vendor = "Satisfaction__c"
direction = "read"
"""


class Broken(Exception):
    """The simulation ended early."""


@dataclass
class FirmSetting:
    """All that runs for the demo of a firm."""

    folder: Path
    processes: Processes
    urls: dict[str, str]
    conninfo: str
    size: tuple[str, ...]
    console: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def site(self) -> Path:
        """The site folder."""
        return self.folder / "site"


def prepare_firm(folder: Path, processes: Processes, consultants: int, weeks: int) -> FirmSetting:
    """Start the systems, let the firm's people join, and write the site. Raises NotStarted or NotDone."""
    shutil.rmtree(folder / "firm", ignore_errors=True)
    with ThreadPoolExecutor(1 + len(VENDORS)) as side_by_side:
        server = EmbeddedPostgres(folder / "state")
        database = side_by_side.submit(lambda: fresh_database(server.start(), "demo"))
        # Processes of their own: together they need more than one core.
        commands = {name: standins_command("run", f"{name}=0") for name in VENDORS}
        started = list(side_by_side.map(processes.start, commands, commands.values()))
        conninfo = database.result()
    urls: dict[str, str] = {vendor: url for ready in started for vendor, url in ready.items()}
    size = ("--consultants", str(consultants), "--weeks", str(weeks))
    setting = FirmSetting(folder, processes, urls, conninfo, size)
    processes.start("recruiting", _simulate(setting, "--recruit"))
    _write_site(setting)
    customize(setting.site, urls)
    return setting


def start_tieline(setting: FirmSetting, port: int) -> None:
    """The server with its console and worker."""
    command = tieline_command("serve", "--site", str(setting.site), "--port", str(port), "--json")
    setting.console = setting.processes.start("tieline", command, {"TIELINE_DATABASE_URL": setting.conninfo})


def play(setting: FirmSetting, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The simulated time; `tell` gets each line the simulation prints, the last one is returned. Raises Broken."""
    begun = time.monotonic()
    last: dict[str, Any] = {}
    for line in setting.processes.lines("simulation", _simulate(setting)):
        last = json.loads(line)
        tell(last)
    if "done" not in last:
        raise Broken(f"The simulation ended early: {setting.processes.tail('simulation')}")
    done: dict[str, Any] = last["done"]
    setting.seconds = {
        "simulation": float(done["seconds"]) - float(done["waited"]),
        "waiting for Tieline": float(done["waited"]),
    }
    setting.seconds["both"] = time.monotonic() - begun
    return done


def drain(setting: FirmSetting, database: Database, tell: Callable[[int], None]) -> bool:
    """Wait until Tieline is at rest, let it look how all engagements do, and wait again; `tell` gets how much is under
    way. False when it takes too long."""
    begun = time.monotonic()
    rests = _rest(database, tell)
    look_at_all(database, load_site(setting.site))
    rests = _rest(database, tell) and rests
    setting.seconds["draining"] = time.monotonic() - begun - 2 * SETTLED
    return rests


def _rest(database: Database, tell: Callable[[int], None]) -> bool:
    begun = quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < SETTLED:
        with database.connection() as db:
            waiting = under_way(db)
        tell(waiting)
        if waiting:
            quiet_since = time.monotonic()
        if time.monotonic() - begun > LONGEST:
            return False
        time.sleep(0.5)
    return True


def _simulate(setting: FirmSetting, *more: str) -> list[str]:
    ports = [f"{name}={urlsplit(url).port}" for name, url in setting.urls.items()]
    return standins_command("simulate", str(setting.folder / "firm"), *ports, *setting.size, *more)


def _write_site(setting: FirmSetting) -> None:
    site = setting.site
    (site / "site.toml").unlink(missing_ok=True)
    organisation = SalesRep(setting.urls["salesforce"], SECRET).organisation
    write_example(
        site,
        Example(
            salesforce_url=setting.urls["salesforce"],
            salesforce_account=organisation,
            salesforce_options="poll_seconds = 2",
            kantata_url=setting.urls["kantata"],
            erps=(ExampleErp(connector="netsuite", url=setting.urls["netsuite"], account=NETSUITE_ACCOUNT),),
            sweep_seconds=2.0,
            time_seconds=2.0,
        ),
    )
    settings = site / "site.toml"
    text = settings.read_text("utf-8")
    # A year goes by within minutes, which in real life would be unusual enough to ask a person.
    text = text.replace("records_per_hour = 1000", "records_per_hour = 10000000")
    text = text.replace("# [readiness]", "[readiness]").replace("# stages =", "stages =")
    settings.write_text(text, "utf-8")
    fit_site(site, setting.folder / "firm")


def fit_site(site: Path, roster: Path) -> None:
    """What the firm's people tell whoever connects its systems: who works here, for how much, and their own fields."""
    for name in ROSTER:
        shutil.copy(roster / name, site / name)
    for override, text in (("netsuite/invoice_state.toml", _DISPUTES), ("salesforce/customer.toml", _SATISFACTION)):
        file = site / "mappings" / override
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def summary(database: Database) -> Iterator[tuple[str, str]]:
    """What the console has to show, in numbers: label and text."""
    with database.connection() as db:
        row = db.execute(_SUMMARY).fetchone()
        money = db.execute(_MONEY).fetchall()
    assert row is not None
    for label, value in row.items():
        yield label.replace("_", " "), f"{value:,}"
    for one in money:
        yield f"invoiced / paid, {one['currency']}", f"{one['total']:,.0f} / {one['paid']:,.0f}"


_SUMMARY = """
select (select count(distinct person) from project_transaction where kind = 'time') as people,
  (select count(*) from engagement) as engagements,
  (select count(*) from project) as projects,
  (select coalesce(round(sum(sign * quantity) / 60), 0)::bigint from project_transaction where kind = 'time')
    as approved_hours,
  (select count(*) from invoice where status <> 'draft') as invoices_issued,
  (select count(*) from invoice where status = 'paid') as invoices_paid,
  (select count(*) from invoice where status = 'draft') as drafts,
  (select count(*) from exception_item where closed_at is null) as open_exceptions
"""
_MONEY = """
select state#>>'{total,currency}' as currency, sum((state#>>'{total,amount}')::numeric) as total,
  sum((state#>>'{paid,amount}')::numeric) as paid
from invoice where status <> 'draft' group by 1 order by 1
"""
