"""The firm and the deals of these tests, ready to be bent."""

from datetime import date
from decimal import Decimal
from typing import Any

from tieline.flows.terms import draft_contract
from tieline.model.contract import ContractVersion, RateCardRow
from tieline.model.customer import Customer
from tieline.model.firm import Firm, LegalEntity, Person, ServiceLine
from tieline.model.opportunity import Opportunity, OpportunityLine

START, END = date(2026, 3, 1), date(2026, 8, 31)


def _rate(role: str, currency: str, rate: str) -> RateCardRow:
    return RateCardRow(
        id=f"{role}:{currency}",
        precedence=5,
        role=role,
        currency=currency,
        rate=Decimal(rate),
        valid_from=date(2026, 1, 1),
    )


FIRM = Firm(
    id="firm",
    name="Halden Marsh",
    legal_entities=(
        LegalEntity(id="US", name="Halden Marsh Inc.", country="US", currency="USD", currencies=("EUR", "JPY")),
        LegalEntity(id="UK", name="Halden Marsh Ltd", country="GB", currency="GBP"),
        LegalEntity(id="DE", name="Halden Marsh GmbH", country="DE", currency="EUR", currencies=("USD",)),
    ),
    service_lines=(
        ServiceLine(
            id="Implementation",
            name="Implementation",
            opening_phases=("Mobilise",),
            closing_phases=("Hand over",),
            dimensions={"department": "Technology"},
            revenue_methods={"fixed_price": "percent_complete"},
            delivery_leads=("dana@haldenmarsh.example",),
            payment_terms=("NET30", "NET14"),
        ),
    ),
    standard_rates=(
        _rate("Senior Consultant", "USD", "210"),
        _rate("Consultant", "USD", "165"),
        _rate("Consultant", "JPY", "24000"),
    ),
    people=(
        Person(id="tom@haldenmarsh.example", name="Tom", legal_entity="US", cost_rate=Decimal(95)),
        Person(id="lena@haldenmarsh.example", name="Lena", legal_entity="DE", cost_rate=Decimal(88)),
        Person(id="new@haldenmarsh.example", name="New", legal_entity="US"),
    ),
)
CUSTOMER = Customer(id="cus_1", name="Bluepeak Energy", tax_nexus="US-CA")


def line(number: int, **changed: Any) -> OpportunityLine:
    """Ten hours of a consultant at 165, unless told otherwise."""
    usual = {"workstream": "Build", "role": "Consultant", "quantity": 10, "unit_price": "165"}
    return OpportunityLine.model_validate(usual | {"id": f"opl_{number}"} | changed)


def fixed(number: int, amount: str, **changed: Any) -> OpportunityLine:
    """A fixed amount."""
    usual = {"description": f"Deliverable {number}", "workstream": None, "role": None, "quantity": 1}
    return line(number, unit_price=amount, **(usual | changed))


def deal(*lines: OpportunityLine, **changed: Any) -> Opportunity:
    """A won deal with complete terms."""
    usual: dict[str, Any] = {
        "id": "opp_1",
        "name": "Bluepeak rollout",
        "customer_id": CUSTOMER.id,
        "customer_ref": "001",
        "stage": "Closed Won",
        "is_committed": True,
        "amount": "1650",
        "currency": "USD",
        "close_date": date(2026, 2, 20),
        "legal_entity": "US",
        "service_line": "Implementation",
        "contract_type": "SOW",
        "billing_method": "time_and_materials",
        "payment_terms": "NET30",
        "tax_treatment": "standard",
        "start_date": START,
        "end_date": END,
        "region": "Americas",
        "lines": lines or (line(1),),
    }
    return Opportunity.model_validate(usual | changed)


def contract(*lines: OpportunityLine, **changed: Any) -> ContractVersion:
    """The contract of such a deal."""
    return draft_contract(deal(*lines, **changed), CUSTOMER, "eng_1", FIRM)
