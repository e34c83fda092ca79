-- name: Time waiting for approval
-- group: Work and time
-- says: How much of the time people handed in is not approved yet.
-- formula: minutes on timesheets nobody has decided on / (those minutes + approved minutes)
-- unit: percent
-- figure: ratio
-- better: lower
-- records: time entries
-- day: the day of the work
-- sources: pending timesheets (PSA), project_transaction (quantity)
-- known: as of now: it falls with each approval; where the PSA does not tell what was handed in, it is 0 %
select 'time entry' as record, s.id as record_id, p.code as label, p.engagement_id, p.legal_entity,
  null::text as currency, s.day, null::text as part, s.minutes::numeric as numerator, s.minutes::numeric as denominator
from submitted_time s left join project p on p.id = s.project_id
union all
select 'line', t.id::text, p.code, p.engagement_id, coalesce(p.legal_entity, t.legal_entity), null, t.work_date, null,
  0, t.quantity
from project_transaction t left join project p on p.id = t.project_id
where t.kind = 'time' and t.live and t.sign = 1 and t.state in ('checked', 'in_exception', 'written_off')
