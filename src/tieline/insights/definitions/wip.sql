-- name: Work in progress
-- group: Billing
-- says: Billable work that is on no invoice yet, by age.
-- formula: sum of the amounts of billable lines on no invoice; reversals of invoiced lines count against it
-- unit: money
-- figure: sum
-- better: lower
-- records: lines
-- day: the day of the work
-- sources: project_transaction (amount, disposition, state), invoice_line
-- known: as of now: later approvals, corrections, invoices and write-offs move it; a line without a price is counted as
--   not known
-- parts: age of the work
-- order: up to 30 days, 31 to 60 days, 61 to 90 days, over 90 days
select 'line' as record, u.id::text as record_id, p.code as label, p.engagement_id, p.legal_entity,
  coalesce(u.currency, p.currency) as currency, u.work_date as day,
  case when %(today)s::date - u.work_date <= 30 then 'up to 30 days'
    when %(today)s::date - u.work_date <= 60 then '31 to 60 days'
    when %(today)s::date - u.work_date <= 90 then '61 to 90 days' else 'over 90 days' end as part,
  case when u.currency is not null then u.amount end as numerator, null::numeric as denominator
from unbilled_line u join project p on p.id = u.project_id
