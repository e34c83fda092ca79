-- name: Utilization reporting latency
-- group: Work and time
-- says: How many days after the work approved time is here to be reported.
-- formula: mean over approved time entries of (day the entry was read - day of the work)
-- unit: days
-- figure: ratio
-- better: lower
-- records: lines
-- day: the day of the work
-- sources: pull_page.pulled_at, project_transaction.work_date
-- known: rises while entries of the period are still approved; a corrected entry counts with its correction
with page as materialized (select id, (pulled_at at time zone 'UTC')::date as day from pull_page)
select 'line' as record, t.id::text as record_id, p.code as label, p.engagement_id,
  coalesce(p.legal_entity, t.legal_entity) as legal_entity, null::text as currency, t.work_date as day,
  null::text as part, (g.day - t.work_date)::numeric as numerator,
  1::numeric as denominator
from project_transaction t left join project p on p.id = t.project_id left join page g on g.id = t.page_id
where t.kind = 'time' and t.live and t.sign = 1 and t.state in ('checked', 'in_exception', 'written_off')
