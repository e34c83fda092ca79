-- Reconciliation and verification: the runs, and what two systems disagree about.

create table reconciliation (              -- one row per comparison of the firm's systems, asked for or nightly
  id bigint generated always as identity primary key, scope jsonb not null default '{}', asked_by text not null,
  asked_at timestamptz not null default clock_timestamp(), started_at timestamptz, ended_at timestamptz,
  state text not null default 'asked' check (state in ('asked', 'running', 'done', 'failed')),
  problem text, result jsonb);
create index on reconciliation (state) where state in ('asked', 'running');

create table discrepancy (                 -- what one system lacks, has too much or has otherwise; closes by itself
  id bigint generated always as identity primary key,
  left_side text not null, right_side text not null, record text not null, reference text not null, kind text not null
    check (kind in ('missing', 'extra', 'amount', 'date', 'wrong_project', 'duplicate', 'stale_version')),
  external_id text not null default '', legal_entity text not null, currency text not null, project_id text not null,
  period text not null, expected jsonb, found jsonb, money numeric, repair text not null
    check (repair in ('wake', 're_read', 'ensure', 'take_back', 'person')),
  label text, run_id bigint not null references reconciliation,
  first_seen timestamptz not null default clock_timestamp(), last_seen timestamptz not null default clock_timestamp(),
  repair_by text, repaired_at timestamptz, look_by text, closed_at timestamptz, closed_by text);
create unique index discrepancy_one_open on discrepancy (left_side, right_side, record, reference, kind, external_id)
  where closed_at is null;
create index on discrepancy (project_id) where closed_at is null;

create table verification (                -- one row per check of the invariants against the systems' own records
  id bigint generated always as identity primary key, asked_by text not null, seed bigint not null,
  started_at timestamptz not null default clock_timestamp(), ended_at timestamptz,
  state text not null default 'running' check (state in ('running', 'done', 'failed')),
  violations int, problem text, result jsonb);
