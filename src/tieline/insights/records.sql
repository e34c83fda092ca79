select record, record_id, left(label, 200) as label, engagement_id, engagement, legal_entity, practice, customer,
  currency, day, part, numerator, denominator
from placed order by abs(numerator) desc nulls last, record_id, day, part limit %(limit)s offset %(after)s
