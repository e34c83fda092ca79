-- name: Decisions by people
-- group: Control
-- says: How often a person had to decide something.
-- formula: number of approvals decided, exceptions closed by a person, and pairs of records judged
-- unit: count
-- figure: sum
-- better: lower
-- records: decisions
-- day: the decision
-- sources: approval, exception_item.closed_by, match_pair
-- known: final; what people do in the other systems is not in it
-- parts: what was decided
select 'decision' as record, d.record_id, left(d.label, 200) as label, d.engagement_id,
  coalesce(d.legal_entity, e.legal_entity) as legal_entity, null::text as currency,
  (d.at at time zone 'UTC')::date as day, d.part, 1::numeric as numerator, null::numeric as denominator
from (
  select 'approval ' || a.id as record_id, a.label, g.engagement as engagement_id, null::text as legal_entity,
    a.decided_at as at, 'approvals' as part
  from approval a left join agenda g on g.flow = a.flow and g.key = a.key
  where a.state in ('approved', 'declined') and a.decided_by is not null
  union all
  select 'exception ' || i.id, i.message, null, i.legal_entity, i.closed_at, 'exceptions'
  from exception_item i where i.closed_at is not null and i.closed_by <> 'tieline'
  union all
  select 'pair ' || m.id, m.one || ' and ' || m.other, null, null, m.decided_at, 'pairs of records'
  from match_pair m where m.decided_by is not null and m.decided_at is not null) d
  left join engagement e on e.id = d.engagement_id
