-- Accounting periods an ERP refused, and the day on which lines of such a period are booked instead of the work date.
create table closed_period (
  connection text not null, legal_entity text not null, month date not null,
  refused_at timestamptz not null default clock_timestamp(), primary key (connection, legal_entity, month));

alter table project_transaction add column posts_on date; -- none: the work date
