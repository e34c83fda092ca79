-- Contract versions made by change orders: from when each counts, and which order made it; an order makes one version.
alter table contract_version add column effective_from date, add column change_order_id text; -- none: from the start
create unique index contract_version_order on contract_version (contract_id, change_order_id);

create table version_held (                -- the newest contract version each system of a project has confirmed
  project_id text not null references project, role text not null, connection text not null, version int not null,
  confirmed_at timestamptz not null default clock_timestamp(), primary key (project_id, role));

create table repricing (                   -- contracts whose priced lines a version with a past date concerns
  contract_id text primary key, engagement_id text not null references engagement,
  state text not null default 'new' check (state in ('new', 'proposed', 'approved')),
  proposal jsonb, asked_at timestamptz not null default clock_timestamp());
