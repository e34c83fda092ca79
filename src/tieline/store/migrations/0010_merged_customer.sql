-- Customers of a CRM that were merged into others: what each became.
create table merged_customer (
  id text primary key, master_id text not null, merged_at timestamptz not null default clock_timestamp(),
  check (id <> master_id));
create index on merged_customer (master_id);
