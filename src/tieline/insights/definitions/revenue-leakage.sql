-- name: Revenue leakage
-- group: Billing
-- says: Billable work that is lost or about to be.
-- formula: sum of billable work written off, written down on an invoice, in exceptions, on void invoices, or on
--   no invoice thirty days after the end of its month
-- unit: money
-- figure: sum
-- better: lower
-- records: lines
-- day: the day of the work
-- sources: project_transaction (amount, kind, disposition, state), invoice_line, invoice.status (ERP)
-- known: as of now: what is mended or invoiced late leaves it again; work without a price is counted as not known
-- parts: why it is not billed
select 'line' as record, t.id::text as record_id, p.code as label, p.engagement_id, p.legal_entity,
  coalesce(t.currency, p.currency) as currency, t.work_date as day, w.why as part,
  case when t.kind = 'adjustment' then -t.amount else t.amount end as numerator, null::numeric as denominator
from project_transaction t join project p on p.id = t.project_id
  left join invoice_line l on l.transaction_id = t.id left join invoice i on i.id = l.invoice_id
  cross join lateral (select case when t.state = 'written_off' then 'written off'
    when t.kind = 'adjustment' and (t.amount > 0 or l.transaction_id is null or i.status = 'void') then 'in time'
    when t.kind = 'adjustment' then 'written down'
    when i.status = 'void' then 'on a void invoice' when l.transaction_id is not null then 'billed'
    when t.state = 'in_exception' then 'in exceptions'
    when t.work_date < date_trunc('month', %(today)s::date::timestamp - interval '30 days')
      then 'not invoiced in time' else 'in time' end as why) w
where w.why not in ('billed', 'in time') and t.live and t.sign = 1
  and (t.state in ('checked', 'in_exception') and t.disposition = 'billable'
    or t.state in ('in_exception', 'written_off') and t.billable)
