-- What a line was before it changed, and since when a line and an invoice count: figures of a month can be told as they
-- were known on a day, whatever came later.
alter table project_transaction add column recorded_at timestamptz; -- none: of an earlier release, as its page says
alter table project_transaction alter column recorded_at set default clock_timestamp();

create table former_line (                 -- append-only
  transaction_id bigint not null, until timestamptz not null default clock_timestamp(),
  amount numeric, disposition text, state text not null, live boolean not null);
create index on former_line (transaction_id, until);

create function keep_former_line() returns trigger language plpgsql as $$
begin
  insert into former_line (transaction_id, amount, disposition, state, live)
    values (old.id, old.amount, old.disposition, old.state, old.live);
  return null;
end
$$;
create trigger keep_former_line after update of amount, disposition, state, live on project_transaction for each row
  when (old.amount is distinct from new.amount or old.disposition is distinct from new.disposition
    or old.state <> new.state or old.live <> new.live)
  execute function keep_former_line();

alter table invoice add column released_at timestamptz;    -- when we knew; none: of an earlier release, long ago
alter table invoice add column voided_at timestamptz;
create function note_release() returns trigger language plpgsql as $$
begin
  if new.status in ('open', 'partly_paid', 'paid') then
    new.released_at = coalesce(old.released_at, clock_timestamp());
  elsif new.status = 'void' then
    new.voided_at = clock_timestamp();
  end if;
  return new;
end
$$;
create trigger note_release before update of status on invoice for each row
  when (old.status is distinct from new.status) execute function note_release();
