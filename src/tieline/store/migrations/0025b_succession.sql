-- Contracts that follow another one in another currency, legal entity or for another customer; and what they take over.
create table succession (
  opportunity_id text primary key, -- the deal that brings the successor
  engagement_id text not null unique references engagement, -- the one it follows
  successor_id text not null, -- the engagement of the deal, which may still have to be won
  asked_by text not null, reason text not null default '', asked_at timestamptz not null default clock_timestamp(),
  begun_at timestamptz, carried jsonb, carried_at timestamptz);
create index succession_successor on succession (successor_id);
