-- name: Billable share of recorded time
-- group: Work and time
-- says: How much of the approved time is billable.
-- formula: billable minutes / all approved minutes (utilization is that of the hours people could work)
-- unit: percent
-- figure: ratio
-- better: higher
-- records: lines
-- day: the day of the work
-- sources: project_transaction (quantity, billable)
-- known: final once all time of the period is approved; corrections move it
select 'line' as record, t.id::text as record_id, p.code as label, p.engagement_id,
  coalesce(p.legal_entity, t.legal_entity) as legal_entity, null::text as currency, t.work_date as day,
  null::text as part, case when t.billable then t.quantity else 0 end as numerator, t.quantity as denominator
from project_transaction t left join project p on p.id = t.project_id
where t.kind = 'time' and t.live and t.sign = 1 and t.state in ('checked', 'in_exception', 'written_off')
