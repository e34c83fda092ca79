"""Costs born in the ERP: supplier bills, subcontractors, expense reports; and which system tells which kind."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from tieline.model.money import Money
from tieline.model.record import Owned, Record

CostKind = Literal["subcontractor", "purchase", "expense"]
DocumentType = Literal["bill", "credit", "expense_report"]
Source = Literal["erp", "psa"]


class ErpCost(Record):
    """One line of a supplier's bill or credit, or of an expense report, that names a project; net of tax."""

    document_ref: Annotated[str, Owned("erp")]
    document_type: Annotated[DocumentType, Owned("erp")]
    line: Annotated[str, Owned("erp")]
    number: Annotated[str | None, Owned("erp")] = None
    """What people call the document."""
    supplier: Annotated[str | None, Owned("erp")] = None
    """Who sent the bill, or whose expenses they are."""
    project_ref: Annotated[str, Owned("erp")]
    """The ERP's id of the project, or our code where the ERP books by code."""
    kind: Annotated[CostKind, Owned("erp")]
    day: Annotated[date, Owned("erp")]
    text: Annotated[str | None, Owned("erp")] = None
    net_cost: Annotated[Money, Owned("erp", "C3")]
    """A credit is below zero."""
    base_cost: Annotated[Money | None, Owned("erp", "C3")] = None
    """The same by the ERP's own rate in the currency of the legal entity, where the ERP tells it."""


class CostRules(BaseModel):
    """`[costs]`: each kind of cost has one source, so that what both systems hold counts once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subcontractor: Source = "erp"
    purchase: Source = "erp"
    expense: Source = "psa"
    categories: dict[str, CostKind] = {}
    """Expense category of the PSA -> the kind of cost it is; one with the name of a kind is that kind."""

    def counts(self, kind: CostKind, source: Source) -> bool:
        """Whether a cost of a kind is taken from this system."""
        return bool(getattr(self, kind) == source)

    def in_erp(self) -> dict[str, bool]:
        """Expense category of the PSA, in lower case -> whether its cost is the ERP's to tell; "" is any other."""
        kinds: dict[str, CostKind] = {"subcontractor": "subcontractor", "purchase": "purchase", "": "expense"}
        kinds |= {category.lower(): kind for category, kind in self.categories.items()}
        return {category: self.counts(kind, "erp") for category, kind in kinds.items()}
