"""The stage of a rehearsal: stand-ins, a database and a site of its own, with the firm's people in every system."""

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tieline.app.example import NETSUITE_ACCOUNT, Example, ExampleErp, write_example
from tieline.demo.people import NetSuiteFinance, SalesRep
from tieline.demo.processes import Processes, standins_command
from tieline.demo.setting import SECRET, customize, fresh_database
from tieline.rehearsal.firm import RATES, Consultant, Firm
from tieline.rehearsal.standins import StandIns
from tieline.store.embedded import EmbeddedPostgres

VENDORS = ("salesforce", "kantata", "netsuite")
WEBHOOK_SECRET = "rehearsed-webhook-secret"  # noqa: S105 - of stand-ins, for one run
CONNECTIONS = {"max_connections": "200"}
"""Each worker process holds up to thirty."""


@dataclass
class Stage:
    """All that runs, and the people who act in the vendors' systems."""

    folder: Path
    processes: Processes
    standins: StandIns
    server: EmbeddedPostgres
    conninfo: str
    sales: SalesRep
    users: dict[str, str]
    """E-mail -> Kantata's user id."""

    @property
    def site(self) -> Path:
        """The site folder."""
        return self.folder / "site"

    def finance(self) -> NetSuiteFinance:
        """Somebody of finance, who signs in now."""
        key = (self.site / "secrets/netsuite-private-key").read_text("utf-8")
        return NetSuiteFinance(self.standins.urls["netsuite"], key)

    def close(self) -> None:
        """Stop all of it."""
        self.standins.close()
        self.processes.stop()
        self.server.stop()


def prepare(folder: Path, firm: Firm, processes: Processes, seed: int, time_seconds: float) -> Stage:
    """Start all but Tieline. Raises NotStarted or NotDone."""
    server = EmbeddedPostgres(folder / "state", CONNECTIONS)
    with ThreadPoolExecutor(1 + len(VENDORS)) as side_by_side:
        database = side_by_side.submit(lambda: fresh_database(server.start(), "rehearsal"))
        commands = {name: standins_command("run", f"{name}=0", "--seed", str(seed)) for name in VENDORS}
        # Processes of their own: they share the machine's cores with Tieline.
        started = list(side_by_side.map(processes.start, commands, commands.values()))
        conninfo = database.result()
    standins = StandIns({vendor: url for ready in started for vendor, url in ready.items()})
    sales = SalesRep(standins.urls["salesforce"], SECRET)
    _write_site(folder / "site", firm, standins.urls, sales.organisation, time_seconds)
    customize(folder / "site", standins.urls)
    stage = Stage(
        folder=folder,
        processes=processes,
        standins=standins,
        server=server,
        conninfo=conninfo,
        sales=sales,
        users=standins.control("kantata", "kantata/hire", [_in_kantata(one) for one in firm.consultants]),
    )
    finance = stage.finance()
    for one in firm.consultants:
        if one.known_in_erp:
            _employ(finance, one)
    return stage


def connect(stage: Stage) -> psycopg.Connection[dict[str, object]]:
    """A session of ours, to see what is under way; the verdict never looks there."""
    return psycopg.connect(stage.conninfo, autocommit=True, row_factory=psycopg.rows.dict_row, connect_timeout=5)


def _in_kantata(one: Consultant) -> dict[str, str]:
    return {
        "name": one.name,
        "email": one.email,
        "role": one.role,
        "entity": one.entity,
        "bill_rate": str(RATES[one.role, "USD"]),
        "cost_rate": str(one.cost_rate),
    }


def _employ(finance: NetSuiteFinance, one: Consultant) -> None:
    first, last = one.name.split(" ", 1)
    body = {
        "firstName": first,
        "lastName": last,
        "email": one.email,
        "title": one.role,
        "subsidiary": {"externalId": one.entity},
        "laborCost": one.cost_rate,
        "isJobResource": True,
    }
    finance.create("employee", body)


def _write_site(site: Path, firm: Firm, urls: dict[str, str], organisation: str, time_seconds: float) -> None:
    write_example(
        site,
        Example(
            salesforce_url=urls["salesforce"],
            salesforce_account=organisation,
            salesforce_options="poll_seconds = 2",
            kantata_url=urls["kantata"],
            erps=(ExampleErp(connector="netsuite", url=urls["netsuite"], account=NETSUITE_ACCOUNT),),
            sweep_seconds=2 * time_seconds,
            time_seconds=time_seconds,
            secrets={"webhook": WEBHOOK_SECRET},
        ),
    )
    settings = site / "site.toml"
    text = settings.read_text("utf-8")
    # The whole firm is set up within minutes, which in real life would be unusual enough to ask a person.
    text = text.replace("records_per_hour = 1000", "records_per_hour = 10000000")
    text = text.replace("secrets = { ", 'secrets = { webhook = "file:secrets/webhook", ')
    settings.write_text(text, "utf-8")
    people = [[one.email, one.name, one.role, one.entity, str(one.cost_rate)] for one in firm.consultants]
    _write(site / "people.csv", ["email", "name", "role", "legal_entity", "cost_rate"], people)
    start = firm.month.replace(month=1).isoformat()
    rates = [[role, currency, str(rate), start, ""] for (role, currency), rate in RATES.items()]
    _write(site / "rates.csv", ["role", "currency", "rate", "valid_from", "valid_to"], rates)


def _write(path: Path, heading: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
