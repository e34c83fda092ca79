-- Unbilled work of a project that people write up or down: proposed by one person, confirmed by another.
create table wip_adjustment (
  id bigint generated always as identity primary key, project_id text not null references project,
  currency text not null, amount numeric not null check (amount <> 0), unbilled numeric not null, reason text not null,
  state text not null default 'proposed' check (state in ('proposed', 'confirmed', 'withdrawn')),
  proposed_by text not null, proposed_at timestamptz not null default clock_timestamp(),
  decided_by text, decided_at timestamptz);
create unique index wip_adjustment_open on wip_adjustment (project_id) where state = 'proposed';
