-- The column that differs comes first: finding and adding a line compares one text instead of three.
drop index ptx_live;
create unique index ptx_live on project_transaction (source_id, connection, kind, part) where live;
-- A default that is the same for a whole statement lets COPY write many rows at once.
alter table erp_line alter posted_at set default now();
