-- name: Satisfaction
-- group: Customers
-- says: How satisfied customers are, of a hundred.
-- formula: sum of the scores given / (100 x scores given)
-- unit: percent
-- figure: ratio
-- better: higher
-- records: scores
-- day: the day it was told
-- sources: satisfaction (what was told of engagements); the CRM's own field of a customer is not in it
-- known: final per score
select 'score' as record, s.id::text as record_id, e.name as label, s.engagement_id, e.legal_entity,
  null::text as currency, (s.told_at at time zone 'UTC')::date as day, null::text as part, s.score as numerator,
  100::numeric as denominator
from satisfaction s join engagement e on e.id = s.engagement_id
