"""Canonical records of one engagement, as the flows make them; each call makes a new engagement of its own."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.model.contract import Budget
from tieline.model.customer import Address, Customer
from tieline.model.invoice import Invoice, InvoiceLine
from tieline.model.money import Money
from tieline.model.project import ContractPart, ContractPartLine, Project, ProjectSummary, WbsElement
from tieline.sdk.lines import ErpLine
from tieline.sdk.operation import Operation, Written
from tieline.sdk.roles import Erp

KEY = "site/tryton/target#1"
START, END = date(2026, 3, 2), date(2026, 9, 30)


def eur(amount: str) -> Money:
    """An amount in euros."""
    return Money(amount=Decimal(amount), currency="EUR")


@dataclass
class Story:
    """Records of one engagement; ids are new in each story, so that tests share one database."""

    tag: str = field(default_factory=lambda: uuid.uuid4().hex)

    def customer(self, **changes: Any) -> Customer:
        """The buyer as the German entity bills it."""
        address = Address(street="Hafenstr. 7", city="Hamburg", region="Hamburg", postal_code="20457", country="DE")
        values: dict[str, Any] = {
            "id": f"cus_{self.tag}",
            "name": f"O'Brien & Söhne 🚢 {self.tag[:6]}",
            "billed_by": "DE",
            "currency": "EUR",
            "payment_terms": "NET30",
            "email": "ap@obrien.example",
            "phone": "+49 40 123456",
            "tax_id": "DE136695976",
            "billing_address": address,
        }
        return Customer(**values | changes)

    def project(self, **changes: Any) -> Project:
        """The project that delivers the contract."""
        base: dict[str, Any] = {
            "engagement_id": "eng_1",
            "name": "Port data platform",
            "code": f"HM-{self.tag[:4]}",
            "legal_entity": "DE",
            "contract_version": 1,
            "value": eur("50000"),
            "start_date": START,
            "end_date": END,
        }
        summary = ProjectSummary(
            id=f"prj_{self.tag}",
            opportunity_id="opp_1",
            opportunity_ref="006",
            customer_ref="001",
            planned_hours=Decimal(300),
            **base,
        )
        more: dict[str, Any] = {
            "id": f"prj_{self.tag}",
            "contract_id": f"con_{self.tag}",
            "customer_id": f"cus_{self.tag}",
            "customer_name": "O'Brien",
            "currency": "EUR",
            "billing_method": "time_and_materials",
            "revenue_method": "as_billed",
            "budget": Budget(id="bud_1", hours=Decimal(300), revenue=eur("50000")),
            "dimensions": {"department": "Technology"},
            "summary": summary,
        }
        return Project(**base | more | changes)

    def task(self, number: int = 1, **changes: Any) -> WbsElement:
        """A task of the project."""
        values: dict[str, Any] = {
            "id": f"wbs_{number}_{self.tag}",
            "project_id": f"prj_{self.tag}",
            "code": f"1.{number}",
            "name": "Design",
            "planned_hours": Decimal("37.5"),
            "start_date": START,
            "end_date": END,
        }
        return WbsElement(**values | changes)

    def contract(self, **changes: Any) -> ContractPart:
        """The contract's part of the German entity: hours of two roles and a fixed amount."""
        lines = (
            self.part("Senior Consultant", "100", "190", "19000"),
            self.part("Data Engineer", "120.5", "180", "21690"),
            self.part("fixed", "1", "9310", "9310"),
        )
        values: dict[str, Any] = {
            "id": f"con_{self.tag}:DE",
            "contract_id": f"con_{self.tag}",
            "contract_version": 1,
            "project_id": f"prj_{self.tag}",
            "project_code": f"HM-{self.tag[:4]}",
            "name": "Port data platform",
            "customer_id": f"cus_{self.tag}",
            "legal_entity": "DE",
            "currency": "EUR",
            "payment_terms": "NET30",
            "tax_treatment": "standard",
            "po_number": "4500017",
            "start_date": START,
            "end_date": END,
            "billing_method": "time_and_materials",
            "value": eur("50000"),
            "lines": lines,
        }
        return ContractPart(**values | changes)

    def part(self, item: str, quantity: str, rate: str, amount: str) -> ContractPartLine:
        """A line of the contract."""
        numbers = {"quantity": Decimal(quantity), "rate": Decimal(rate), "amount": Decimal(amount)}
        return ContractPartLine(id=f"col_{uuid.uuid4().hex}", item=item, description=f"Work of {item}", **numbers)

    def invoice(self, *lines: InvoiceLine, **changes: Any) -> Invoice:
        """A draft of March."""
        lines = lines or (bill("Senior Consultant", "10", "190", "1900"), bill("fixed", "1", "600", "600", unit="each"))
        net = sum((one.amount for one in lines), Decimal(0))
        values: dict[str, Any] = {
            "id": f"inv_{self.tag}",
            "engagement_id": "eng_1",
            "contract_id": f"con_{self.tag}",
            "project_id": f"prj_{self.tag}",
            "customer_id": f"cus_{self.tag}",
            "legal_entity": "DE",
            "currency": "EUR",
            "period_start": date(2026, 3, 1),
            "period_end": date(2026, 3, 31),
            "payment_terms": "NET30",
            "po_number": "4500017",
            "dimensions": {"department": "Technology", "region": "EMEA"},
            "lines": lines,
            "net": Money(amount=net, currency="EUR"),
        }
        return Invoice(**values | changes)


def bill(item: str, quantity: str, rate: str, amount: str, **changes: Any) -> InvoiceLine:
    """A line of an invoice."""
    values: dict[str, Any] = {
        "id": f"inl_{uuid.uuid4().hex}",
        "item": item,
        "description": f"March: {item}",
        "quantity": Decimal(quantity),
        "unit": "h",
        "rate": Decimal(rate),
        "amount": Decimal(amount),
    }
    return InvoiceLine(**values | changes)


def worked(reference: str, project: str, person: str, minutes: str, **changes: Any) -> ErpLine:
    """A time line."""
    values: dict[str, Any] = {
        "reference": reference,
        "project": project,
        "task": None,
        "person": person,
        "item": "SVC-SC",
        "work_date": date(2026, 3, 4),
        "minutes": Decimal(minutes),
        "legal_entity": "DE",
        "cost_rate": None,
        "note": None,
    }
    return ErpLine(**values | changes)


def ensured(operation: Operation[Any], record: Any, external_id: str | None = None, **links: str) -> str:
    """Write as the engine does: look up where the class says so, then create or update; the vendor's id."""
    payload = operation.render(record, links)
    if external_id is None and operation.find is not None:
        found = operation.find(payload)
        external_id = found[0].external_id if found else None
    if external_id is None:
        answer = operation.create(payload, KEY)
    else:
        assert operation.update is not None
        answer = operation.update(external_id, payload)
    assert isinstance(answer, Written)
    return answer.external_id


@dataclass(frozen=True)
class Begun:
    """Vendor ids of a customer, project and task."""

    customer: str
    project: str
    task: str


def begun(erp: Erp, story: Story) -> Begun:
    """Customer, project and one task in Tryton."""
    customer = ensured(erp.ensure_customer, story.customer())
    project = ensured(erp.ensure_project, story.project(), customer=customer)
    task = ensured(erp.ensure_wbs_element, story.task(), project=project)
    return Begun(customer, project, task)
