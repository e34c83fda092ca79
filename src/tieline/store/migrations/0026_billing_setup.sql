-- What was found when the billing configuration of an ERP was compared with the contract, before its first invoice.
create table billing_setup (
  project_id text primary key, connection text not null, contract_version int not null,
  differences text[] not null,                         -- in words; none: all agrees
  checked_at timestamptz not null default clock_timestamp());
