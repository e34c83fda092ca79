-- What the console looks up: the history of an exception, and any id of any system.

create index on audit_event (object, id) where action like 'exception.%';
create index on cross_reference (external_id);
create index on invoice (left(number, 100)) where number is not null; -- a vendor may send a text no index can hold
create index on project (code);
