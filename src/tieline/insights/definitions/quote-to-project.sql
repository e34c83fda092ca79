-- name: Quote to project
-- group: From deal to delivery
-- says: How long it takes from the signature until the project stands in PSA and ERP.
-- formula: mean of (first moment at which every system of the project has confirmed it - signature)
-- unit: days
-- figure: ratio
-- better: lower
-- records: projects
-- day: the signature, or the first contract version where the CRM tells no signature
-- sources: contract_version.signed_on (CRM), engagement.opened_at, route, audit_event (confirmations of the systems)
-- known: final once every system has confirmed the project; one that is not everywhere yet is counted as not known
select 'project' as record, p.id as record_id, p.code as label, p.engagement_id, p.legal_entity,
  null::text as currency, (w.won at time zone 'UTC')::date as day, null::text as part,
  round(extract(epoch from s.there - w.won) / 86400, 2) as numerator, 1::numeric as denominator
from project p join engagement e on e.id = p.engagement_id
  cross join lateral (
    select coalesce(min((v.body->>'signed_on')::date)::timestamp at time zone 'UTC', e.opened_at) as won
    from contract_version v where v.contract_id = p.contract_id) w
  cross join lateral (select case when bool_and(c.at is not null) then max(c.at) end as there
    from route r left join lateral (select min(a.at) as at from audit_event a
      where a.engagement = p.engagement_id and a.action = 'effect.confirmed'
        and a.object = r.connection || ':project:' || p.id) c on true
    where r.record_id = p.id) s
