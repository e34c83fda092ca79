"""A whole firm for end-to-end tests: stand-ins (or a real Tryton), a site, Tieline with a worker, and its people."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from tieline.app.assembly import Tieline, assemble
from tieline.app.example import (
    NETSUITE_ACCOUNT,
    Example,
    ExampleErp,
    write_example,
)
from tieline.app.site import load_site
from tieline.app.views.exceptions import ExceptionRow, list_exceptions
from tieline.app.worker import start
from tieline.demo.people import Delivery, NetSuiteFinance, SalesRep
from tieline.demo.tryton_finance import TrytonFinance
from tieline.sdk import jsontext
from tieline_standins.core.background import running
from tieline_standins.kantata.vendor import build as build_kantata
from tieline_standins.netsuite import NetSuite
from tieline_standins.salesforce import build as build_salesforce

T = TypeVar("T")
SECRET = "halden-marsh-consumer-secret"
TOKEN = "kantata-admin-token"
BUILDS = {"salesforce": build_salesforce, "kantata": build_kantata, "netsuite": NetSuite}


@dataclass
class World:
    """One firm; `tieline` is None until `begin`."""

    site: Path
    conninfo: str
    urls: dict[str, str]
    stack: ExitStack
    tryton: dict[str, Any] | None = None
    people: dict[str, Any] = field(default_factory=dict)
    _tieline: Tieline | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _worker: threading.Thread = field(init=False, repr=False)
    _http: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False, timeout=30))

    def __post_init__(self) -> None:
        self.stack.callback(self._http.close)

    @property
    def tieline(self) -> Tieline:
        if self._tieline is None:
            self._tieline = assemble(load_site(self.site), self.conninfo)
            self.stack.callback(self._tieline.close)
        return self._tieline

    @property
    def sales(self) -> SalesRep:
        return self._person("sales", lambda: SalesRep(self.urls["salesforce"], SECRET))

    @property
    def delivery(self) -> Delivery:
        return self._person("delivery", lambda: Delivery(self.urls["kantata"], TOKEN))

    @property
    def finance(self) -> NetSuiteFinance:
        key = (self.site / "secrets/netsuite-private-key").read_text()
        return self._person("finance", lambda: NetSuiteFinance(self.urls["netsuite"], key))

    @property
    def tryton_finance(self) -> TrytonFinance:
        assert self.tryton is not None
        return self._person("tryton", lambda: TrytonFinance(self.tryton or {}))

    def begin(self) -> None:
        """Start the worker in a thread."""
        self._worker = start(self.tieline, self._stopped, threads=4)
        self.stack.callback(self._stop)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Nobody is at work for a while."""
        self._stop()
        yield
        self._stopped = threading.Event()
        self._worker = start(self.tieline, self._stopped, threads=4)

    def _stop(self) -> None:
        self._stopped.set()
        self._worker.join(40)
        assert not self._worker.is_alive()

    def control(self, vendor: str, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body)
        answer = self._http.request(method, f"{self.urls[vendor]}/__standin__/{path}", content=content)
        assert answer.is_success, answer.text
        return jsontext.loads(answer.content) if answer.content else None

    def customize(self) -> None:
        """What each administrator does once in the vendor's set-up screens."""
        for name in self.urls.keys() & BUILDS.keys():
            work = (self.site / f"administrators/{name}.json").read_text("utf-8")
            self.control(name, "POST", "customize", json.loads(work))

    def ledger(self, vendor: str, operation: str = "*") -> list[dict[str, Any]]:
        """What was committed over there."""
        entries: list[dict[str, Any]] = self.control(vendor, "GET", f"ledger?operation={operation}")["entries"]
        return entries

    def fault(self, vendor: str, operation: str, effect: str, **more: Any) -> None:
        self.control(vendor, "POST", "faults", {"operation": operation, "effect": effect} | more)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.tieline.database.connection() as db:
            return db.execute(query.encode(), parameters).fetchall()

    def exceptions(self) -> list[ExceptionRow]:
        with self.tieline.database.connection() as db:
            return list_exceptions(db)

    def until(self, look: Callable[[], T | None], what: str, seconds: float = 45) -> T:
        """Look until it is there; fails with what Tieline says about it."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                agenda = self.rows("select flow, state, note from agenda where state not in ('done', 'standing_by')")
                raise AssertionError(f"no {what}: {[row.message for row in self.exceptions()]} {agenda}")
            time.sleep(0.1)

    def settled(self, seconds: float = 45) -> None:
        """Wait until nothing is on the agenda any more; records made by us are unlinked for a while."""
        self.until(
            lambda: self.rows(
                "select 1 as one where not exists"
                " (select from agenda where (behind or due_at is not null and state <> 'done') and flow <> 'unlinked')"
                " and not exists (select from procrastinate_jobs)"
                " and not exists (select from posting_batch where state <> 'done')"
            ),
            "rest",
            seconds,
        )

    def _person(self, name: str, make: Callable[[], T]) -> T:
        if name not in self.people:
            self.people[name] = make()
            self.stack.callback(self.people[name]._browser.close)
        person: T = self.people[name]
        return person


@contextmanager
def world(
    folder: Path,
    conninfo: str,
    *,
    vendors: Sequence[str] = ("salesforce", "kantata", "netsuite"),
    tryton: dict[str, Any] | None = None,
    netsuite_for: Sequence[str] = (),
    tryton_for: Sequence[str] = (),
    push: bool = True,
    host: str = "127.0.0.1",
) -> Iterator[World]:
    """Start the stand-ins and write the site; the administrators' work is done."""
    with ExitStack() as stack:
        urls = {name: stack.enter_context(running(BUILDS[name], host=host)) for name in vendors}
        here = World(site=folder / "site", conninfo=conninfo, urls=urls, stack=stack, tryton=tryton)
        write_example(
            here.site,
            Example(
                salesforce_url=urls["salesforce"],
                salesforce_account=here.sales.organisation,
                salesforce_options="poll_seconds = 1"
                + ("" if push else ', change_channel = "/data/AccountChangeEvent"'),
                kantata_url=urls.get("kantata"),
                erps=_erps(urls, tryton, netsuite_for, tryton_for),
                sweep_seconds=0.5,
                time_seconds=0.5,
                secrets={"tryton-password": tryton["password"]} if tryton else {},
            ),
        )
        here.customize()
        yield here
        for name in urls:
            health = here.control(name, "GET", "health")
            assert health["ok"], health["bugs"]


def _erps(
    urls: dict[str, str], tryton: dict[str, Any] | None, netsuite_for: Sequence[str], tryton_for: Sequence[str]
) -> list[ExampleErp]:
    erps = []
    if "netsuite" in urls:
        erps.append(
            ExampleErp(
                connector="netsuite", url=urls["netsuite"], account=NETSUITE_ACCOUNT, legal_entities=netsuite_for
            )
        )
    if tryton is not None:
        options = f'database = "{tryton["database"]}", user = "{tryton["user"]}"'
        erps.append(
            ExampleErp(
                connector="tryton",
                url=tryton["url"],
                account=tryton["account"],
                options=options,
                secret="tryton-password",
                legal_entities=tryton_for,
            )
        )
    return erps


@contextmanager
def tryton_server(entity: str = "DE") -> Iterator[dict[str, Any]]:
    """A real Tryton on a fresh copy of the prepared database."""
    command = [sys.executable, "tools/tryton/serve.py", "--entity", entity]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        ready: dict[str, Any] = json.loads(process.stdout.readline())["ready"]
        yield ready
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
