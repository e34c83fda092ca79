-- Service levels, what the governor learns of vendor accounts, call figures, and alerts.

alter table agenda add column since timestamptz;   -- the service clock: when this became ours to do, until it is done

alter table limit_bucket                     -- `tokens` is what anybody may take
  add column factor double precision not null default 1,        -- learned from 429s, recovers slowly
  add column at_once double precision not null default 1,       -- the same for calls side by side
  add column lowered_at timestamptz, add column rest_until timestamptz,
  add column pools jsonb not null default '{}',                 -- tier -> tokens of its own
  add column asked jsonb not null default '{}';                 -- tier -> when it last wanted one, in seconds

create table call_minute (                   -- calls of a connection by minute; `buckets` by seconds, see limits_calls.py
  connection text not null, minute timestamptz not null, calls int not null, failed int not null, throttled int not null,
  seconds double precision not null, buckets int[] not null, primary key (connection, minute));

create table call_total (                    -- the same since ever, for Prometheus
  connection text primary key, calls bigint not null, failed bigint not null, throttled bigint not null,
  seconds double precision not null, buckets bigint[] not null);

create table service_fact (                  -- append-only: how long records took from the event to the target's word
  id bigint generated always as identity primary key, tier text not null, connection text not null, engagement text,
  label text not null, object text, started_at timestamptz not null, ended_at timestamptz not null,
  records int not null default 1);
create index on service_fact (tier, ended_at);
create index on service_fact (ended_at);

alter table posting_batch add column measured boolean not null default true; -- batches of before are not measured
alter table posting_batch alter column measured set default false;
create index posting_batch_unmeasured on posting_batch (id) where state = 'done' and not measured;

create table alert (                         -- one open alert per cause
  id bigint generated always as identity primary key, cause text not null, kind text not null, title text not null,
  message text not null, link text not null, opened_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(), resolved_at timestamptz);
create unique index alert_one_open on alert (cause) where resolved_at is null;

create table alert_message (                 -- what people are told, kept until it has arrived
  id bigint generated always as identity primary key, alert_id bigint not null references alert, channel text not null,
  news text not null check (news in ('raised', 'resolved')),
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'given_up')),
  attempts int not null default 0, due_at timestamptz not null default clock_timestamp(), problem text,
  made_at timestamptz not null default clock_timestamp(), sent_at timestamptz);
create index on alert_message (due_at) where state = 'waiting';
create index on alert_message (alert_id);

-- Billable work on no invoice. A charge that was reversed before it was invoiced is not live any more, and its reversal
-- credits nothing.
create view unbilled_line as
select t.id, t.project_id, t.state, t.work_date, coalesce(t.amount, 0) * t.sign as amount, t.currency
from project_transaction t
where t.state in ('checked', 'held', 'in_exception') and t.project_id is not null
  and (t.disposition = 'billable' or t.disposition is null and t.billable)
  and not exists (select from invoice_line i where i.transaction_id = t.id)
  and (t.live and t.sign = 1
    or t.sign = -1 and exists (select from invoice_line o where o.transaction_id = t.supersedes_id));
