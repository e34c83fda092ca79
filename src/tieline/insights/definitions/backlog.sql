-- name: Backlog
-- group: From deal to delivery
-- says: What is sold and not invoiced yet.
-- formula: sum of (value of the project - net of its issued invoices), withdrawn engagements left out
-- unit: money
-- figure: sum
-- better: higher
-- records: projects
-- day: the start of the project
-- sources: project.value (newest contract version), invoice.net (ERP)
-- known: as of now: change orders and invoices move it; the value of time and materials is an estimate
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity, p.currency,
  (p.body->>'start_date')::date as day, null::text as part,
  (p.body->'value'->>'amount')::numeric - coalesce(b.billed, 0) as numerator, null::numeric as denominator
from project p join engagement e on e.id = p.engagement_id and e.closed_at is null
  left join (select project_id, sum((state->'net'->>'amount')::numeric) as billed from invoice
    where status in ('open', 'partly_paid', 'paid') group by project_id) b on b.project_id = p.id
