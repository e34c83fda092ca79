"""Looking at all engagements now and then: what changed is stored, and the flows that tell of it are woken."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from tieline.app.site import Site
from tieline.billing.health import judged, measured
from tieline.billing.renewal import chances, outcomes
from tieline.billing.warnings import early_warnings
from tieline.engine.audit import audit
from tieline.engine.wake import wake_many
from tieline.model.firm import Firm
from tieline.model.outlook import EngagementFacts, Outlook
from tieline.store.database import Connection, Database, repeating
from tieline.store.engagement_facts import read_facts
from tieline.store.outlooks import add_satisfaction, forget_outlooks, keep_outlooks, list_outlooks

_LATE = """
select 'invoice_feedback' as flow, i.id as key, i.engagement_id from invoice i
where i.status in ('open', 'partly_paid') and exists (select from invoice_action a where a.invoice_id = i.id)
union
select 'project_feedback', r.id, r.engagement_id from record r join invoice i on i.project_id = r.id
where r.kind = 'project_financials' and i.status in ('open', 'partly_paid')
  and (i.state->>'due_on')::date < %(today)s and r.body->>'collection_status' in ('current', 'promised')
"""
"""What CRM and PSA show of open invoices changes with the date alone."""


def outlook_of(facts: EngagementFacts, firm: Firm, today: date) -> Outlook:
    """Health, warnings and chances of one engagement."""
    colour, score, signals = judged(measured(facts, today), firm.health)
    return Outlook(
        id=facts.id,
        name=facts.name,
        customer_id=facts.customer_id,
        customer=facts.customer,
        colour=colour,
        score=score,
        signals=signals,
        warnings=early_warnings(facts, firm.early_warning, today),
        chances=chances(facts, firm.renewal, today),
        outcomes=outcomes(facts, colour),
        sales_owner=facts.sales_owner,
    )


def by_approval(firm: Firm) -> frozenset[str]:
    """Service lines whose work is billed as it is approved."""
    return frozenset(line.id for line in firm.service_lines if line.billing_cycle == "as_approved")


def look_ahead(db: Connection, firm: Firm, today: date, engagement_id: str | None = None) -> list[Outlook]:
    """The outlook of every engagement, or of one, as it is now."""
    wanted = None if engagement_id is None else [engagement_id]
    return [outlook_of(one, firm, today) for one in read_facts(db, today, by_approval(firm), wanted)]


@repeating
def look_at_all(database: Database, site: Site, today: date | None = None) -> int:
    """Store the outlooks, and wake what tells of those that say something new; returns how many do."""
    day = today or datetime.now(UTC).date()
    with database.transaction() as db:
        known = {one.id: one for one in list_outlooks(db)}
        found = look_ahead(db, site.firm, day)
        changed = [one for one in found if _told(known.get(one.id)) != _told(one)]
        forget_outlooks(db)
        keep_outlooks(db, found)
        wake_many(db, _to_tell(site.firm, changed), "timer")
    return len(changed)


def _to_tell(firm: Firm, changed: Sequence[Outlook]) -> list[tuple[str, str, str]]:
    """The flows that tell what changed, as far as the site wants anybody told."""
    engagements, customers = [one.id for one in changed], sorted({one.customer_id for one in changed})
    anybody = firm.health.show_in_crm or firm.early_warning.post_in_psa or firm.renewal.creates != "nothing"
    told = [("outlook", engagement, engagement) for engagement in engagements if anybody]
    return told + [("customer_health", customer, customer) for customer in customers if firm.health.show_in_crm]


@repeating
def look_at_late_invoices(database: Database, today: date | None = None) -> None:
    """Wake what shows open invoices in CRM and PSA where the date alone has changed it."""
    with database.transaction() as db:
        late = db.execute(_LATE, {"today": today or datetime.now(UTC).date()}).fetchall()
        wake_many(db, [(row["flow"], row["key"], row["engagement_id"]) for row in late], "timer")


def _told(one: Outlook | None) -> tuple[object, ...] | None:
    """What anybody is told of; values that move from day to day are not."""
    if one is None:
        return None
    return one.colour, one.reasons, one.missing, [item.id for item in (*one.warnings, *one.chances)], one.customer_id


def say_satisfaction(database: Database, engagement_id: str, score: Decimal, by: str) -> bool:
    """Record what a customer said of an engagement, 0 to 100; False when there is no such engagement."""
    with database.transaction() as db:
        if not add_satisfaction(db, engagement_id, score, by):
            return False
        label = f"The customer's satisfaction is {score:f} of 100"
        audit(db, "engagement.satisfaction", engagement=engagement_id, actor=by, detail={"label": label})
        return True
