-- The next job of an engagement starts when the one before it has ended, not at a worker's next poll: Procrastinate
-- tells workers of new jobs only, and a job whose lock was held when it came is not looked at again.

create index job_waiting on procrastinate_jobs (lock) where status = 'todo';

create function tell_of_next_job() returns trigger language plpgsql as $$
begin
  if exists (select from procrastinate_jobs where lock = old.lock and status = 'todo') then
    perform pg_notify('procrastinate_queue_v1#' || old.queue_name,
      json_build_object('type', 'job_inserted', 'job_id', old.id)::text);
  end if;
  return null;
end
$$;

create trigger job_has_gone after delete on procrastinate_jobs for each row
  when (old.status = 'doing' and old.lock is not null) execute function tell_of_next_job();
create trigger job_has_ended after update of status on procrastinate_jobs for each row
  when (old.status = 'doing' and new.status <> 'doing' and old.lock is not null) execute function tell_of_next_job();

-- Why a run was woken stays known until one has come to its end: a worker that dies must not lose a person's retry.
alter table agenda add column taken text[] not null default '{}';
