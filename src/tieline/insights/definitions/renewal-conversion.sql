-- name: Renewal and expansion conversion
-- group: Customers
-- says: How many of the deals that were proposed to follow from an engagement were won.
-- formula: follow-up deals that became an engagement / follow-up deals made in the CRM
-- unit: percent
-- figure: ratio
-- better: higher
-- records: deals
-- day: the day it was made
-- sources: effect (follow-up deals the CRM confirmed), cross_reference, engagement_opportunity
-- known: rises until the deals of the period are won or lost; where tasks are made instead of deals nothing is known
select 'deal' as record, f.external_id as record_id, f.label, f.engagement as engagement_id, e.legal_entity,
  null::text as currency, (coalesce(f.sent_at, f.changed_at) at time zone 'UTC')::date as day, null::text as part,
  case when exists (select from cross_reference r join engagement_opportunity o on o.opportunity_id = r.subject
    where r.connection = f.connection and r.target = 'opportunity' and r.external_id = f.external_id) then 1 else 0
    end::numeric as numerator, 1::numeric as denominator
from effect f left join engagement e on e.id = f.engagement
where f.target = 'opportunity.follow_up' and f.external_id is not null
