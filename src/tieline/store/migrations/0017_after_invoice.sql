-- After the invoice: what people did about open invoices, how engagements do, and how satisfied customers are.

create table invoice_action (                -- append-only
  id bigint generated always as identity primary key, invoice_id text not null references invoice,
  kind text not null check (kind in ('dispute', 'settle', 'promise', 'remind', 'call', 'note')), note text,
  promised_on date, acted_by text not null, acted_at timestamptz not null default clock_timestamp(),
  check ((kind = 'promise') = (promised_on is not null)));
create index on invoice_action (invoice_id, id);

create table satisfaction (                  -- append-only: what customers said of an engagement, 0 to 100
  id bigint generated always as identity primary key, engagement_id text not null references engagement,
  score numeric not null check (score between 0 and 100), told_by text not null,
  told_at timestamptz not null default clock_timestamp());
create index on satisfaction (engagement_id, id);

create table outlook (                       -- how an engagement does, as last looked at; `body` is its Outlook
  engagement_id text primary key, customer_id text not null, colour text not null, schema_version int not null,
  body jsonb not null, since timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp());
create index on outlook (customer_id);
