-- Time people have handed in and nobody has approved yet, as last read: it is not missing, somebody else is to act.
create table submitted_time (
  connection text not null, id text not null, person text not null, day date not null, minutes int not null,
  project_id text,                             -- None: a project we do not know
  primary key (connection, id));
create index on submitted_time (day, person);
