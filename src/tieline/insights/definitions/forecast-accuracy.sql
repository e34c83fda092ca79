-- name: Forecast accuracy
-- group: Margin
-- says: How near the cost of the time of finished projects came to what was planned.
-- formula: (planned cost - difference between planned cost and cost of time, at most the planned cost) / planned cost
-- unit: percent
-- figure: ratio
-- better: higher
-- records: projects that have ended
-- day: the end of the project
-- sources: project.budget.cost (the plan of the newest contract version), project_transaction (cost_rate, cost_currency)
-- known: final when all time of the project is approved; a project without a planned cost, or with a cost that is unknown
--   or in another currency, is counted as not known
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity, p.currency,
  b.ends_on as day, null::text as part,
  case when s.known and b.planned > 0 then greatest(b.planned - abs(b.planned - s.cost), 0) end as numerator, b.planned as denominator
from project p join engagement e on e.id = p.engagement_id and e.closed_at is null
  cross join lateral (select (p.body->>'end_date')::date as ends_on,
    case when p.body->'budget'->'cost'->>'currency' = p.currency then (p.body->'budget'->'cost'->>'amount')::numeric end
      as planned) b
  join (
    select t.project_id,
      sum(case t.kind when 'time' then round(t.quantity * t.cost_rate / 60, 2) else 0 end) as cost,
      bool_and(t.kind <> 'time' or t.cost_rate is not null and t.cost_currency = q.currency) as known
    from project_transaction t join project q on q.id = t.project_id
    where t.live and t.sign = 1 and t.state in ('checked', 'in_exception') group by 1) s on s.project_id = p.id
where b.ends_on < %(today)s::date
