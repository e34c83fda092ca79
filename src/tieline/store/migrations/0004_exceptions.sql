-- The exception queue in full: who owns what by when, corrections of single fields, postponing and writing off.

create table owner_rule (                  -- the site's, the first that fits decides; null fits all
  position int primary key, kinds text[], domains text[], legal_entities text[], owner text not null);
create table sla_rule (
  position int primary key, kinds text[], owners text[], due interval not null, at_risk interval not null);

alter table exception_item
  add column domain text,                  -- the team the problem itself names; the rules may give it to somebody else
  add column due_at timestamptz not null default clock_timestamp() + interval '24 hours',
  add column at_risk_at timestamptz not null default clock_timestamp() + interval '18 hours',
  add column assigned_by text,             -- given by a person: the rules do not take it away
  add column postponed_until timestamptz,
  add column postponed_by text;
update exception_item set domain = owner, due_at = opened_at + interval '24 hours',
  at_risk_at = opened_at + interval '18 hours';
create index exception_open_due on exception_item (due_at, id) where closed_at is null;
create index exception_open_age on exception_item (opened_at, id) where closed_at is null;
create index exception_asked on exception_item (id) where retry_by is not null;

alter table exception_line add column records jsonb; -- what the waiting flow instance read, as its source holds it

create table field_override (              -- a person's correction of one field, as long as the source holds `old`
  id bigint generated always as identity primary key, record text not null, record_id text not null, field text not null,
  old jsonb not null, new jsonb not null, person text not null, reason text not null, exception_id bigint not null,
  made_at timestamptz not null default clock_timestamp(), voided_at timestamptz, void_note text);
create unique index on field_override (record, record_id, field) where voided_at is null;
create index on field_override (exception_id);

create table write_off (                   -- proposed by one person, confirmed by another
  id bigint generated always as identity primary key, exception_id bigint not null references exception_item,
  line_ids bigint[] not null, money jsonb not null default '{}', reason text not null,
  proposed_by text not null, proposed_at timestamptz not null default clock_timestamp(),
  state text not null default 'proposed' check (state in ('proposed', 'confirmed', 'withdrawn')),
  decided_by text, decided_at timestamptz);
create unique index on write_off (exception_id) where state = 'proposed';

create table written_off_line (            -- append-only
  transaction_id bigint primary key, write_off_id bigint not null references write_off,
  written_off_at timestamptz not null default clock_timestamp());
create index on written_off_line (write_off_id);
