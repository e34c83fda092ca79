-- name: Write-off rate
-- group: Billing
-- says: How much of the billable work was given up.
-- formula: amount written off or down / amount of all billable work, expenses included
-- unit: percent
-- figure: ratio
-- better: lower
-- records: lines
-- day: the day of the work, of a write-down that of the decision
-- sources: project_transaction (amount, kind, billable, state), written_off_line
-- known: final once all work of the period is invoiced or written off; work without a price is counted as not known
select 'line' as record, t.id::text as record_id, p.code as label, p.engagement_id, p.legal_entity,
  coalesce(t.currency, p.currency) as currency, t.work_date as day, null::text as part,
  case when t.kind = 'adjustment' then greatest(-t.amount, 0) when t.state = 'written_off' then t.amount
    else t.amount * 0 end as numerator,
  case when t.kind = 'adjustment' then 0 else t.amount end as denominator
from project_transaction t join project p on p.id = t.project_id
where t.live and t.sign = 1 and (t.state in ('checked', 'in_exception') and t.disposition = 'billable'
  or t.state in ('in_exception', 'written_off') and t.billable)
