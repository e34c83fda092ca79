-- An invoice whose period the ERP has closed is dated on a later day, as its time is; the days of the work stay.
alter table invoice add column posts_on date;   -- None: the last day of its work
