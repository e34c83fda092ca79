"""Tryton for the contract suite: the real server behind a line that breaks on demand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.connectors.contract.subject import Effect, Feed, Sample
from tests.connectors.tryton.books import Books
from tests.connectors.tryton.proxy import WISH, Fault, FaultyProxy, faulty_proxy
from tests.connectors.tryton.records import Story, begun, ensured
from tests.connectors.tryton.running import Server
from tieline.connectors.tryton import connect
from tieline.model.customer import Customer
from tieline.sdk.connected import Connected
from tieline.sdk.connector import RoleName
from tieline.sdk.http import OpenGate

FAULTS: dict[Effect, Fault] = {
    "busy": "429",
    "broken": "502",
    "lost_request": "lost_request",
    "lost_answer": "lost_answer",
    "late": "late",
    "expired": "expired",
}
SHOWN = {
    "party.party": ("name",),
    "project.work": ("name",),
    "sale.sale": ("description",),
    "account.invoice": ("description",),
}
NOBODY = "987654"


class TrytonSubject:
    """The ERP of the German entity. Its books last for the whole run, so every subject tells a story of its own."""

    role: RoleName = "erp"
    another_account = "production/Halden Marsh Inc."

    def __init__(self, server: Server, books: Books, proxy: FaultyProxy, usual: Connected) -> None:
        self.server, self.books, self.proxy, self._usual = server, books, proxy, usual
        self.story = Story()
        self.feeds = {"invoices": Feed(self._invoices, self._touch, self._page)}
        for kept in (proxy.faults, proxy.calls, proxy.bodies):
            kept.clear()

    def connect(self, **options: Any) -> Connected:
        """The usual connection is one for the whole run: signing in takes Tryton half a second."""
        if not options:
            return replace(self._usual, close=lambda: None)
        owners = options.pop("owners", {})
        return connect(replace(self.server.settings(url=self.proxy.url, **options), owners=owners), OpenGate())

    def count(self, kind: str) -> int:
        return len(self.books.rows(kind, [], "id"))

    def look(self, kind: str, external_id: str) -> Mapping[str, Any]:
        return self.books.row(kind, external_id, *SHOWN[kind])

    def disturb(self, call: str, effect: Effect, ms: int = 0, wish: str | None = None) -> None:
        self.proxy.delay, self.proxy.wish = ms / 1000, wish or WISH
        self.proxy.faults[call] = FAULTS[effect]

    def sent(self) -> list[str]:
        """Bodies of writing methods; the proxy keeps what it passed on."""
        writes = (".create", ".write")
        return [body for method, body in self.proxy.bodies if method.endswith(writes)]

    def sign_ins(self) -> int:
        return self.proxy.calls.count("common.db.login")

    def customer(self, **changes: Any) -> Customer:
        """A buyer nobody else of the run resembles."""
        name = f"O'Brien & Söhne {self.story.tag}"
        return self.story.customer(**{"name": name, "tax_id": None} | changes)

    def sample(self, connected: Connected, name: str) -> Sample:
        assert connected.erp is not None
        story = self.story
        if name == "ensure_customer":
            first = self.customer()
            records: tuple[Any, Any] = first, self.customer(name=f"{first.name} KG")
            owned = ("email", "ap@obrien.example")
            sample = _sample("party.party", records, owned=owned, values=tuple(record.name for record in records))
            refused = self.customer(id="cus_odd", tax_id="DE000000000")
            return replace(sample, refused=(refused, {}), reason="DE000000000")
        if name == "ensure_project":
            links = {"customer": ensured(connected.erp.ensure_customer, self.customer())}
            records = story.project(), story.project(name="Port data platform II")
            values = tuple(f"{record.code} {record.name}" for record in records)
            owned = ("start_date", "constraint_start_date")
            return _sample("project.work", records, owned=owned, links=links, values=values)
        ids = begun(connected.erp, story)
        links = {"customer": ids.customer, "project": ids.project}
        if name == "ensure_wbs_element":
            records = story.task(2), story.task(2, name="Build")
            values = tuple(f"1.2 {record.name}" for record in records)
            owned = ("start_date", "constraint_start_date")
            return _sample("project.work", records, owned=owned, links=links, values=values)
        if name == "ensure_contract":
            contract = story.contract()
            renamed = contract.model_copy(update={"name": "Port data platform II"})
            records, owned = (contract, renamed), ("po_number", "4500017")
            values = tuple(f"PO 4500017 - {record.name}" for record in records)
            return _sample("sale.sale", records, owned=owned, links=links, values=values)
        assert name == "ensure_invoice"
        invoice = story.invoice()
        records = invoice, invoice.model_copy(update={"po_number": "4500018"})
        owned = ("po_number", "4500017")
        return _sample("account.invoice", records, owned=owned, links=links, values=("PO 4500017", "PO 4500018"))

    def _invoices(self, number: int) -> set[str]:
        connected = self.connect()
        assert connected.erp is not None
        sample = self.sample(connected, "ensure_invoice")
        first = ensured(connected.erp.ensure_invoice, sample.record, **sample.links)
        connected.close()
        header = self.books.row("account.invoice", first, "invoice_address", "account", "journal", "currency")
        values = {name: header[name] for name in ("invoice_address", "account", "journal", "currency")}
        one = {**values, "type": "out", "company": 1, "party": int(sample.links["customer"])}
        made = self.books.call("account.invoice", "create", [one] * (number - 1))
        return {first, *map(str, made)}

    def _touch(self, invoice: str) -> None:
        self.books.call("account.invoice", "write", [int(invoice)], {"comment": "moved to the end"})

    @staticmethod
    def _page(connected: Connected, cursor: str | None) -> tuple[list[str], str, bool]:
        assert connected.erp is not None
        page = connected.erp.list_changed_invoices(cursor)
        return [item.external_id for item in page.items], page.cursor, page.more


def _sample(
    model: str, records: tuple[Any, Any], *, owned: tuple[str, str], values: Any, links: dict[str, str] | None = None
) -> Sample:
    astray = dict.fromkeys(links or (), NOBODY)
    return Sample(
        record=records[0],
        newer=records[1],
        links=links or {},
        kind=model,
        create=f"model.{model}.create",
        update=f"model.{model}.write",
        shown=lambda row: row[SHOWN[model][0]],
        values=values,
        owned=owned,
        refused=(records[0], astray),
        reason=r"\w",
    )


@contextmanager
def line_to(server: Server) -> Iterator[FaultyProxy]:
    """A line to the server that breaks when a test says so."""
    with faulty_proxy(server.url) as proxy:
        yield proxy
