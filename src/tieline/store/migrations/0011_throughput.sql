-- A worker finishes what has ended and takes what comes next in one round trip. A job that was taken over from it in the
-- meantime is not its to finish any more.
create function next_jobs(queue text, worker bigint, ended bigint[], most int) returns setof procrastinate_jobs
language plpgsql as $$
declare
  job procrastinate_jobs;
begin
  delete from procrastinate_jobs where id = any (ended) and status = 'doing' and worker_id + 0 = worker; -- by its key
  for number in 1..most loop
    job := procrastinate_fetch_job_v2(array[queue], worker);
    exit when job.id is null;
    return next job;
  end loop;
end
$$;

-- Each database session counts in a part of its own: one row that all runs end on made them wait for each other's commits.
alter table change_count add column part int not null default 0;
alter table change_count drop constraint change_count_pkey;
alter table change_count add primary key (connection, flow, hour, part);

-- Procrastinate's history of a job ends with the job, which we delete; nobody could ever read it.
alter table procrastinate_jobs disable trigger procrastinate_trigger_status_events_insert_v1;
alter table procrastinate_jobs disable trigger procrastinate_trigger_status_events_update_v1;
