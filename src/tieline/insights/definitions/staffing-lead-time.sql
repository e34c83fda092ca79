-- name: Staffing lead time
-- group: From deal to delivery
-- says: How long a project waits for its first confirmed person.
-- formula: mean of (first cost forecast confirmed by the ERP - activation of the contract)
-- unit: days
-- figure: ratio
-- better: lower
-- records: projects
-- day: the activation of the contract's first version
-- sources: contract_version.activated_at, audit_event (confirmations of cost forecasts, one per confirmed assignment)
-- known: final with the first confirmed assignment; people without a cost rate have no forecast and are not seen, and a
--   project without any is counted as not known
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity,
  null::text as currency, (v.activated_at at time zone 'UTC')::date as day, null::text as part,
  round(extract(epoch from s.at - v.activated_at) / 86400, 2) as numerator, 1::numeric as denominator
from project p join contract_version v on v.contract_id = p.contract_id and v.version = 1
  cross join lateral (select min(a.at) as at
    from effect f join audit_event a on a.engagement = p.engagement_id and a.action = 'effect.confirmed'
      and a.object = f.connection || ':cost_forecast:' || f.subject
    where f.flow = 'staffing' and f.key = p.id and f.target = 'cost_forecast') s
