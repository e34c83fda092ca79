-- name: Time to mend an exception
-- group: Control
-- says: How long an exception waits until it is mended.
-- formula: mean of (closed - opened)
-- unit: days
-- figure: ratio
-- better: lower
-- records: exceptions
-- day: the day it was closed
-- sources: exception_item
-- known: final per exception; open ones are not in it
-- parts: kind
select 'exception' as record, i.id::text as record_id, i.message as label, l.engagement as engagement_id,
  i.legal_entity, null::text as currency, (i.closed_at at time zone 'UTC')::date as day, i.kind as part,
  round(extract(epoch from i.closed_at - i.opened_at) / 86400, 2) as numerator, 1::numeric as denominator
from exception_item i left join lateral (select min(engagement) as engagement from exception_line
  where exception_id = i.id having count(distinct engagement) = 1) l on true
where i.closed_at is not null
