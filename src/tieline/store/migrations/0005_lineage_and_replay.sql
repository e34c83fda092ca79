-- Lineage and replay: what each target last confirmed, which record an event told of, and replays with their items.

alter table effect add column confirmed_content jsonb;      -- to be compared with, before something is sent again
alter table inbox add column external_id text;              -- the vendor's id of the record; older rows have it in the event's id
create index inbox_received on inbox (received_at);
create index agenda_key on agenda (key);                    -- every process about one record
create index invoice_transactions on invoice using gin
  (jsonb_path_query_array(body, '$.lines[*].transaction_ids[*]') jsonb_path_ops);

create table replay (
  id bigint generated always as identity primary key, scope jsonb not null, told text not null,
  requested_by text not null, requested_at timestamptz not null default clock_timestamp(),
  state text not null default 'running' check (state in ('running', 'done', 'stopped')),
  items int not null default 0,              -- flow instances to be woken
  looked int not null default 0,             -- of those: have run since
  lines int not null default 0,              -- source lines to be read again
  lines_read int not null default 0, lines_changed int not null default 0, lines_gone int not null default 0,
  lines_after bigint not null default 0,     -- the transaction the reading has come to
  lines_until bigint not null default 0,
  problem text, rests_until timestamptz, ended_at timestamptz, stopped_by text);
create unique index replay_one_running on replay (md5(scope::text)) where state = 'running';

create table replay_item (                   -- gone when the replay has ended
  replay_id bigint not null references replay on delete cascade, flow text not null, key text not null,
  engagement text not null, wanted bigint,   -- the agenda's number once it was woken
  primary key (replay_id, flow, key));
