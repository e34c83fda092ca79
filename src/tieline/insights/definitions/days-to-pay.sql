-- name: Days to pay
-- group: Cash
-- says: How long customers take to pay, weighted by amount.
-- formula: sum of (payment x days from the invoice date to the payment) / sum of payments
-- unit: days
-- figure: ratio
-- better: lower
-- records: payments
-- day: the payment
-- sources: payment.amount, payment.paid_on, invoice.issued_on (ERP)
-- known: final per payment; what is not paid yet is in days sales outstanding instead
select 'invoice' as record, i.id as record_id, coalesce(i.number, i.id) as label, i.engagement_id, p.legal_entity,
  r.body->'amount'->>'currency' as currency, (r.body->>'paid_on')::date as day, null::text as part,
  (r.body->'amount'->>'amount')::numeric * ((r.body->>'paid_on')::date - (i.state->>'issued_on')::date) as numerator,
  (r.body->'amount'->>'amount')::numeric as denominator
from record r join invoice i on i.engagement_id = r.engagement_id and i.external_id = r.body->>'invoice_ref'
  join project p on p.id = i.project_id
where r.kind = 'payment' and i.status <> 'void'
