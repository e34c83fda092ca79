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
-- known: final once all time of the period is approved; by practice and customer the hours of a day belong to the
--   engagements worked for, in the measure of the approved time, and a day without any to the person's own practice;
--   billable time of people who are not in people.csv is counted as not known
-- parts: role
with worker as (
  select * from unnest(%(workers)s::text[], %(worker_entities)s::text[], %(worker_roles)s::text[],
    %(worker_homes)s::text[], %(worker_places)s::int[], %(joined)s::date[], %(left)s::date[])
    w (person, entity, role, home, place, joined, gone)),
away as (
  select person, day, sum(hours) as hours from time_off where day between %(first)s and %(last)s group by person, day),
available as (
  select w.person, d.day, greatest(d.hours - coalesce(a.hours, 0), 0) as hours
  from unnest(%(places)s::int[], %(days)s::date[], %(hours)s::numeric[]) d (place, day, hours)
    join worker w on w.place = d.place and d.day >= coalesce(w.joined, '-infinity')
      and d.day <= coalesce(w.gone, 'infinity')
    left join away a on a.person = w.person and a.day = d.day),
recorded as (
  select lower(t.person) as person, t.work_date as day, p.engagement_id,
    coalesce(sum(t.quantity) filter (where t.billable), 0) / 60 as billable,
    sum(t.quantity) / nullif(sum(sum(t.quantity)) over (partition by lower(t.person), t.work_date), 0) as share
  from project_transaction t left join project p on p.id = t.project_id
  where t.kind = 'time' and t.live and t.sign = 1 and t.work_date between %(first)s and %(last)s
    and t.state in ('checked', 'in_exception', 'written_off')
  group by 1, 2, 3)
select 'person day' as record, coalesce(person, '-') || ':' || day as record_id, coalesce(w.person, r.person) as label,
  r.engagement_id, w.entity as legal_entity, null::text as currency, day, w.role as part, w.home as home,
  case when w.person is not null then coalesce(r.billable, 0) end as numerator,
  case when w.person is not null then coalesce(a.hours, 0) * coalesce(r.share, 1) end as denominator
from available a full join recorded r using (person, day) left join worker w using (person)
where w.person is not null or r.billable > 0
