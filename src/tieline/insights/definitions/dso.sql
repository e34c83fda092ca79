-- name: Days sales outstanding
-- group: Cash
-- says: How many days of billing customers still owe.
-- formula: for each month (what customers owe at its end x its days) / what was invoiced in it, tax included; several
--   months are added up above and below the line; without a period: this month and the two before
-- unit: days
-- figure: ratio
-- better: lower
-- records: invoices, once for each month at whose end they exist
-- day: the month
-- sources: invoice.issued_on, total, paid (ERP), payment.paid_on (ERP)
-- known: a month is final when its payments are; one the ERP tells without a day counts as paid always
with bill as materialized (
  select i.*, (i.state->>'issued_on')::date as issued, (i.state->'total'->>'amount')::numeric as total,
    (i.state->'paid'->>'amount')::numeric as paid from invoice i
  where i.status in ('open', 'partly_paid', 'paid') and i.state->>'issued_on' is not null),
month as (                                 -- none before the first invoice, however long the period
  select m::date as first, least((m + interval '1 month')::date - 1, %(today)s::date) as last
  from generate_series(
    date_trunc('month', greatest((select min(issued) from bill), coalesce(%(since)s::date,
      (least(%(until)s::date, %(today)s::date) - interval '2 months')::date))::timestamp),
    least(%(until)s::date, %(today)s::date)::timestamp, interval '1 month') m)
select 'invoice' as record, b.id as record_id, coalesce(b.number, b.id) as label, b.engagement_id, p.legal_entity,
  b.state->'total'->>'currency' as currency, m.first as day, null::text as part,
  (b.total - b.paid + coalesce(later.amount, 0)) * (m.last - m.first + 1) as numerator,
  case when b.issued >= m.first then b.total else 0 end as denominator
from month m join bill b on b.issued <= m.last join project p on p.id = b.project_id
  left join lateral (select sum((r.body->'amount'->>'amount')::numeric) as amount from record r
    where r.engagement_id = b.engagement_id and r.kind = 'payment' and r.body->>'invoice_ref' = b.external_id
      and (r.body->>'paid_on')::date > m.last) later on true
where b.issued >= m.first or b.total <> b.paid or later.amount <> 0
