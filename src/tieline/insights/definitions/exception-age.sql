-- name: Age of open exceptions
-- group: Control
-- says: How long open exceptions have been waiting.
-- formula: mean of (now - opened)
-- unit: days
-- figure: ratio
-- better: lower
-- records: exceptions
-- day: the day it was opened
-- sources: exception_item
-- known: as of now
select 'exception' as record, i.id::text as record_id, i.message as label, l.engagement as engagement_id,
  i.legal_entity, null::text as currency, (i.opened_at at time zone 'UTC')::date as day, i.kind as part,
  (%(today)s::date - (i.opened_at at time zone 'UTC')::date)::numeric as numerator, 1::numeric as denominator
from exception_item i left join lateral (select min(engagement) as engagement from exception_line
  where exception_id = i.id having count(distinct engagement) = 1) l on true
where i.closed_at is null
