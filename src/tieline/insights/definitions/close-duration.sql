-- name: Close duration
-- group: Billing
-- says: How long after its end a month is closed: all its billable work invoiced or written off.
-- formula: mean over legal entities and months of (last invoice date or write-off - last day of the month)
-- unit: days
-- figure: ratio
-- better: lower
-- records: months of legal entities
-- day: the month
-- sources: project_transaction (work_date, disposition, state), invoice.issued_on (ERP), written_off_line
-- known: final unless late work turns up; a month that is not closed yet is counted as not known
with bill as materialized (
  select id, (state->>'issued_on')::date as issued from invoice where status in ('open', 'partly_paid', 'paid')),
month as (
  select p.legal_entity, date_trunc('month', t.work_date::timestamp)::date as first,
    max(case when t.state = 'written_off' then (w.written_off_at at time zone 'UTC')::date
      else i.issued end) as last,
    bool_and(t.state = 'written_off' or i.id is not null) as closed
  from project_transaction t join project p on p.id = t.project_id
    left join invoice_line l on l.transaction_id = t.id
    left join bill i on i.id = l.invoice_id
    left join written_off_line w on w.transaction_id = t.id
  where t.live and t.sign = 1 and (t.state in ('checked', 'in_exception') and t.disposition = 'billable'
    or t.state in ('in_exception', 'written_off') and t.billable)
    and t.work_date < date_trunc('month', %(today)s::date::timestamp)
  group by 1, 2)
select 'month' as record, legal_entity || ' ' || to_char(first, 'YYYY-MM') as record_id,
  legal_entity || ' ' || to_char(first, 'YYYY-MM') as label, null::text as engagement_id, legal_entity,
  null::text as currency, first as day, null::text as part,
  case when closed then greatest(last - ((first + interval '1 month')::date - 1), 0) end::numeric as numerator,
  1::numeric as denominator
from month
