-- name: Billing accuracy
-- group: Billing
-- says: How many invoiced lines did not have to be corrected afterwards.
-- formula: invoiced lines without a credit / invoiced lines
-- unit: percent
-- figure: ratio
-- better: higher
-- records: lines
-- day: the day of the work
-- sources: invoice_line, project_transaction.supersedes_id, invoice.status (ERP)
-- known: can fall as long as work is corrected or invoices turn void; lines of void invoices are wrong ones
select 'line' as record, t.id::text as record_id, coalesce(i.number, 'Draft') as label, p.engagement_id, p.legal_entity,
  null::text as currency, t.work_date as day, null::text as part,
  case when i.status = 'void' or r.line is not null then 0 else 1 end::numeric as numerator,
  1::numeric as denominator
from invoice_line l join project_transaction t on t.id = l.transaction_id join invoice i on i.id = l.invoice_id
  join project p on p.id = t.project_id
  left join (select distinct supersedes_id as line from project_transaction
    where supersedes_id is not null and sign = -1 and state <> 'void') r on r.line = t.id
where t.sign = 1
