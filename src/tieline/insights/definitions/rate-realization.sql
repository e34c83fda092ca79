-- name: Rate realization
-- group: Margin
-- says: What an hour of billable time is worth under the contracts, compared with the firm's standard rates.
-- formula: value of billable time at contract rates / the same hours at the standard rate of role, currency and day
-- unit: percent
-- figure: ratio
-- better: higher
-- records: lines
-- day: the day of the work
-- sources: project_transaction (quantity, role, amount), standard rates of the site
-- known: final with the approval, but for corrections; time of a role without a standard rate is counted as not known
select 'line' as record, t.id::text as record_id, p.code as label, p.engagement_id, p.legal_entity, t.currency,
  t.work_date as day, null::text as part, case when s.rate is not null then t.amount end as numerator,
  round(t.quantity * s.rate / 60, 2) as denominator
from project_transaction t join project p on p.id = t.project_id
  left join standard s on s.role = t.role and s.currency = t.currency and t.work_date >= s.valid_from
    and t.work_date < s.valid_to
where t.kind = 'time' and t.live and t.sign = 1 and t.state = 'checked' and t.billable and t.amount is not null
