-- name: Invoice dispute rate
-- group: Customers
-- says: How many issued invoices customers did not accept at first.
-- formula: issued invoices with a dispute, settled or not / issued invoices
-- unit: percent
-- figure: ratio
-- better: lower
-- records: invoices
-- day: the invoice date
-- sources: invoice_action (disputes people recorded), invoice.issued_on, invoice.status (ERP)
-- known: can rise as long as invoices are open; only disputes somebody recorded are known
select 'invoice' as record, i.id as record_id, coalesce(i.number, i.id) as label, i.engagement_id, p.legal_entity,
  null::text as currency, (i.state->>'issued_on')::date as day, null::text as part,
  case when exists (select from invoice_action a where a.invoice_id = i.id and a.kind = 'dispute') then 1 else 0
    end::numeric as numerator, 1::numeric as denominator
from invoice i join project p on p.id = i.project_id where i.status in ('open', 'partly_paid', 'paid')
