select coalesce(key, to_char(month, 'YYYY-MM')) as key, max(name) as name, currency, sum(numerator) as numerator,
  sum(denominator) filter (where numerator is not null) as denominator,
  count(numerator)::int as records, count(*) filter (where numerator is null)::int as missing
from (
  select numerator, denominator, currency, case %(by)s when 'customer' then customer end as name,
    case %(by)s when 'entity' then legal_entity when 'region' then region when 'practice' then practice when 'customer' then customer_id
      when 'part' then part end as key,
    case %(by)s when 'month' then date_trunc('month', day::timestamp) end as month
  from placed) grouped
group by grouped.key, month, currency order by 1 nulls last, currency nulls last
