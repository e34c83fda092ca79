-- People, what is wanted of them, and messages to one person.

create table time_off (                      -- hours somebody is away, as the PSA has them
  connection text not null, id text not null, person text not null, day date not null, hours numeric not null,
  primary key (connection, id));
create index on time_off (day, person);

create table psa_person (                    -- who may book time, as last read
  connection text not null, email text not null, name text not null, role text, primary key (connection, email));

create table assignment (                    -- who is planned or confirmed on a project, as the staffing flow last saw it
  id text primary key, project_id text not null, person text, role text, start_date date not null,
  end_date date not null, minutes int not null, confirmed boolean not null);
create index on assignment (project_id);
create index on assignment (end_date);

create table open_deal (                     -- deals that may still be won, as last seen; `body` is the Opportunity
  opportunity_id text primary key, schema_version int not null, body jsonb not null,
  seen_at timestamptz not null default clock_timestamp());

alter table alert_message add column recipient text;   -- an e-mail: to this person instead of the channel's own
