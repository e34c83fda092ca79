-- name: Realization
-- group: Margin
-- says: How much of the value of delivered time reaches an invoice.
-- formula: billed, expenses left out / value at contract rates of the time delivered; time that is billed by the hour
--   counts once it is invoiced or written off, time that a fixed price or retainer covers at once
-- unit: percent
-- figure: ratio
-- better: higher
-- records: months of projects
-- day: the month of the work
-- sources: project_transaction (amount, kind, disposition, state), invoice_line, invoice.status
-- known: moves with every invoice, drafts included; of a fixed price it tells something only over the whole project,
--   since milestones and work differ in time
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity, s.currency,
  s.month as day, null::text as part, s.billed as numerator, s.value as denominator
from project p join (
  select t.project_id, t.currency, date_trunc('month', t.work_date::timestamp)::date as month,
    coalesce(sum(t.amount * t.sign) filter (where i.id is not null and t.disposition = 'billable'), 0) as billed,
    coalesce(sum(t.amount * t.sign) filter (where t.kind = 'time' and (
      i.id is not null or t.live and t.sign = 1 and (t.state = 'written_off' and t.billable
        or t.state = 'checked' and t.disposition in ('fixed_price', 'retainer', 'over_cap')))), 0) as value
  from project_transaction t left join invoice_line l on l.transaction_id = t.id
    left join invoice i on i.id = l.invoice_id and i.status <> 'void'
  where t.kind <> 'expense' and t.amount is not null and t.currency is not null
  group by 1, 2, 3) s on s.project_id = p.id
where s.billed <> 0 or s.value <> 0
