-- name: Throughput
-- group: Control
-- says: How many records reached the system they were meant for.
-- formula: sum of records confirmed by their target
-- unit: count
-- figure: sum
-- better: neither
-- records: postings
-- day: the confirmation
-- sources: service_fact
-- known: final; kept for 400 days
-- parts: kind of work
select 'posting' as record, f.id::text as record_id, f.label, f.engagement as engagement_id, e.legal_entity,
  null::text as currency, (f.ended_at at time zone 'UTC')::date as day, f.tier as part, f.records::numeric as numerator,
  null::numeric as denominator
from service_fact f left join engagement e on e.id = f.engagement
