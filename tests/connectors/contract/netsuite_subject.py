"""NetSuite for the contract suite: the stand-in account and its invoices."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from tests.connectors.contract.standin import ControlApi
from tests.connectors.contract.subject import Feed, Sample
from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Ledgers
from tieline.connectors.netsuite import connect
from tieline.sdk.connected import Connected
from tieline.sdk.connector import RoleName
from tieline.sdk.http import OpenGate

NOBODY = "424242"


class NetSuiteSubject(ControlApi):
    """The ERP of the US entity."""

    role: RoleName = "erp"
    sign_in_call = "oauth2.token"
    another_account = "9999999"

    def __init__(self, ledgers: Ledgers) -> None:
        super().__init__(ledgers.http)
        self.ledgers = ledgers
        self.feeds = {"invoices": Feed(self._invoices, self._touch, self._page)}

    def connect(self, **options: Any) -> Connected:
        owners = options.pop("owners", {})
        return connect(replace(self.ledgers.settings("ES256", **options), owners=owners), OpenGate())

    def count(self, kind: str) -> int:
        return self.ledgers.count(kind)

    def look(self, kind: str, external_id: str) -> Mapping[str, Any]:
        return self.ledgers.read(kind, external_id)

    def sample(self, connected: Connected, name: str) -> Sample:
        assert connected.erp is not None
        if name == "ensure_customer":
            records: tuple[Any, Any] = r.customer(), r.customer(email="billing@bluepeak.example")
            nowhere = r.customer(payment_terms="NET60")
            self.ledgers.control("POST", "customize", {"settings": {"required": {"customer": ["email"]}}})
            return _sample(
                "customer",
                records,
                "email",
                owned=("name", "Bluepeak Energy"),
                links={},
                refused=(nowhere.model_copy(update={"email": None}), {}),
            )
        if name == "ensure_project":
            links = {"customer": r.write(connected.erp.ensure_customer, r.customer())}
            records = r.project(), r.project(name="Grid modernisation II")
            owned = ("name", "Grid modernisation")
            return _sample("job", records, "companyName", owned=owned, links=links)
        if name == "ensure_labor_terms":
            return _labor_terms()
        links = r.booked(connected.erp)
        if name == "ensure_invoice":
            links["contract"] = r.write(connected.erp.ensure_contract, r.contract(), **links)
        return self._of_project(name, links)

    def _of_project(self, name: str, links: dict[str, str]) -> Sample:
        match name:
            case "ensure_wbs_element":
                records: tuple[Any, Any] = r.task(), r.task(planned_hours=Decimal(99))
                owned = ("name", "Build")
                return _sample("projectTask", records, "estimatedWork", owned=owned, links=links)
            case "ensure_contract":
                records = r.contract(), r.contract(name="Grid modernisation SOW 2")
                owned = ("po_number", "PO-77")
                return _sample("salesOrder", records, "memo", owned=owned, links=links)
            case "ensure_billing_schedule":
                records = r.schedule(), r.schedule(items=r.schedule().items[:1])
                owned = ("method", "scheduleType")
                sample = _sample("billingSchedule", records, "id", owned=owned, links=links)
                return replace(sample, shown=lambda row: len(row["milestone"]["items"]), values=(2, 1))
            case "ensure_cost_forecast":
                records = r.forecast(), r.forecast(hours=Decimal(40))
                owned = ("role", "Senior Consultant")
                sample = _sample("resourceAllocation", records, "allocationAmount", owned=owned, links=links)
                return replace(sample, values=(Decimal("80.5"), Decimal(40)))
        if name == "ensure_credit_memo":  # made once, so that no field is handed over later
            sample = _sample("creditMemo", (r.credit(), r.credit()), "otherRefNum", owned=("", ""), links=links)
            return replace(sample, newer=None)
        assert name == "ensure_invoice"
        records = r.invoice(), r.invoice(po_number="PO-78")
        return _sample("invoice", records, "otherRefNum", owned=("po_number", "PO-77"), links=links)

    def _invoices(self, number: int) -> set[str]:
        connected = self.connect()
        assert connected.erp is not None
        customer = r.write(connected.erp.ensure_customer, r.customer())
        connected.close()
        item = {"item": {"id": self.ledgers.ids["item"]["fixed"]}, "quantity": 1, "rate": 10, "amount": 10}
        common = {"entity": {"id": customer}, "approvalStatus": {"id": "2"}, "item": {"items": [item]}}
        return {self.ledgers.create("invoice", **common) for _ in range(number)}

    def _touch(self, invoice: str) -> None:
        self.ledgers.later(3600)
        self.ledgers.change("invoice", invoice, memo="moved to the end")

    @staticmethod
    def _page(connected: Connected, cursor: str | None) -> tuple[list[str], str, bool]:
        assert connected.erp is not None
        page = connected.erp.list_changed_invoices(cursor)
        return [item.external_id for item in page.items], page.cursor, page.more


def _labor_terms() -> Sample:
    """Fields of an employee who is there."""
    record = r.labor_terms()
    return Sample(
        record=record,
        newer=r.labor_terms(cost_rate=Decimal("98.5")),
        kind="employee",
        adds=0,
        create="employee.update",
        update="employee.update",
        shown=lambda row: Decimal(str(row["laborCost"])),
        values=(Decimal("95.25"), Decimal("98.5")),
        owned=("cost_rate", "laborCost"),
        refused=(record.model_copy(update={"id": "nobody@haldenmarsh.example"}), {}),
        reason="no active employee",
    )


FIELDS = {"email": "email", "companyName": "name", "estimatedWork": "planned_hours", "memo": "name"}
FIELDS |= {"otherRefNum": "po_number", "allocationAmount": "hours", "id": "id"}
"""NetSuite's field -> ours."""


def _sample(kind: str, records: tuple[Any, Any], shown: str, *, links: dict[str, str], **values: Any) -> Sample:
    astray = links | {name: NOBODY for name in ("customer", "project") if name in links}
    more: dict[str, Any] = {"refused": (records[0], astray), "reason": NOBODY} if links else {"reason": "[Ee]mail"}
    more["values"] = tuple(getattr(record, FIELDS[shown]) for record in records)
    return Sample(
        kind=kind,
        record=records[0],
        newer=records[1],
        links=links,
        create=f"{kind}.upsert",
        update=f"{kind}.update",
        shown=lambda row: row[shown],
        **more | values,
    )


@contextmanager
def netsuite(url: str, folder: Path) -> Iterator[NetSuiteSubject]:
    """A fresh account on a running stand-in; its value tables go into the folder."""
    with httpx2.Client(base_url=url, trust_env=False) as http:
        ledgers = Ledgers(url, http, folder)
        ledgers.control("POST", "reset")
        ledgers.prepare()
        ledgers.trust("ES256")
        yield NetSuiteSubject(ledgers)
