"""A firm to measure: stand-ins in processes of their own, a fresh database, a site, and won deals waiting."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg
from psycopg import sql

from tieline.app.assembly import connector_folder
from tieline.app.example import NETSUITE_ACCOUNT, NETSUITE_CERTIFICATE, NETSUITE_CLIENT, Example, ExampleErp
from tieline.app.example import write_example as write_site
from tieline.demo.people import Delivery, NetSuiteFinance, SalesRep, today
from tieline.demo.processes import standins_command
from tieline.engine.schema import migrate_database
from tieline.sdk import jsontext
from tieline.sdk.connector import load_facts
from tieline.store.embedded import EmbeddedPostgres

SECRET = "halden-marsh-consumer-secret"  # noqa: S105 - of a stand-in
TOKEN = "kantata-admin-token"  # noqa: S105 - of a stand-in
VENDORS = ("salesforce", "kantata", "netsuite")
ESTIMATES = (("Design", "Senior Consultant", 80, 210), ("Build", "Consultant", 120, 165))
QUIET = 3600.0
"""Seconds between sweeps: what is measured is woken by hand, and nothing else shall run beside it."""


@dataclass
class Vendors:
    """The stand-ins, each a process of its own; a new start is a new world with the same ids to come."""

    urls: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def control(self, vendor: str, method: str, path: str, body: Any = None) -> Any:
        """A call to a stand-in's control API."""
        content = None if body is None else json.dumps(body)
        url = f"{self.urls[vendor]}/__standin__/{path}"
        answer = httpx2.request(method, url, content=content, trust_env=False, timeout=120.0)
        if not answer.is_success:
            raise RuntimeError(f"{method} {url}: {answer.text[:300]}")
        return jsontext.loads(answer.content) if answer.content else None

    def slow_down(self, milliseconds: int) -> None:
        """Every answer comes so much later; 0 for at once."""
        for vendor in self.urls:
            self.control(vendor, "DELETE", "faults")
            if milliseconds:
                self.control(vendor, "POST", "faults", {"operation": "*", "effect": "latency", "ms": milliseconds})

    def cpu_seconds(self) -> dict[str, float]:
        """CPU used so far, by vendor."""
        return {name: cpu_of(psutil.Process(process.pid)) for name, process in self.processes.items()}


@contextmanager
def vendors(seed: int) -> Iterator[Vendors]:
    """Start the three stand-ins with the administrators' work in Salesforce done."""
    started = Vendors()
    try:
        for name in VENDORS:
            command = standins_command("run", f"{name}=0", "--seed", str(seed))
            nowhere = subprocess.DEVNULL
            started.processes[name] = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=nowhere, stderr=nowhere)
        for name, process in started.processes.items():
            assert process.stdout is not None
            started.urls |= {name: json.loads(process.stdout.readline())["ready"][name]}
        _customize(started)
        yield started
        for name in started.urls:
            health = started.control(name, "GET", "health")
            if not health["ok"]:
                raise RuntimeError(f"the {name} stand-in failed inside: {health['bugs']}")
    finally:
        for process in started.processes.values():
            process.terminate()
        for process in started.processes.values():
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


def _customize(world: Vendors) -> None:
    """What administrators do once in the vendors' set-up screens."""
    wanted = load_facts(connector_folder("salesforce")).custom_fields
    objects = [row for row in wanted if "object" not in row]
    fields = [row for row in wanted if "object" in row]
    world.control("salesforce", "POST", "customize", {"objects": objects, "fields": fields})
    kantata = list(load_facts(connector_folder("kantata")).custom_fields)
    world.control("kantata", "POST", "customize", {"custom_fields": kantata})


def write_bench_site(folder: Path, world: Vendors, *, time_seconds: float = QUIET) -> None:
    """A site with these stand-ins as its systems, in which nothing runs by itself but the pull of time, if wanted."""
    write_site(
        folder,
        Example(
            salesforce_url=world.urls["salesforce"],
            salesforce_account=SalesRep(world.urls["salesforce"], SECRET).organisation,
            salesforce_options='change_channel = "/data/ContactChangeEvent"',  # deals are woken by hand
            kantata_url=world.urls["kantata"],
            erps=(ExampleErp(connector="netsuite", url=world.urls["netsuite"], account=NETSUITE_ACCOUNT),),
            sweep_seconds=QUIET,
            time_seconds=time_seconds,
        ),
    )
    site = folder / "site.toml"
    text = site.read_text("utf-8").replace("records_per_hour = 1000", "records_per_hour = 1000000")
    site.write_text(text, "utf-8")


def trust_certificate(folder: Path, world: Vendors) -> str:
    """NetSuite's administrator lets the site's key in; returns a token for the bare calls."""
    certificate = (folder / "secrets/netsuite-certificate").read_text("utf-8")
    row = {"id": NETSUITE_CERTIFICATE, "client_id": NETSUITE_CLIENT, "pem": certificate}
    world.control("netsuite", "POST", "customize", {"certificates": [row]})
    finance = NetSuiteFinance(world.urls["netsuite"], (folder / "secrets/netsuite-private-key").read_text("utf-8"))
    return finance._browser._http.headers["authorization"]


def tokens(folder: Path, world: Vendors) -> dict[str, str]:
    """An authorisation header by vendor, for the bare calls."""
    sales = SalesRep(world.urls["salesforce"], SECRET)
    return {
        "salesforce": sales._browser._http.headers["authorization"],
        "kantata": f"Bearer {TOKEN}",
        "netsuite": trust_certificate(folder, world),
    }


def win_deals(world: Vendors, count: int) -> list[str]:
    """Won deals of one customer each, always in the same order, so that two worlds give them the same ids."""
    sales = SalesRep(world.urls["salesforce"], SECRET)
    start = today() - timedelta(days=90)
    deals = []
    for number in range(count):
        account = sales.create(
            "Account",
            Name=_name(number),
            Tax_Nexus__c="US-CA",
            Legal_Entity__c="US",
            BillingCountry="United States",
            BillingCity="Fresno",
            CurrencyIsoCode="USD",
        )
        deal = sales.create(
            "Opportunity",
            Name=f"Platform {number:04}",
            AccountId=account,
            StageName="Negotiation/Review",
            CloseDate=today().isoformat(),
            CurrencyIsoCode="USD",
            Legal_Entity__c="US",
            Service_Line__c="Implementation",
            Contract_Type__c="SOW",
            Billing_Method__c="time_and_materials",
            Payment_Terms__c="NET30",
            Tax_Treatment__c="standard",
            Start_Date__c=start.isoformat(),
            End_Date__c=(start + timedelta(days=365)).isoformat(),
            PO_Number__c=f"PO-{number:04}",
            Region__c="Americas",
        )
        for workstream, role, hours, rate in ESTIMATES:
            sales.price_line(
                deal,
                "IMP-BUILD",
                Quantity=hours,
                UnitPrice=rate,
                Workstream__c=workstream,
                Role__c=role,
                Description=f"{workstream} by {role}",
            )
        sales.change("Opportunity", deal, StageName="Closed Won")
        deals.append(deal)
    return deals


def _name(number: int) -> str:
    """Names no duplicate rule takes for each other."""
    words = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ironwood", "Juniper")
    trades = ("Energy", "Foods", "Rail", "Glass", "Mills", "Ports", "Steel", "Paper", "Water", "Optics")
    return f"{words[number % 10]} {trades[number // 10 % 10]} {number}"


@dataclass(frozen=True)
class Postgres:
    """The embedded server of the measurement, with the settings it has in production."""

    server: EmbeddedPostgres
    url: str

    def fresh_database(self, name: str) -> str:
        """An empty, migrated database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            identifier = sql.Identifier(name)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(identifier))
            connection.execute(sql.SQL("create database {}").format(identifier))
        conninfo = psycopg.conninfo.make_conninfo(self.url, dbname=name)
        migrate_database(conninfo)
        return conninfo

    def cpu_seconds(self) -> float:
        """CPU of the server used so far, by sessions that have ended and by those that live."""
        postmaster = psutil.Process(int((self.server.data / "postmaster.pid").read_text().split()[0]))
        return cpu_of(postmaster) + sum(cpu_of(child) for child in postmaster.children())


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Start it, and stop it afterwards."""
    server = EmbeddedPostgres(folder)
    try:
        yield Postgres(server, server.start())
    finally:
        server.stop()


def cpu_of(process: psutil.Process) -> float:
    """CPU-seconds of a process and of its children that have ended."""
    try:
        used = process.cpu_times()
    except psutil.Error:  # a session that ended just now; its parent counts it from now on
        return 0.0
    return float(used.user + used.system + used.children_user + used.children_system)


def customers(world: Vendors) -> Delivery:
    """The people of delivery in Kantata."""
    return Delivery(world.urls["kantata"], TOKEN)
