-- name: From contract to cash
-- group: Cash
-- says: Where the value of the contracts stands: collected, owed, drafted, unbilled or still to be delivered.
-- formula: value of the contracts = collected + owed + on drafts + unbilled work + still to be delivered, all without
--   tax; what is paid counts in the share of net in the invoice's total
-- unit: money
-- figure: sum
-- better: neither
-- records: parts of projects
-- day: the start of the project
-- sources: project.value (newest contract version), invoice (net, total, paid: ERP), invoice_line, project_transaction
-- known: as of now; the rest is negative where more was done than agreed; void invoices count as not billed
-- parts: where it stands
-- order: collected, owed, on drafts, unbilled work, still to be delivered
with issued as (
  select project_id, sum(net) as net,
    sum(case when total <> 0 then round(net * paid / total, 2) else 0 end) as collected
  from (select project_id, (state->'net'->>'amount')::numeric as net, (state->'total'->>'amount')::numeric as total,
      (state->'paid'->>'amount')::numeric as paid from invoice where status in ('open', 'partly_paid', 'paid')) i
  group by project_id),
drafted as (
  select i.project_id, sum(t.amount * t.sign) as amount
  from invoice i join invoice_line l on l.invoice_id = i.id join project_transaction t on t.id = l.transaction_id
  where i.status in ('proposed', 'draft') group by i.project_id),
unbilled as (select project_id, sum(amount) as amount from unbilled_line group by project_id)
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity, p.currency,
  (p.body->>'start_date')::date as day, s.part, s.amount as numerator, null::numeric as denominator
from project p join engagement e on e.id = p.engagement_id and e.closed_at is null
  left join issued i on i.project_id = p.id left join drafted d on d.project_id = p.id
  left join unbilled u on u.project_id = p.id
  cross join lateral (values ('collected', coalesce(i.collected, 0)),
    ('owed', coalesce(i.net - i.collected, 0)), ('on drafts', coalesce(d.amount, 0)),
    ('unbilled work', coalesce(u.amount, 0)),
    ('still to be delivered', (p.body->'value'->>'amount')::numeric - coalesce(i.net, 0) - coalesce(d.amount, 0)
      - coalesce(u.amount, 0))) s (part, amount)
