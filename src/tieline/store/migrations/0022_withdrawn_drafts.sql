-- A draft invoice that became worth less than nothing is withdrawn; what it held is then billed by a later one.
alter table invoice add column withdrawn_at timestamptz;   -- when we said so, before the ERP was told
