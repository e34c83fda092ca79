-- name: Invoice readiness lag
-- group: Billing
-- says: How long after the end of its period an invoice is drafted.
-- formula: mean of (day of the draft - last day of the invoice's period), void invoices left out
-- unit: days
-- figure: ratio
-- better: lower
-- records: invoices
-- day: the last day of the invoice's period
-- sources: invoice.proposed_at, invoice.period_end
-- known: final with the draft; an invoice that turns void leaves it
select 'invoice' as record, i.id as record_id, coalesce(i.number, 'Draft') as label, i.engagement_id, p.legal_entity,
  null::text as currency, (i.body->>'period_end')::date as day, null::text as part,
  ((i.proposed_at at time zone 'UTC')::date - (i.body->>'period_end')::date)::numeric as numerator,
  1::numeric as denominator
from invoice i join project p on p.id = i.project_id where i.status <> 'void'
