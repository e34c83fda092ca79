"""Canonical records of one engagement, as the flows make them."""

from datetime import date
from decimal import Decimal
from typing import Any

from tieline.model.contract import BillingSchedule, BillingScheduleItem, Budget
from tieline.model.customer import Address, Customer
from tieline.model.invoice import Invoice, InvoiceLine
from tieline.model.labor_terms import LaborTerms
from tieline.model.money import Money
from tieline.model.project import ContractPart, ContractPartLine, Project, ProjectSummary, WbsElement
from tieline.model.staffing import CostForecast
from tieline.sdk.lines import ErpLine
from tieline.sdk.operation import Operation, Written
from tieline.sdk.roles import Erp

KEY = "site/netsuite/target#1"
START, END = date(2026, 12, 1), date(2027, 3, 31)


def usd(amount: str) -> Money:
    """An amount in dollars."""
    return Money(amount=Decimal(amount), currency="USD")


def customer(**changes: Any) -> Customer:
    """The buyer as the US entity bills it."""
    values: dict[str, Any] = {
        "id": "cus_5f0c1a",
        "name": "Bluepeak Energy",
        "billed_by": "US",
        "currency": "USD",
        "payment_terms": "NET30",
        "email": "ap@bluepeak.example",
        "billing_address": Address(street="1 Grid Way", city="Austin", region="TX", postal_code="78701", country="US"),
    }
    return Customer(**values | changes)


def project(**changes: Any) -> Project:
    """The project that delivers the contract."""
    summary = ProjectSummary(
        id="prj_1",
        engagement_id="eng_1",
        opportunity_id="opp_1",
        opportunity_ref="006",
        customer_ref="001",
        name="Grid modernisation",
        code="BLU-001",
        legal_entity="US",
        contract_version=1,
        value=usd("125000"),
        start_date=START,
        end_date=END,
        planned_hours=Decimal(640),
    )
    values: dict[str, Any] = {
        "id": "prj_1",
        "engagement_id": "eng_1",
        "contract_id": "con_1",
        "contract_version": 1,
        "name": "Grid modernisation",
        "code": "BLU-001",
        "customer_id": "cus_5f0c1a",
        "customer_name": "Bluepeak Energy",
        "legal_entity": "US",
        "currency": "USD",
        "billing_method": "time_and_materials",
        "revenue_method": "as_billed",
        "start_date": START,
        "end_date": END,
        "value": usd("125000"),
        "budget": Budget(id="bud_1", hours=Decimal(640), revenue=usd("125000"), cost=usd("60000.50")),
        "dimensions": {"department": "Technology"},
        "summary": summary,
    }
    return Project(**values | changes)


def task(**changes: Any) -> WbsElement:
    """A task of the project."""
    values: dict[str, Any] = {
        "id": "wbs_1",
        "project_id": "prj_1",
        "code": "1.1",
        "name": "Build",
        "planned_hours": Decimal("120.5"),
        "start_date": START,
        "end_date": END,
    }
    return WbsElement(**values | changes)


def contract_line(number: int = 1, **changes: Any) -> ContractPartLine:
    """A role's hours."""
    values: dict[str, Any] = {
        "id": f"col_{number}",
        "item": "Senior Consultant",
        "description": "Build: senior consultant",
        "quantity": Decimal(100),
        "rate": Decimal(210),
        "amount": Decimal(21000),
    }
    return ContractPartLine(**values | changes)


def contract(**changes: Any) -> ContractPart:
    """The contract's part for the project."""
    values: dict[str, Any] = {
        "id": "con_1:prj_1",
        "contract_id": "con_1",
        "contract_version": 1,
        "project_id": "prj_1",
        "project_code": "BLU-001",
        "name": "Grid modernisation SOW",
        "customer_id": "cus_5f0c1a",
        "legal_entity": "US",
        "currency": "USD",
        "payment_terms": "NET30",
        "tax_treatment": "standard",
        "po_number": "PO-77",
        "start_date": START,
        "end_date": END,
        "billing_method": "time_and_materials",
        "value": usd("22650"),
        "lines": (
            contract_line(),
            contract_line(2, item="Consultant", quantity=Decimal(10), rate=Decimal(165), amount=Decimal(1650)),
        ),
        "dimensions": {"department": "Technology"},
    }
    return ContractPart(**values | changes)


def schedule(method: str = "milestone", **changes: Any) -> BillingSchedule:
    """An invoice plan with two amounts."""
    items = (
        BillingScheduleItem(id="bsi_1", name="Design accepted", amount=usd("12000.5"), due_on=date(2026, 12, 31)),
        BillingScheduleItem(id="bsi_2", name="Go-live", amount=usd("8000"), due_on=date(2027, 3, 31)),
    )
    values: dict[str, Any] = {"id": "bsc_1", "contract_id": "con_1", "method": method, "items": items}
    return BillingSchedule(**values | changes)


def forecast(**changes: Any) -> CostForecast:
    """A confirmed assignment."""
    values: dict[str, Any] = {
        "id": "asg_1",
        "project_id": "prj_1",
        "person": "tom.okafor@haldenmarsh.example",
        "role": "Senior Consultant",
        "start_date": START,
        "end_date": END,
        "hours": Decimal("80.5"),
        "cost": usd("7647.50"),
    }
    return CostForecast(**values | changes)


def labor_terms(**changes: Any) -> LaborTerms:
    """What an hour of Tom costs."""
    values: dict[str, Any] = {
        "id": "tom.okafor@haldenmarsh.example",
        "name": "Tom Okafor",
        "legal_entity": "US",
        "currency": "USD",
        "cost_rate": Decimal("95.25"),
    }
    return LaborTerms(**values | changes)


def invoice_line(number: int = 1, **changes: Any) -> InvoiceLine:
    """Hours of a role in the period."""
    values: dict[str, Any] = {
        "id": f"inl_{number}",
        "item": "Senior Consultant",
        "description": "Senior consultant, December 2026",
        "quantity": Decimal("12.5"),
        "unit": "h",
        "rate": Decimal(210),
        "amount": Decimal("2625.00"),
    }
    return InvoiceLine(**values | changes)


def invoice(**changes: Any) -> Invoice:
    """A month's draft."""
    values: dict[str, Any] = {
        "id": "inv_1",
        "engagement_id": "eng_1",
        "contract_id": "con_1",
        "project_id": "prj_1",
        "customer_id": "cus_5f0c1a",
        "legal_entity": "US",
        "currency": "USD",
        "period_start": date(2026, 12, 1),
        "period_end": date(2026, 12, 31),
        "payment_terms": "NET30",
        "po_number": "PO-77",
        "dimensions": {"department": "Technology"},
        "lines": (invoice_line(),),
        "net": usd("2625.00"),
    }
    return Invoice(**values | changes)


def credit(**changes: Any) -> Invoice:
    """Two hours too many of the month, less half an hour that is right."""
    lines = (
        invoice_line(quantity=Decimal(-2), amount=Decimal(-420)),
        invoice_line(2, quantity=Decimal("0.5"), amount=Decimal(105)),
    )
    return invoice(**{"id": "inv_2", "lines": lines, "net": usd("-315.00")} | changes)


def write(operation: Operation[Any], record: Any, **links: str) -> str:
    """What the engine does the first time; answers the id there."""
    answer = operation.create(operation.render(record, links), KEY)
    assert isinstance(answer, Written)
    return answer.external_id


def booked(erp: Erp) -> dict[str, str]:
    """The customer and the project of the engagement; links by name."""
    buyer = write(erp.ensure_customer, customer())
    return {"customer": buyer, "project": write(erp.ensure_project, project(), customer=buyer)}


def entries(links: dict[str, str], person: str, count: int, **changes: Any) -> list[ErpLine]:
    """Time lines of one person on the project."""
    base: dict[str, Any] = {
        "project": links["project"],
        "task": None,
        "person": person,
        "item": None,
        "work_date": date(2026, 11, 17),
        "minutes": Decimal(90),
        "legal_entity": "US",
        "cost_rate": Decimal(95),
        "note": "Grid model",
    }
    return [ErpLine(reference=f"kantata:time:{number}:0", **base | changes) for number in range(count)]
