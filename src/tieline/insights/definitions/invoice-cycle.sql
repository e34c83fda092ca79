-- name: Invoice cycle time
-- group: Billing
-- says: How long after the end of its period an invoice goes out.
-- formula: mean of (invoice date - last day of the invoice's period), void invoices left out
-- unit: days
-- figure: ratio
-- better: lower
-- records: invoices
-- day: the last day of the invoice's period
-- sources: invoice.issued_on (ERP), invoice.period_end
-- known: final with the invoice date of the ERP; drafts are counted as not known
select 'invoice' as record, i.id as record_id, coalesce(i.number, 'Draft') as label, i.engagement_id, p.legal_entity,
  null::text as currency, (i.body->>'period_end')::date as day, null::text as part,
  case when i.status not in ('proposed', 'draft') then
    ((i.state->>'issued_on')::date - (i.body->>'period_end')::date)::numeric end as numerator,
  1::numeric as denominator
from invoice i join project p on p.id = i.project_id where i.status <> 'void'
