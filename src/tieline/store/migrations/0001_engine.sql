-- The thread and the engine: engagements, contracts, projects, the agenda of flows, effects, exceptions, audit.

create table connection (
  name text primary key, connector text not null, account text not null,
  paused_at timestamptz, paused_by text, pause_reason text);

create table engagement (
  id text primary key, name text not null, customer_id text not null, customer_name text not null,
  legal_entity text, currency text, opened_at timestamptz not null default clock_timestamp(), closed_at timestamptz);

create table engagement_opportunity (
  opportunity_id text primary key, engagement_id text not null references engagement);
create index on engagement_opportunity (engagement_id);

create table contract_version (
  contract_id text not null, version int not null, engagement_id text not null references engagement,
  schema_version int not null, body jsonb not null, activated_at timestamptz not null default clock_timestamp(),
  primary key (contract_id, version));
create index on contract_version (engagement_id);

create table project (
  id text primary key, engagement_id text not null references engagement, contract_id text not null,
  contract_version int not null, legal_entity text not null, currency text not null, code text not null,
  schema_version int not null, body jsonb not null, changed_at timestamptz not null default clock_timestamp());
create index on project (engagement_id);

create table record (                      -- last known copy of a canonical record of any other kind
  kind text not null, id text not null, engagement_id text, schema_version int not null, body jsonb not null,
  source_version bigint not null default 0, changed_at timestamptz not null default clock_timestamp(),
  primary key (kind, id)) with (fillfactor = 70);
create index on record (engagement_id, kind);

create table invoice (
  id text primary key, engagement_id text not null, project_id text not null, connection text not null,
  schema_version int not null, body jsonb not null,            -- what we proposed
  external_id text, number text, status text not null default 'proposed',
  state jsonb,                                                 -- InvoiceState as last read from the ERP
  proposed_at timestamptz not null default clock_timestamp(), changed_at timestamptz not null default clock_timestamp());
create index on invoice (engagement_id);
create index on invoice (project_id);

create table route (                       -- which connection plays a role for a record, pinned at first use
  record_id text not null, role text not null, connection text not null, primary key (record_id, role));

create table inbox (
  id bigint generated always as identity primary key, connection text not null, vendor_event_id text not null,
  kind text not null, engagement text, body jsonb, raw bytea, received_at timestamptz not null default clock_timestamp(),
  unique (connection, vendor_event_id));

create table feed_cursor (
  stream text primary key, position text, swept_at timestamptz, failures int not null default 0, problem text);

create table agenda (
  flow text not null, key text not null, engagement text not null, wanted bigint not null default 0,
  done bigint not null default 0, behind boolean generated always as (wanted > done) stored,
  reasons text[] not null default '{}', due_at timestamptz, failures int not null default 0,
  state text not null default 'new' check (state in ('new','done','retrying','waiting','blocked','standing_by')),
  note text, primary key (flow, key)) with (fillfactor = 70);
create index on agenda (due_at) where due_at is not null;
create index on agenda (flow) where behind;
create index on agenda (engagement);

create table lease (engagement text primary key, epoch bigint not null) with (fillfactor = 70);

create table run (
  id bigint generated always as identity primary key, flow text not null, key text not null, engagement text not null,
  epoch bigint not null, reasons text[], app_version text, started_at timestamptz not null, ended_at timestamptz,
  state text not null, note text, steps jsonb);
create index on run (flow, key, id desc);
create index on run (engagement, id desc);

create table effect (
  id bigint generated always as identity primary key, connection text not null, target text not null,
  subject text not null, engagement text not null, flow text not null, key text not null, label text not null,
  run_id bigint, state text not null check (state in
    ('intended','confirmed','rejected','refused_for_now','in_doubt','accepted','drifted','released','withdrawn')),
  generation int not null default 1, attempts int not null default 1, ordinal int not null default 1,
  epoch bigint not null, create_key text not null, content_hash bytea not null, confirmed_hash bytea, content jsonb,
  source_version bigint, external_id text, handle text, sent_at timestamptz, quarantine_until timestamptz,
  retry_at timestamptz, failures int not null default 0, problem jsonb, retired_at timestamptz,
  changed_at timestamptz not null default clock_timestamp(), unique (connection, target, subject)) with (fillfactor = 70);
create index on effect (engagement);
create index on effect (flow, key);
create index on effect (state) where state <> 'confirmed';

create table shadow_effect (               -- what would have been sent in mode `shadow`
  connection text not null, target text not null, subject text not null, engagement text not null, flow text not null,
  label text not null, content jsonb not null, recorded_at timestamptz not null default clock_timestamp(),
  primary key (connection, target, subject));
create index on shadow_effect (engagement);

create table cross_reference (
  connection text not null, target text not null, subject text not null, external_id text not null,
  primary key (connection, target, subject), unique (connection, target, external_id));

create table exception_item (
  id bigint generated always as identity primary key, kind text not null, cause text not null, connection text,
  field text, key text, legal_entity text, message text not null, suggestion text, owner text not null,
  opened_at timestamptz not null default clock_timestamp(), closed_at timestamptz, closed_by text, closing_note text,
  retry_by text);                          -- who asked to try its transactions again, until that is done
create unique index exception_one_open on exception_item (cause) where closed_at is null;

create table exception_line (              -- a transaction or a flow instance that waits for the exception
  exception_id bigint not null references exception_item, transaction_id bigint, flow text, key text, engagement text,
  label text, target text, subject text, amount numeric, currency text,
  check (num_nonnulls(transaction_id, flow) = 1));
create unique index on exception_line (exception_id, transaction_id) where transaction_id is not null;
create unique index on exception_line (exception_id, flow, key) where flow is not null;
create index on exception_line (transaction_id);
create index on exception_line (flow, key);
create index on exception_line (engagement);

create table approval (
  id bigint generated always as identity primary key, flow text not null, key text not null, label text not null,
  content_hash bytea not null, content jsonb not null, state text not null default 'asked'
    check (state in ('asked','approved','declined','void')),
  asked_at timestamptz not null default clock_timestamp(), decided_by text, decided_at timestamptz, reason text);
create unique index on approval (flow, key, label) where state in ('asked', 'approved', 'declined');

create table audit_event (
  id bigint generated always as identity, at timestamptz not null default clock_timestamp(), engagement text,
  run_id bigint, actor text not null default 'tieline', action text not null, object text, detail jsonb,
  primary key (id, at)) partition by range (at);
create table audit_event_all partition of audit_event default;
create index on audit_event (engagement, id);

create table pause (                       -- what stands still by a person's or the change guard's decision
  scope text not null check (scope in ('connection', 'flow', 'entity')), name text not null, reason text not null,
  paused_by text not null, paused_at timestamptz not null default clock_timestamp(), primary key (scope, name));

create table limit_bucket (
  account text primary key, tokens double precision not null, refilled_at timestamptz not null default clock_timestamp());

create table circuit (
  connection text primary key, failures int not null default 0, opened_at timestamptz, retry_at timestamptz, reason text);

create table change_count (                -- records written an hour, for the change guard
  connection text not null, flow text not null, hour timestamptz not null, records int not null default 0,
  money jsonb not null default '{}', allowed_by text, primary key (connection, flow, hour));
