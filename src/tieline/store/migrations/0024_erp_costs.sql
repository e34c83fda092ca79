-- Costs born in the ERP: each version of a line of a supplier's bill, credit or expense report that names a project.
create table erp_cost (
  id bigint generated always as identity primary key, connection text not null, cost_id text not null,
  document text not null, version bigint not null, project_ref text not null, kind text not null, day date not null,
  body jsonb not null, source jsonb not null, -- as we read it, and the vendor's own row
  live boolean not null default true,         -- how it stands in the ERP
  project_id text, cost numeric,              -- in the project's currency; null: no rate is known
  counted boolean not null default false,     -- false: its kind of cost is taken from the PSA
  valued_by text,
  seen_at timestamptz not null default clock_timestamp(), ended_at timestamptz, end_note text);
create unique index erp_cost_live on erp_cost (connection, cost_id) where live;
create index on erp_cost (connection, document) where live;
create index on erp_cost (connection, project_ref) where live;
create index on erp_cost (project_id, day);

-- Expense categories of the PSA whose cost the ERP tells; the site's rules, kept here for key figures. '' is any other.
create table expense_source (category text primary key, in_erp boolean not null);

create function cost_is_in_erp(kind text, attributes jsonb) returns boolean language sql stable as $$
  select kind = 'expense' and coalesce(
    (select e.in_erp from expense_source e where e.category = lower(attributes->>'category')),
    (select e.in_erp from expense_source e where e.category = ''), false)
$$;
