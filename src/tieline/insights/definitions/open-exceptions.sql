-- name: Open exceptions
-- group: Control
-- says: How many exceptions wait for a person.
-- formula: number of open exceptions
-- unit: count
-- figure: sum
-- better: lower
-- records: exceptions
-- day: the day it was opened
-- sources: exception_item
-- known: as of now
-- parts: kind
select 'exception' as record, i.id::text as record_id, i.message as label, l.engagement as engagement_id,
  i.legal_entity, null::text as currency, (i.opened_at at time zone 'UTC')::date as day, i.kind as part,
  1::numeric as numerator, null::numeric as denominator
from exception_item i left join lateral (select min(engagement) as engagement from exception_line
  where exception_id = i.id having count(distinct engagement) = 1) l on true
where i.closed_at is null
