-- name: Utilization
-- group: Work and time
-- says: How much of the time people could work is approved and billable.
-- formula: approved billable hours / hours the calendar leaves (weekday hours, less public holidays, part-time and
--   time off), up to today; of the last twelve months where no period is asked for, and of three years at most
-- unit: percent
-- figure: ratio
-- better: higher
-- records: person days
-- day: the day of the work
-- sources: people.csv and [working_time] of the site, time off (PSA), project_transaction (quantity, billable)
-- known: final once all time of the period is approved; it has no practice and no customer, since a person's day has
--   none; billable time of people who are not in people.csv is counted as not known
-- parts: role
with worker as (
  select * from unnest(%(workers)s::text[], %(worker_entities)s::text[], %(worker_roles)s::text[],
    %(worker_places)s::int[], %(joined)s::date[], %(left)s::date[]) w (person, entity, role, place, joined, gone)),
away as (
  select person, day, sum(hours) as hours from time_off where day between %(first)s and %(last)s group by person, day),
available as (
  select w.person, d.day, greatest(d.hours - coalesce(a.hours, 0), 0) as hours
  from unnest(%(places)s::int[], %(days)s::date[], %(hours)s::numeric[]) d (place, day, hours)
    join worker w on w.place = d.place and d.day >= coalesce(w.joined, '-infinity')
      and d.day <= coalesce(w.gone, 'infinity')
    left join away a on a.person = w.person and a.day = d.day),
recorded as (
  select lower(t.person) as person, t.work_date as day, sum(t.quantity) / 60 as hours
  from project_transaction t
  where t.kind = 'time' and t.live and t.sign = 1 and t.billable and t.work_date between %(first)s and %(last)s
    and t.state in ('checked', 'in_exception', 'written_off')
  group by 1, 2)
select 'person day' as record, coalesce(person, '-') || ':' || day as record_id, coalesce(w.person, r.person) as label,
  null::text as engagement_id, w.entity as legal_entity, null::text as currency, day, w.role as part,
  case when w.person is not null then coalesce(r.hours, 0) end as numerator,
  case when w.person is not null then coalesce(a.hours, 0) end as denominator
from available a full join recorded r using (person, day) left join worker w using (person)
where w.person is not null or r.hours > 0
