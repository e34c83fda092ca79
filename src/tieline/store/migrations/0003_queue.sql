-- What the console looks up: the history of an exception, and any id of any system.

create index on audit_event (object, id) where action like 'exception.%';
create index on cross_reference (external_id);
create index on invoice (number) where number is not null;
create index on project (code);
