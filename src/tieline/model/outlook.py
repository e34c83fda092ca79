"""The outlook of an engagement: its health with reasons, early warnings and chances to renew; and the site's rules."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tieline.model.money import Money
from tieline.model.record import Owned, Record

Colour = Literal["green", "amber", "red", "unknown"]
"""`unknown`: not one signal has data."""
SignalName = Literal["burn", "milestones", "unbilled", "late_time", "overdue", "margin", "exceptions", "satisfaction"]
SIGNALS: tuple[SignalName, ...] = get_args(SignalName)
Level = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 6)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignalRule(_Rules):
    """From `amber` on a signal counts its weight once, from `red` on twice. Weight 0 leaves it out."""

    amber: Level
    red: Level
    weight: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(1)

    @model_validator(mode="after")
    def _in_order(self) -> "SignalRule":
        if self.red < self.amber:
            raise ValueError("red must not be below amber")
        return self


def _rule(amber: int, red: int, weight: int = 1) -> SignalRule:
    return SignalRule(amber=Decimal(amber), red=Decimal(red), weight=Decimal(weight))


class HealthRules(_Rules):
    """`[health]`: what makes an engagement amber or red."""

    burn: SignalRule = _rule(10, 25)
    """Points of a hundred by which the burn of hours, or of cost where suppliers work, is ahead of progress."""
    milestones: SignalRule = _rule(1, 14, 2)
    """Days the latest open milestone is past its date."""
    unbilled: SignalRule = _rule(45, 90)
    """Days since the oldest work that is billable and on no invoice."""
    late_time: SignalRule = _rule(7, 14)
    """Days from work to its approval, on average over six weeks."""
    overdue: SignalRule = _rule(1, 30, 2)
    """Days the oldest open invoice is late."""
    margin: SignalRule = _rule(5, 15, 2)
    """Points of a hundred below the planned margin."""
    exceptions: SignalRule = _rule(1, 5)
    """Percent of the contract's value that open exceptions hold back."""
    satisfaction: SignalRule = _rule(30, 50, 2)
    """Points the customer's satisfaction lacks to a hundred."""
    amber_score: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    red_score: Annotated[Decimal, Field(gt=0)] = Decimal(4)
    every_seconds: int = Field(default=900, ge=1)
    show_in_crm: bool = False

    def of(self, name: SignalName) -> SignalRule:
        """The rule of one signal."""
        rule: SignalRule = getattr(self, name)
        return rule


class WarningRules(_Rules):
    """`[early_warning]`: when finance and the account owner are told."""

    milestone_days: int = Field(default=14, ge=0, le=365)
    """So many days before a milestone's date work that is behind is told."""
    behind_points: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(20)
    """Points of a hundred by which work may lag behind the calendar."""
    invoice_days: int = Field(default=10, ge=0, le=365)
    """Days after the end of a month, or after the work where it is billed as approved, by which it must be invoiced."""
    post_in_psa: bool = False


class RenewalRules(_Rules):
    """`[renewal]`: what makes a chance, and what sales gets for it in the CRM."""

    consumed_share: Annotated[Decimal, Field(gt=0, le=10)] = Decimal("0.8")
    days_before_end: int = Field(default=60, ge=0, le=3650)
    last_milestone: bool = True
    growth_share: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("0.25")
    """By how much the hours of four weeks must exceed those of the four before."""
    creates: Literal["nothing", "task", "opportunity"] = "nothing"


class MilestoneFacts(Record):
    """A milestone as planned and as completed."""

    name: str
    due_on: date
    amount: Annotated[Money, Owned("tieline", "C2")]
    completed_on: date | None = None


class ProjectFacts(Record):
    """What is known of a project today; None where it is not known. `id` is the project's id."""

    code: str
    currency: str
    start_date: date
    end_date: date
    value: Decimal
    hours: Decimal = Decimal(0)
    hours_budgeted: Decimal = Decimal(0)
    hours_recent: Decimal = Decimal(0)
    """Of the last four weeks."""
    hours_before: Decimal = Decimal(0)
    """Of the four weeks before those."""
    worked: Annotated[Decimal, Owned("tieline", "C2")] = Decimal(0)
    """Billable work in money, billed or not."""
    cost: Annotated[Decimal | None, Owned("tieline", "C3")] = None
    external_cost: Annotated[Decimal | None, Owned("tieline", "C3")] = None
    """The part of the cost that was born in the ERP."""
    planned_cost: Annotated[Decimal | None, Owned("tieline", "C3")] = None
    approval_days: Decimal | None = None
    unbilled_since: date | None = None
    draft_of: date | None = None
    """The last day billed by the oldest draft nobody has released."""
    invoices: int = 0
    billed: Annotated[Decimal, Owned("tieline", "C2")] = Decimal(0)
    overdue_since: date | None = None
    held: Annotated[Decimal, Owned("tieline", "C2")] = Decimal(0)
    milestones: tuple[MilestoneFacts, ...] = ()


class EngagementFacts(Record):
    """What is known of an engagement today; `id` is its id."""

    name: str
    customer_id: str
    customer: str
    contract_id: str
    end_date: date
    monthly: bool = True
    """Whether invoices follow the months; else work is billed as it is approved."""
    sales_owner: str | None = None
    satisfaction: Decimal | None = None
    """0 to 100."""
    projects: tuple[ProjectFacts, ...]


class Signal(Record):
    """One signal; `id` is its name. `value` None: nothing is known, and so it counts for nothing."""

    value: Decimal | None
    points: int
    """0 fine, 1 amber, 2 red."""
    weight: Decimal
    words: str
    """What it says, with its value."""
    reason: str | None = None
    """The threshold it is over, in words that stay the same while it is."""


class EarlyWarning(Record):
    """Something that is about to cost money or time; `id` is the occasion."""

    project_id: str
    title: str
    text: str
    amount: Annotated[Money | None, Owned("tieline", "C2")] = None


class Chance(Record):
    """A reason to talk about renewal or more work; `id` is the occasion."""

    kind: Literal["renewal", "expansion"]
    title: str
    reason: str


class Outlook(Record):
    """Health, warnings and chances of an engagement as last looked at; `id` is the engagement's id."""

    name: str
    customer_id: str
    customer: str
    colour: Colour
    score: Decimal
    signals: tuple[Signal, ...]
    warnings: tuple[EarlyWarning, ...] = ()
    chances: tuple[Chance, ...] = ()
    outcomes: str = ""
    """What was delivered so far, in words."""
    sales_owner: str | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not green, the heaviest first."""
        bad = sorted((one for one in self.signals if one.reason), key=lambda one: (-one.points * one.weight, one.id))
        return tuple(one.reason for one in bad if one.reason)

    @property
    def missing(self) -> tuple[str, ...]:
        """Signals without data."""
        return tuple(one.id for one in self.signals if one.value is None)


class HealthSummary(Record):
    """Health of an engagement or a customer as the CRM shows it; `id` is the engagement's or the customer's id."""

    scope: Literal["engagement", "customer"]
    name: str
    colour: Colour
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    customer_ref: str
    opportunity_ref: str | None = None


class FollowUp(Record):
    """What sales is given to act on, once; `id` is the occasion."""

    kind: Literal["renewal", "expansion"]
    name: str
    text: str
    due_on: date
    amount: Annotated[Money | None, Owned("tieline", "C2")] = None
    customer_ref: str
    opportunity_ref: str
