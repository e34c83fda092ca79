-- Adjustments of chosen lines: what each line bears of one.
create table wip_adjusted_line (
  adjustment_id bigint not null references wip_adjustment, transaction_id bigint not null, amount numeric not null,
  primary key (adjustment_id, transaction_id));
create index on wip_adjusted_line (transaction_id);
create index on wip_adjustment (project_id);
