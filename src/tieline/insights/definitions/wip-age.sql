-- name: Age of work in progress
-- group: Billing
-- says: How many days ago unbilled work was done, weighted by its amount.
-- formula: sum of (amount x days since the work) / sum of amounts, of billable lines on no invoice
-- unit: days
-- figure: ratio
-- better: lower
-- records: lines
-- day: the day of the work
-- sources: project_transaction (amount, work_date, disposition, state), invoice_line
-- known: as of now: it rises by one each day, and falls with every invoice
select 'line' as record, u.id::text as record_id, p.code as label, p.engagement_id, p.legal_entity,
  coalesce(u.currency, p.currency) as currency, u.work_date as day, null::text as part,
  case when u.currency is not null then u.amount * (%(today)s::date - u.work_date) end as numerator,
  u.amount as denominator
from unbilled_line u join project p on p.id = u.project_id
