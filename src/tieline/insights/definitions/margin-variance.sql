-- name: Margin against budget
-- group: Margin
-- says: By how many points the margin of a project is better or worse than planned.
-- formula: (margin - planned margin x billable work / planned revenue) / billable work
-- unit: percent
-- figure: ratio
-- better: higher
-- records: projects
-- day: the start of the project
-- sources: project.budget (revenue, cost), project_transaction (amount, cost_rate, disposition),
--   erp_cost (cost, counted)
-- known: final when the project is; a project without a planned cost, or with a cost that is unknown or in another
--   currency, is counted as not known
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity, p.currency,
  (p.body->>'start_date')::date as day, null::text as part,
  case when s.known then s.revenue - s.cost - round(s.revenue * (b.revenue - b.cost) / nullif(b.revenue, 0), 2) end
    as numerator, s.revenue as denominator
from project p
  cross join lateral (select (p.body->'budget'->'revenue'->>'amount')::numeric as revenue,
    case when p.body->'budget'->'cost'->>'currency' = p.currency then (p.body->'budget'->'cost'->>'amount')::numeric end
      as cost) b
  join (
    select project_id, sum(revenue) as revenue, sum(cost) as cost, bool_and(known) as known from (
      select t.project_id, coalesce(sum(t.amount) filter (where t.disposition = 'billable' and t.state = 'checked'), 0)
          as revenue,
        coalesce(sum(case when t.kind = 'time' then round(t.quantity * t.cost_rate / 60, 2)
          when not cost_is_in_erp(t.kind, t.attributes) then t.cost_rate end), 0) as cost,
        bool_and(t.kind not in ('time', 'expense') or t.cost_rate is not null and t.cost_currency = q.currency
          or cost_is_in_erp(t.kind, t.attributes)) as known
      from project_transaction t join project q on q.id = t.project_id
      where t.live and t.sign = 1 and t.state in ('checked', 'in_exception') group by 1
      union all
      select project_id, 0, coalesce(sum(cost), 0), bool_and(cost is not null)
      from erp_cost where live and counted group by 1) parts
    group by 1) s on s.project_id = p.id
