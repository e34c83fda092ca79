-- How the key figures were before: as measured on a day, or as the firm brought them from before the start.
create table kpi_baseline (
  id bigint generated always as identity primary key, name text not null,
  origin text not null check (origin in ('measured', 'brought')), since date, until date,
  taken_by text not null, taken_at timestamptz not null default clock_timestamp());

create table kpi_baseline_figure (         -- no legal entity: of the whole firm; no currency: of all of them, or of none
  baseline_id bigint not null references kpi_baseline, kpi text not null, legal_entity text, currency text,
  value numeric not null, records int, note text,
  unique nulls not distinct (baseline_id, kpi, legal_entity, currency));
create index on kpi_baseline_figure (kpi, legal_entity, baseline_id desc);

-- Key figures over all lines may use several processes.
alter function customer_up(text) parallel safe;
