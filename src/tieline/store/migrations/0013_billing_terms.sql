-- What charges besides lines and milestones follow from: readings of meters, and the days billing looks again.

create table meter_reading (               -- of a meter, or the percentage complete that a person entered
  contract_id text not null, meter text not null, day date not null, source text not null default '',
  quantity numeric not null, read_by text, read_at timestamptz not null default clock_timestamp(),
  primary key (contract_id, meter, day, source));

create table billing_due (                 -- a period begins or ends then, whether anything happens or not
  project_id text primary key, engagement_id text not null, due_on date not null);
create index on billing_due (due_on);

create index ptx_own on project_transaction (project_id, kind) where connection = 'tieline';
