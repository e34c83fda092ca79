"""The setting of the demo: systems started, the site written, the administrators' work done."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg import sql

from tieline.app.example import NETSUITE_ACCOUNT, Example, ExampleErp, write_example
from tieline.demo.people import Delivery, NetSuiteFinance, NotDone, SalesRep
from tieline.demo.processes import BUILD_SECONDS, NotStarted, Processes, standins_command, tieline_command
from tieline.demo.story import Finance
from tieline.demo.tryton_finance import TrytonFinance
from tieline.engine.schema import migrate_database
from tieline.store.embedded import EmbeddedPostgres

SECRET = "halden-marsh-consumer-secret"  # noqa: S105 - of a stand-in
KANTATA_TOKEN = "kantata-admin-token"  # noqa: S105 - of a stand-in
TRYTON_SERVER = Path("tools/tryton/serve.py")


@dataclass
class Setting:
    """All that runs for one demo. `folder` holds its site, logs and database."""

    folder: Path
    erp: str
    processes: Processes
    urls: dict[str, str]
    conninfo: str
    sales: SalesRep
    delivery: Delivery
    finance: Finance
    console: str = ""

    @property
    def legal_entity(self) -> str:
        """The entity that signs: the Tryton company is the German one."""
        return "DE" if self.erp == "tryton" else "US"

    @property
    def currency(self) -> str:
        """Its currency."""
        return "EUR" if self.erp == "tryton" else "USD"

    @property
    def site(self) -> Path:
        """The site folder."""
        return self.folder / "site"


def prepare(folder: Path, erp: str, processes: Processes) -> Setting:
    """Start the systems and write the site. Raises NotStarted or NotDone."""
    names = ["salesforce=0", "kantata=0", *(["netsuite=0"] if erp == "netsuite" else [])]
    urls: dict[str, str] = processes.start("stand-ins", standins_command("run", *names))
    tryton = _start_tryton(processes) if erp == "tryton" else None
    sales = SalesRep(urls["salesforce"], SECRET)
    _write_site(folder / "site", erp, urls, sales.organisation, tryton)
    customize(folder / "site", urls)
    finance: Finance
    if tryton is None:
        finance = NetSuiteFinance(urls["netsuite"], (folder / "site/secrets/netsuite-private-key").read_text())
    else:
        urls["tryton"] = tryton["url"]
        finance = TrytonFinance(tryton)
    return Setting(
        folder=folder,
        erp=erp,
        processes=processes,
        urls=urls,
        conninfo=fresh_database(EmbeddedPostgres(folder / "state").start(), "demo"),
        sales=sales,
        delivery=Delivery(urls["kantata"], KANTATA_TOKEN),
        finance=finance,
    )


def start_server(setting: Setting, port: int) -> None:
    """The server with console and worker."""
    command = tieline_command("serve", "--site", str(setting.site), "--port", str(port), "--json")
    setting.console = setting.processes.start("tieline", command, {"TIELINE_DATABASE_URL": setting.conninfo})


def fresh_database(url: str, name: str) -> str:
    """An empty, migrated database on an embedded server; the one of the last time is dropped."""
    with psycopg.connect(url, autocommit=True) as connection:
        quoted = sql.Identifier(name)
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(quoted))
        connection.execute(sql.SQL("create database {}").format(quoted))
    conninfo = psycopg.conninfo.make_conninfo(url, dbname=name)
    migrate_database(conninfo)
    return conninfo


def _write_site(site: Path, erp: str, urls: dict[str, str], organisation: str, tryton: Any) -> None:
    (site / "site.toml").unlink(missing_ok=True)
    place = ExampleErp(connector="netsuite", url=urls.get("netsuite", ""), account=NETSUITE_ACCOUNT)
    secrets = {}
    if erp == "tryton":
        place = ExampleErp(
            connector="tryton",
            url=tryton["url"],
            account=tryton["account"],
            options=f'database = "{tryton["database"]}", user = "{tryton["user"]}"',
            secret="tryton-password",  # noqa: S106 - the name of a file
        )
        secrets["tryton-password"] = tryton["password"]
    write_example(
        site,
        Example(
            salesforce_url=urls["salesforce"],
            salesforce_account=organisation,
            salesforce_options="poll_seconds = 2",
            kantata_url=urls["kantata"],
            erps=(place,),
            sweep_seconds=1.0,
            time_seconds=1.0,
            secrets=secrets,
        ),
    )


def customize(site: Path, urls: Mapping[str, str]) -> None:
    """What administrators do once in the vendors' set-up screens. Raises NotDone."""
    for name, url in urls.items():
        work = (site / "administrators" / f"{name}.json").read_bytes()
        answer = httpx2.post(f"{url}/__standin__/customize", content=work, trust_env=False)
        if not answer.is_success:
            raise NotDone(f"the administrator could not set up {url}: {answer.text[:300]}")


def _start_tryton(processes: Processes) -> Any:
    if not TRYTON_SERVER.is_file():
        raise NotStarted("a real Tryton needs the source checkout: run `make demo` there")
    command = [sys.executable, str(TRYTON_SERVER), "--entity", "DE"]
    return processes.start("tryton", command, seconds=BUILD_SECONDS)
