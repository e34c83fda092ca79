-- Engagements people asked to close: the work is done, nothing more is booked; unlike a deal that was withdrawn.
create table engagement_close (
  engagement_id text primary key references engagement,
  state text not null default 'asked' check (state in ('asked', 'closed', 'withdrawn')),
  asked_by text not null, reason text not null default '', asked_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz);
