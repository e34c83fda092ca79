-- name: Approved time posted in time
-- group: Work and time
-- says: How much of the approved time and expenses reached the ERP within the promise of the site.
-- formula: records posted within the service level of transactions / records posted
-- unit: percent
-- figure: ratio
-- better: higher
-- records: postings
-- day: the posting
-- sources: service_fact (from the arrival of the page to the ERP's word), service levels of the site
-- known: final per posting; what is not posted yet is not in it (tieline sla shows it); kept for 400 days
select 'posting' as record, f.id::text as record_id, f.label, f.engagement as engagement_id, e.legal_entity,
  null::text as currency, (f.ended_at at time zone 'UTC')::date as day, null::text as part,
  case when extract(epoch from f.ended_at - f.started_at) <= %(within)s::numeric then f.records else 0 end::numeric
    as numerator, f.records::numeric as denominator
from service_fact f left join engagement e on e.id = f.engagement where f.tier = 'transactions'
