-- Around the rows of every definition: whose engagement it is, and the scope that was asked for.
with deal as (
  select e.id as engagement_id, left(e.name, 200) as engagement, left(e.customer_name, 200) as customer,
    case when exists (select from merged_customer m where m.id = e.customer_id)
      then (select u.id from customer_up(e.customer_id) u order by u.depth desc limit 1) else e.customer_id end
      as customer_id,
    coalesce(v.body->'dimensions'->>'practice', v.body->>'service_line') as practice
  from engagement e
    left join lateral (select body from contract_version c where c.engagement_id = e.id order by version desc limit 1) v
      on true),
standard as (
  select role, currency, rate, valid_from, coalesce(least(valid_to,
    lead(valid_from) over (partition by role, currency order by valid_from)), 'infinity') as valid_to
  from unnest(%(roles)s::text[], %(currencies)s::text[], %(rates)s::numeric[], %(froms)s::date[], %(tos)s::date[])
    s (role, currency, rate, valid_from, valid_to)),
fact as (
{definition}
),
placed as (
  select f.*, d.engagement, d.customer_id, d.customer, {practice} as practice, r.region
  from fact f left join deal d on d.engagement_id = f.engagement_id
    left join unnest(%(entities)s::text[], %(regions)s::text[]) r (entity, region) on r.entity = f.legal_entity
  where (%(entity)s::text is null or f.legal_entity = %(entity)s)
    and (%(currency)s::text is null or f.currency = %(currency)s)
    and (%(since)s::date is null or f.day >= %(since)s) and (%(until)s::date is null or f.day <= %(until)s)
    and (%(practice)s::text is null or {practice} = %(practice)s)
    and (%(customer)s::text is null or d.customer_id = %(customer)s or d.customer = %(customer)s))
