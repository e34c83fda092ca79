-- name: Margin
-- group: Margin
-- says: What is left of the value of billable work after the cost of people, expenses and suppliers.
-- formula: (billable work - cost of all approved time and expenses - costs born in the ERP) / billable work
-- unit: percent
-- figure: ratio
-- better: higher
-- records: months of projects
-- day: the month of the work
-- sources: project_transaction (amount, cost_rate, cost_currency, disposition), erp_cost (cost, day, counted)
-- known: moves with every approval and correction; of a fixed price only over the whole project; a month with a cost
--   that is unknown or in another currency is counted as not known
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity, p.currency,
  s.month as day, null::text as part, case when s.known then s.revenue - s.cost end as numerator,
  s.revenue as denominator
from project p join (
  select project_id, month, sum(revenue) as revenue, sum(cost) as cost, bool_and(known) as known from (
    select t.project_id, date_trunc('month', t.work_date::timestamp)::date as month,
      coalesce(sum(t.amount) filter (where t.disposition = 'billable' and t.state = 'checked'), 0) as revenue,
      coalesce(sum(case when t.kind = 'time' then round(t.quantity * t.cost_rate / 60, 2)
        when not cost_is_in_erp(t.kind, t.attributes) then t.cost_rate end), 0) as cost,
      bool_and(t.kind not in ('time', 'expense') or t.cost_rate is not null and t.cost_currency = q.currency
        or cost_is_in_erp(t.kind, t.attributes)) as known
    from project_transaction t join project q on q.id = t.project_id
    where t.live and t.sign = 1 and t.state in ('checked', 'in_exception') group by 1, 2
    union all
    select project_id, date_trunc('month', day::timestamp)::date, 0, coalesce(sum(cost), 0),
      bool_and(cost is not null) from erp_cost where live and counted group by 1, 2) parts
  group by 1, 2) s on s.project_id = p.id
