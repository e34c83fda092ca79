"""Routes about deals before they are won: may one be closed, and what would be made of it."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from tieline.api.deal_models import DealNotReady, DealPlanned, DealReady
from tieline.api.errors import LONGEST, ApiError
from tieline.api.parts import Body, JsonOnly, Line, OnDesk, Words
from tieline.app.deals import NoSuchDeal
from tieline.app.desk import Desk
from tieline.app.views.deal_plan import plan_as_json, verdict_as_json
from tieline.flows.readiness import Lack, lacks, no_customer
from tieline.flows.verdict import Verdict, verdict
from tieline.model.customer import Customer
from tieline.model.firm import Firm
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

router = APIRouter(tags=["deals"], dependencies=[JsonOnly])

HINT = "Mend what `problems` names, each with its suggestion."
UNNAMED = Customer(id="sent", name="", tax_nexus="?")
"""Stands for a customer that is not there yet, whose own terms cannot be missed."""

Amount = Annotated[Decimal, Field(max_digits=24, allow_inf_nan=False)]


class QuotedLine(Body):
    """A service package, an estimate of a role's hours, or a fixed amount."""

    sku: Line | None = None
    description: Words | None = None
    workstream: Line | None = None
    role: Line | None = Field(default=None, description="With a role `quantity` is hours.")
    quantity: Amount
    unit_price: Amount
    due_on: date | None = None
    delivering_entity: Line | None = None


class Buyer(Body):
    """What counts of the customer."""

    name: Line
    tax_nexus: Line | None = Field(default=None, examples=["US-CA"])


class Deal(Body):
    """A deal as the CRM is about to save it; what is left out is missing."""

    name: Line
    customer: Buyer | None = None
    currency: Line | None = None
    close_date: date | None = None
    legal_entity: Line | None = None
    service_line: Line | None = None
    contract_type: Line | None = None
    billing_method: Line | None = None
    payment_terms: Line | None = None
    tax_treatment: Line | None = None
    po_number: Line | None = None
    start_date: date | None = None
    end_date: date | None = None
    region: Line | None = None
    lines: list[QuotedLine] = Field(default=[], max_length=10_000)


class ValidateOpportunity(Body):
    """Either the id of a deal in the CRM, or the deal itself."""

    opportunity: Line | None = Field(default=None, description="Its id in the CRM.", examples=["006Hm0000000002IAA"])
    connection: Line | None = Field(default=None, description="The CRM, where the firm has several.")
    deal: Deal | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "ValidateOpportunity":
        if (self.opportunity is None) == (self.deal is None):
            raise ValueError("give `opportunity` or `deal`, one of them")
        return self


@router.post(
    "/api/v1/processes/validate-opportunity",
    response_model=DealReady,
    summary="Whether a deal may be closed",
    responses={
        422: {
            "model": DealNotReady,
            "description": "It lacks something; without `problems` the request was not understood",
        },
        503: {"description": "The CRM did not answer in time; nothing is known of the deal"},
    },
)
def validate_opportunity(desk: OnDesk, body: ValidateOpportunity) -> object:
    """Checks a deal by the rules of won ones. Answers within two seconds; the CRM is read for at most 1.5 of them."""
    if body.deal is not None:
        found = _judge(body.deal, desk.site.firm)
    else:
        found = _read_and_judge(desk, str(body.opportunity), body.connection)
    told = verdict_as_json(found)
    if found.ready:
        return told
    sentence = "; ".join(lack.message for lack in found.lacks)
    error = {"message": f"'{found.name}' cannot be closed: {sentence}"[:LONGEST], "hint": HINT}
    return JSONResponse({"error": error, **told}, 422)


def _judge(deal: Deal, firm: Firm) -> Verdict:
    """The verdict on a deal that was sent whole."""
    values = {name: getattr(deal, name) for name in Deal.model_fields if name not in ("customer", "lines")}
    lines = tuple(
        OpportunityLine.model_validate(
            {"id": f"line-{number}", "product_code": line.sku, **line.model_dump(exclude={"sku"})}
        )
        for number, line in enumerate(deal.lines, 1)
    )
    opportunity = Opportunity(id="sent", stage="", lines=lines, **values)
    if deal.customer is None:
        return verdict(opportunity, None, firm, [no_customer(), *lacks(opportunity, UNNAMED, firm)])
    return verdict(opportunity, Customer(id="sent", **deal.customer.model_dump()), firm, [])


def _read_and_judge(desk: Desk, opportunity: str, connection: str | None) -> Verdict:
    """The verdict on a deal as its CRM has it."""
    try:
        return desk.deals.check(opportunity, connection)
    except Rejected as refused:
        if refused.kind != "mapping":
            raise ApiError(404, refused.message, "Look whether the id is right.") from refused
        lack = Lack(refused.field or "opportunity", refused.message, "Correct it in the CRM.", "mapping", refused.key)
        return Verdict(name=opportunity, value=None, lacks=(lack,), approvals=())
    except NoSuchDeal as unknown:
        raise ApiError(404, str(unknown), "Give the id of the CRM, and `connection` where there are several.") from None
    except (Unavailable, Unauthorized) as error:
        raise _away(error) from error


@router.get(
    "/api/v1/opportunities/{opportunity}/plan",
    response_model=DealPlanned,
    summary="What a deal would become",
)
def plan(
    desk: OnDesk,
    opportunity: Line,
    connection: Annotated[Line | None, Query(description="The CRM, where the firm has several.")] = None,
) -> object:
    """Contract, projects and what each system would receive. Reads only; costs are left out."""
    try:
        return plan_as_json(desk.deals.plan(opportunity, connection), costs=False)
    except (Rejected, NoSuchDeal) as unknown:
        message = unknown.message if isinstance(unknown, Rejected) else str(unknown)
        raise ApiError(404, message, "Look whether the id is right.") from unknown
    except (Unavailable, Unauthorized) as error:
        raise _away(error) from error


def _away(error: Unavailable | Unauthorized) -> ApiError:
    return ApiError(503, f"{error.system} {error.message}", "Nothing is known of the deal; try again in a moment.")
