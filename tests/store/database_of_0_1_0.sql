
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE TYPE public.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);

CREATE TYPE public.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);

CREATE TYPE public.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);

CREATE FUNCTION public.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;

CREATE FUNCTION public.procrastinate_defer_jobs_v1(jobs public.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;

    RETURN job_ids;
END;
$$;

CREATE FUNCTION public.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;

    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;

    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;

    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;

    RETURN _job_id;
END;
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status public.procrastinate_job_status DEFAULT 'todo'::public.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::public.procrastinate_job_status) AND (abort_requested = true))))
);

CREATE FUNCTION public.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS public.procrastinate_jobs
    LANGUAGE plpgsql
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;

 RETURN found_jobs;
END;
$$;

CREATE FUNCTION public.procrastinate_finish_job_v1(job_id bigint, end_status public.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;

CREATE FUNCTION public.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

CREATE FUNCTION public.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

CREATE FUNCTION public.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;

CREATE FUNCTION public.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;

CREATE FUNCTION public.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;

CREATE FUNCTION public.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;

END;
$$;

CREATE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;

CREATE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);

	RETURN NEW;
END;
$$;

CREATE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;

CREATE FUNCTION public.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;

CREATE FUNCTION public.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;

CREATE FUNCTION public.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;

CREATE FUNCTION public.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;

CREATE TABLE public.agenda (
    flow text NOT NULL,
    key text NOT NULL,
    engagement text NOT NULL,
    wanted bigint DEFAULT 0 NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    behind boolean GENERATED ALWAYS AS ((wanted > done)) STORED,
    reasons text[] DEFAULT '{}'::text[] NOT NULL,
    due_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    note text,
    CONSTRAINT agenda_state_check CHECK ((state = ANY (ARRAY['new'::text, 'done'::text, 'retrying'::text, 'waiting'::text, 'blocked'::text, 'standing_by'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.approval (
    id bigint NOT NULL,
    flow text NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    content_hash bytea NOT NULL,
    content jsonb NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    reason text,
    CONSTRAINT approval_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'approved'::text, 'declined'::text, 'void'::text])))
);

ALTER TABLE public.approval ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.approval_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    engagement text,
    run_id bigint,
    actor text DEFAULT 'tieline'::text NOT NULL,
    action text NOT NULL,
    object text,
    detail jsonb
)
PARTITION BY RANGE (at);

CREATE TABLE public.audit_event_all (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    engagement text,
    run_id bigint,
    actor text DEFAULT 'tieline'::text NOT NULL,
    action text NOT NULL,
    object text,
    detail jsonb
);

ALTER TABLE public.audit_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.change_count (
    connection text NOT NULL,
    flow text NOT NULL,
    hour timestamp with time zone NOT NULL,
    records integer DEFAULT 0 NOT NULL,
    money jsonb DEFAULT '{}'::jsonb NOT NULL,
    allowed_by text
);

CREATE TABLE public.circuit (
    connection text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    opened_at timestamp with time zone,
    retry_at timestamp with time zone,
    reason text
);

CREATE TABLE public.connection (
    name text NOT NULL,
    connector text NOT NULL,
    account text NOT NULL,
    paused_at timestamp with time zone,
    paused_by text,
    pause_reason text
);

CREATE TABLE public.contract_version (
    contract_id text NOT NULL,
    version integer NOT NULL,
    engagement_id text NOT NULL,
    schema_version integer NOT NULL,
    body jsonb NOT NULL,
    activated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.cross_reference (
    connection text NOT NULL,
    target text NOT NULL,
    subject text NOT NULL,
    external_id text NOT NULL
);

CREATE TABLE public.effect (
    id bigint NOT NULL,
    connection text NOT NULL,
    target text NOT NULL,
    subject text NOT NULL,
    engagement text NOT NULL,
    flow text NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    run_id bigint,
    state text NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    ordinal integer DEFAULT 1 NOT NULL,
    epoch bigint NOT NULL,
    create_key text NOT NULL,
    content_hash bytea NOT NULL,
    confirmed_hash bytea,
    content jsonb,
    source_version bigint,
    external_id text,
    handle text,
    sent_at timestamp with time zone,
    quarantine_until timestamp with time zone,
    retry_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    problem jsonb,
    retired_at timestamp with time zone,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT effect_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'confirmed'::text, 'rejected'::text, 'refused_for_now'::text, 'in_doubt'::text, 'accepted'::text, 'drifted'::text, 'released'::text, 'withdrawn'::text])))
)
WITH (fillfactor='70');

ALTER TABLE public.effect ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.effect_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.engagement (
    id text NOT NULL,
    name text NOT NULL,
    customer_id text NOT NULL,
    customer_name text NOT NULL,
    legal_entity text,
    currency text,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    closed_at timestamp with time zone
);

CREATE TABLE public.engagement_opportunity (
    opportunity_id text NOT NULL,
    engagement_id text NOT NULL
);

CREATE TABLE public.erp_line (
    transaction_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    connection text NOT NULL,
    erp_id text NOT NULL,
    posted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.exception_item (
    id bigint NOT NULL,
    kind text NOT NULL,
    cause text NOT NULL,
    connection text,
    field text,
    key text,
    legal_entity text,
    message text NOT NULL,
    suggestion text,
    owner text NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    closing_note text,
    retry_by text
);

ALTER TABLE public.exception_item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.exception_item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.exception_line (
    exception_id bigint NOT NULL,
    transaction_id bigint,
    flow text,
    key text,
    engagement text,
    label text,
    target text,
    subject text,
    amount numeric,
    currency text,
    CONSTRAINT exception_line_check CHECK ((num_nonnulls(transaction_id, flow) = 1))
);

CREATE TABLE public.feed_cursor (
    stream text NOT NULL,
    "position" text,
    swept_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    problem text
);

CREATE TABLE public.inbox (
    id bigint NOT NULL,
    connection text NOT NULL,
    vendor_event_id text NOT NULL,
    kind text NOT NULL,
    engagement text,
    body jsonb,
    raw bytea,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE public.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.invoice (
    id text NOT NULL,
    engagement_id text NOT NULL,
    project_id text NOT NULL,
    connection text NOT NULL,
    schema_version integer NOT NULL,
    body jsonb NOT NULL,
    external_id text,
    number text,
    status text DEFAULT 'proposed'::text NOT NULL,
    state jsonb,
    proposed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.invoice_line (
    transaction_id bigint NOT NULL,
    invoice_id text NOT NULL,
    marked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.lease (
    engagement text NOT NULL,
    epoch bigint NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.limit_bucket (
    account text NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.posting_batch (
    id bigint NOT NULL,
    connection text NOT NULL,
    legal_entity text,
    state text DEFAULT 'ready'::text NOT NULL,
    line_ids bigint[] NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    handle text,
    epoch integer DEFAULT 0 NOT NULL,
    worker integer,
    lease_until timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    quarantine_until timestamp with time zone,
    problem text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT posting_batch_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'sending'::text, 'accepted'::text, 'in_doubt'::text, 'done'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.project_transaction (
    id bigint NOT NULL,
    connection text NOT NULL,
    kind text NOT NULL,
    source_id text NOT NULL,
    source_version bigint NOT NULL,
    part smallint DEFAULT 0 NOT NULL,
    seq integer DEFAULT 0 NOT NULL,
    sign smallint DEFAULT 1 NOT NULL,
    live boolean DEFAULT true NOT NULL,
    supersedes_id bigint,
    page_id bigint,
    legal_entity text,
    project_id text,
    person text,
    project_ref text,
    person_ref text,
    task_ref text,
    role text,
    work_date date NOT NULL,
    quantity numeric NOT NULL,
    unit text NOT NULL,
    billable boolean DEFAULT true NOT NULL,
    source_currency text,
    source_amount numeric,
    approved_by text,
    approved_at timestamp with time zone,
    note text,
    currency text,
    rate numeric,
    amount numeric,
    tax_code text,
    rate_rule text,
    cost_rate numeric,
    cost_currency text,
    contract_version integer,
    item_code text,
    disposition text,
    attributes jsonb,
    state text NOT NULL,
    batch_id bigint,
    CONSTRAINT project_transaction_sign_check CHECK ((sign = ANY (ARRAY[1, '-1'::integer]))),
    CONSTRAINT project_transaction_state_check CHECK ((state = ANY (ARRAY['checked'::text, 'held'::text, 'in_exception'::text, 'opening'::text, 'withdrawn'::text, 'void'::text, 'written_off'::text])))
);

CREATE VIEW public.line_status AS
 SELECT t.id,
    t.connection,
    t.kind,
    t.source_id,
    t.seq,
    t.sign,
    t.live,
    t.project_id,
    t.work_date,
        CASE
            WHEN (i.transaction_id IS NOT NULL) THEN 'invoiced'::text
            WHEN (e.transaction_id IS NOT NULL) THEN 'posted'::text
            WHEN ((t.state = 'checked'::text) AND (b.state = ANY (ARRAY['sending'::text, 'accepted'::text, 'in_doubt'::text]))) THEN 'in_flight'::text
            WHEN (t.state = 'checked'::text) THEN 'waiting'::text
            ELSE t.state
        END AS status
   FROM (((public.project_transaction t
     LEFT JOIN public.erp_line e ON ((e.transaction_id = t.id)))
     LEFT JOIN public.invoice_line i ON ((i.transaction_id = t.id)))
     LEFT JOIN public.posting_batch b ON ((b.id = t.batch_id)));

CREATE TABLE public.pause (
    scope text NOT NULL,
    name text NOT NULL,
    reason text NOT NULL,
    paused_by text NOT NULL,
    paused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pause_scope_check CHECK ((scope = ANY (ARRAY['connection'::text, 'flow'::text, 'entity'::text])))
);

ALTER TABLE public.posting_batch ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.posting_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type public.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);

CREATE SEQUENCE public.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.procrastinate_events_id_seq OWNED BY public.procrastinate_events.id;

CREATE SEQUENCE public.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.procrastinate_jobs_id_seq OWNED BY public.procrastinate_jobs.id;

CREATE TABLE public.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);

CREATE SEQUENCE public.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.procrastinate_periodic_defers_id_seq OWNED BY public.procrastinate_periodic_defers.id;

CREATE TABLE public.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.project (
    id text NOT NULL,
    engagement_id text NOT NULL,
    contract_id text NOT NULL,
    contract_version integer NOT NULL,
    legal_entity text NOT NULL,
    currency text NOT NULL,
    code text NOT NULL,
    schema_version integer NOT NULL,
    body jsonb NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE public.project_transaction ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.project_transaction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 100
);

CREATE TABLE public.pull_page (
    id bigint NOT NULL,
    stream text NOT NULL,
    "position" text,
    lines integer NOT NULL,
    quantity numeric NOT NULL,
    body bytea NOT NULL,
    pulled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE public.pull_page ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pull_page_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.record (
    kind text NOT NULL,
    id text NOT NULL,
    engagement_id text,
    schema_version integer NOT NULL,
    body jsonb NOT NULL,
    source_version bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.route (
    record_id text NOT NULL,
    role text NOT NULL,
    connection text NOT NULL
);

CREATE TABLE public.run (
    id bigint NOT NULL,
    flow text NOT NULL,
    key text NOT NULL,
    engagement text NOT NULL,
    epoch bigint NOT NULL,
    reasons text[],
    app_version text,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    state text NOT NULL,
    note text,
    steps jsonb
);

ALTER TABLE public.run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schema_migration (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.shadow_effect (
    connection text NOT NULL,
    target text NOT NULL,
    subject text NOT NULL,
    engagement text NOT NULL,
    flow text NOT NULL,
    label text NOT NULL,
    content jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY public.audit_event ATTACH PARTITION public.audit_event_all DEFAULT;

ALTER TABLE ONLY public.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_events_id_seq'::regclass);

ALTER TABLE ONLY public.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_jobs_id_seq'::regclass);

ALTER TABLE ONLY public.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_periodic_defers_id_seq'::regclass);

INSERT INTO public.agenda VALUES ('contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 1, 1, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 1, 1, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('opportunity_to_contract', 'opp_a6ad418fd7ee5fe2aba0584c748ee9d3', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 4, 4, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('opportunity_to_contract', 'opp_e30d328bfdc15d43a64334b4507adc63', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 2, 2, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('milestone_billing', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 3, 3, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('staffing', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 3, 3, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('staffing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 7, 7, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('milestone_billing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 7, 7, DEFAULT, '{}', NULL, 0, 'standing_by', 'The project has no milestones to bill');
INSERT INTO public.agenda VALUES ('invoice_feedback', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 3, DEFAULT, '{}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('project_feedback', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 4, 3, DEFAULT, '{event}', NULL, 0, 'done', NULL);
INSERT INTO public.agenda VALUES ('billing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 4, 3, DEFAULT, '{}', NULL, 0, 'done', NULL);

INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-21 17:45:33.475343+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 2, 'tieline', 'contract.activated', 'con_676c55b78cdf55d28bb6254989409fc0', '{"label": "Contract version 1 active", "value": "USD 8,400.00"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-21 17:45:33.48337+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 1, 'tieline', 'contract.activated', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', '{"label": "Contract version 1 active", "value": "USD 18,300.00"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-21 17:45:33.660356+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:customer:cus_9da067383fdb5d908865c8c9cd8cbcb2:US', '{"flow": "contract_to_project", "hash": "464a1f0d46279aa81407d11864c0fda253640fa558b5af7ecc9f70640221c40c", "label": "Customer in ERP", "problem": null, "external_id": "10"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-21 17:45:33.671154+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'netsuite:customer:cus_821dcb58aa7d59d392c4af761eb1ee76:US', '{"flow": "contract_to_project", "hash": "c75f66f6cace100a8904c48188c93c4da5f0320a30ee28cc2a5cbd9a664fb761", "label": "Customer in ERP", "problem": null, "external_id": "11"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-21 17:45:33.690294+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'salesforce:customer.erp_number:cus_9da067383fdb5d908865c8c9cd8cbcb2:US', '{"flow": "contract_to_project", "hash": "2472ba38b39fb899cf628dda85ece22dc0c8b760214d19f8ce7a7cfd1a844540", "label": "ERP number in CRM", "problem": null, "external_id": "a02Hm0000000001IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-21 17:45:33.711528+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'salesforce:customer.erp_number:cus_821dcb58aa7d59d392c4af761eb1ee76:US', '{"flow": "contract_to_project", "hash": "8d5b81aa88bc440987a628431ce1bbbbee62cc4062287661581ae9dc10f83211", "label": "ERP number in CRM", "problem": null, "external_id": "a02Hm0000000002IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-21 17:45:33.783436+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:project:prj_02778992ba495783a890794cd3d81f91', '{"flow": "contract_to_project", "hash": "8827e33fd60b733d1286f9ecf737cc8aa0c5fa89c9dda3814658fd9dc0fae09a", "label": "Project in ERP", "problem": null, "external_id": "12"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-21 17:45:33.807963+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:contract:con_8d7c8846f8f25f46bb8e2778ef22b0cb:US', '{"flow": "contract_to_project", "hash": "a4d5155bde195ba674b61942a6deeb1787680c1058d7ec47e14aebed1a6fd7d7", "label": "Contract in ERP", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-21 17:45:33.809483+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'netsuite:project:prj_565bdd8a694259cd99e33323bfeca9a3', '{"flow": "contract_to_project", "hash": "b5306bdce0ed200ff20bd61610fb6f34976e1dd7cdf1648a1b278bebd5a48c59", "label": "Project in ERP", "problem": null, "external_id": "13"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-21 17:45:33.824233+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:billing_schedule:prj_02778992ba495783a890794cd3d81f91', '{"flow": "contract_to_project", "hash": "5b2745893a10d7b7af7337b482d7555380532200f0f6c4c4fd314798dc8b9862", "label": "Billing schedule in ERP", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (11, '2026-11-21 17:45:33.859072+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:wbs_element:wbs_79525923ad0a59fcbef08bf04416953f', '{"flow": "contract_to_project", "hash": "a4a919a8a5e4b4aacabe6b3642938a8c1ed9caafedbf5d73138cc9c81846dfbd", "label": "Tasks in ERP", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (12, '2026-11-21 17:45:33.859759+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:wbs_element:wbs_92a82340684756899173dec85f953b8d', '{"flow": "contract_to_project", "hash": "665b2ff35b53098f03ecac64d21d91ca460312f5add4267305a6ecf391675fd0", "label": "Tasks in ERP", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (13, '2026-11-21 17:45:33.860316+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:wbs_element:wbs_3c0e8784a8f750a5892bd67212e4d7f2', '{"flow": "contract_to_project", "hash": "18855673f46af600e6ac526c08bbad21c09f3a98eecb31a09409d611785f93f2", "label": "Tasks in ERP", "problem": null, "external_id": "3"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (14, '2026-11-21 17:45:33.86467+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:wbs_element:wbs_bfd3ba778277556eaa831cfc0c07b757', '{"flow": "contract_to_project", "hash": "1b3e9fa42fd155c431101289a4ef5cf4dd22785d89f719bd0ad7e9287427ba0b", "label": "Tasks in ERP", "problem": null, "external_id": "4"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (15, '2026-11-21 17:45:33.867081+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'netsuite:contract:con_676c55b78cdf55d28bb6254989409fc0:US', '{"flow": "contract_to_project", "hash": "78a6e98f6cb932086b90a2e758f2d808ad9f43d5a61e29d833aaf9dfabe045bb", "label": "Contract in ERP", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (16, '2026-11-21 17:45:33.892814+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'netsuite:wbs_element:wbs_e6ebcfe8afee57a487941b6ef70044ce', '{"flow": "contract_to_project", "hash": "e49e16ecd43645790d52f0267895cd69b614d62219fb7910e3a612887a57c6f9", "label": "Tasks in ERP", "problem": null, "external_id": "5"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (17, '2026-11-21 17:45:33.906381+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'netsuite:billing_schedule:prj_565bdd8a694259cd99e33323bfeca9a3', '{"flow": "contract_to_project", "hash": "4fa8d2fdd6f8346eccf9d3024711596be5e0e096b89a8fe56e6a8cd7b5ab8fcc", "label": "Billing schedule in ERP", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (18, '2026-11-21 17:45:33.940555+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'netsuite:wbs_element:wbs_f16024bd280251cb9c0a38dd94140d9c', '{"flow": "contract_to_project", "hash": "9cc9e105d8f3aae829c64d65f417a7bb7f3b746859f418b764c3527b4a2ecf02", "label": "Tasks in ERP", "problem": null, "external_id": "6"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (19, '2026-11-21 17:45:34.031925+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:project:prj_02778992ba495783a890794cd3d81f91', '{"flow": "contract_to_project", "hash": "1466e43e500307fb80bc253901fe80586696978a85455737cce788267f0a15ce", "label": "Project in PSA", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (20, '2026-11-21 17:45:34.087689+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'kantata:project:prj_565bdd8a694259cd99e33323bfeca9a3', '{"flow": "contract_to_project", "hash": "54750e61a2cdade4a7ad9af5718430a0e066c861f89089cb774f0ca0255ba0d1", "label": "Project in PSA", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (21, '2026-11-21 17:45:34.126986+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:wbs_element:wbs_79525923ad0a59fcbef08bf04416953f', '{"flow": "contract_to_project", "hash": "53d3ac54912c130f4967c1d52331e322daa998eb71de4cdf3f5741af363c7621", "label": "Tasks in PSA", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (22, '2026-11-21 17:45:34.149661+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:wbs_element:wbs_92a82340684756899173dec85f953b8d', '{"flow": "contract_to_project", "hash": "cb1808a062771d4f4d00a42c95e7a76c606944a463808b67fe2aa466b920fb2a", "label": "Tasks in PSA", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (23, '2026-11-21 17:45:34.150306+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'kantata:wbs_element:wbs_f16024bd280251cb9c0a38dd94140d9c', '{"flow": "contract_to_project", "hash": "e0ecbc6418798c1f67739562b7c802366cc495137941fa48f7f359c225630a06", "label": "Tasks in PSA", "problem": null, "external_id": "4"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (24, '2026-11-21 17:45:34.150535+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:wbs_element:wbs_3c0e8784a8f750a5892bd67212e4d7f2', '{"flow": "contract_to_project", "hash": "35f405e2dfdfea66c87b041d1270727782c60b30d2b5ba26088ea58377011ccc", "label": "Tasks in PSA", "problem": null, "external_id": "3"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (26, '2026-11-21 17:45:34.203693+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:wbs_element:wbs_bfd3ba778277556eaa831cfc0c07b757', '{"flow": "contract_to_project", "hash": "8f53d4810731b656536d05b30fdd1e86563ebe09e091a74ec2dc033636ed7ac3", "label": "Tasks in PSA", "problem": null, "external_id": "5"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (27, '2026-11-21 17:45:34.272323+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:wbs_element:wbs_e6ebcfe8afee57a487941b6ef70044ce', '{"flow": "contract_to_project", "hash": "b28e6cd854f4443e0fda6eb3be40f55acb706553eb48dfa890ed68ff502e4589", "label": "Tasks in PSA", "problem": null, "external_id": "7"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (30, '2026-11-21 17:45:34.369501+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:resource_request:req_fc826705ec705a05a1e8d3c6233b393d', '{"flow": "contract_to_project", "hash": "a105f09df36566fffa0a903e0218bfb3adf1ca1de217df87250f5ab763f7afbb", "label": "Resource requests in PSA", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (31, '2026-11-21 17:45:34.370006+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:resource_request:req_ddb687de4d0151d798fa6c4a99709d19', '{"flow": "contract_to_project", "hash": "2424ebcb302a474e100d016a475cee3a181b7967c9a159fc9b1e13d144ce75d5", "label": "Resource requests in PSA", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (32, '2026-11-21 17:45:34.414702+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'salesforce:project:prj_02778992ba495783a890794cd3d81f91', '{"flow": "contract_to_project", "hash": "22f62c60823b9413e1809f00b3e11218eb14ff5105d20d3d402305164eacaf5e", "label": "Project shown in CRM", "problem": null, "external_id": "a00Hm0000000002IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (33, '2026-11-21 17:45:34.465488+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 3, 'tieline', 'effect.confirmed', 'kantata:notice:ready:prj_02778992ba495783a890794cd3d81f91:1', '{"flow": "contract_to_project", "hash": "4ee379dfeb2fd231777e9f9fd53e29846a9597fed5c616c7500abed1d2d30841", "label": "Ready to staff", "problem": null, "external_id": "2"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (25, '2026-11-21 17:45:34.179309+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'kantata:milestone:mil_17dae43a23a45818bbf722e592711a1e', '{"flow": "contract_to_project", "hash": "ddf6e0d0111e60420eab6909601d45963cd33e7fea77be507a6f8c117acc5644", "label": "Milestones in PSA", "problem": null, "external_id": "6"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (28, '2026-11-21 17:45:34.27322+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'salesforce:project:prj_565bdd8a694259cd99e33323bfeca9a3', '{"flow": "contract_to_project", "hash": "1b4e7ffbe0d3493905150d3782b981518e7cdd9eeab91fd3e547a93724083e70", "label": "Project shown in CRM", "problem": null, "external_id": "a00Hm0000000001IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (29, '2026-11-21 17:45:34.343033+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 4, 'tieline', 'effect.confirmed', 'kantata:notice:ready:prj_565bdd8a694259cd99e33323bfeca9a3:1', '{"flow": "contract_to_project", "hash": "5aa3eedb893b83018e612b79b8fa7102059c3cc38b7b0f35bfe633397487480b", "label": "Ready to staff", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (34, '2026-11-21 17:45:34.533334+00', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 5, 'tieline', 'effect.confirmed', 'salesforce:project.staffing:prj_565bdd8a694259cd99e33323bfeca9a3', '{"flow": "staffing", "hash": "8d4e391a00b450e8fd63a80e6bf84db9f248db424968822d2ca8b102d2dd2cb6", "label": "Staffing shown in CRM", "problem": null, "external_id": "a00Hm0000000001IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (35, '2026-11-21 17:45:34.605799+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 6, 'tieline', 'effect.confirmed', 'salesforce:project.staffing:prj_02778992ba495783a890794cd3d81f91', '{"flow": "staffing", "hash": "157858e2f8f365e9ce5867fcda2c833153a5692e8b020634f304b956db43c733", "label": "Staffing shown in CRM", "problem": null, "external_id": "a00Hm0000000002IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (36, '2026-11-21 17:45:41.327474+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 7, 'tieline', 'effect.confirmed', 'salesforce:project.staffing:prj_02778992ba495783a890794cd3d81f91', '{"flow": "staffing", "hash": "39bb2917c9276377739b6b2879f9d3569c46709d6be75726e602494bf5ba0bd5", "label": "Staffing shown in CRM", "problem": null, "external_id": "a00Hm0000000002IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (37, '2026-11-21 17:45:41.349342+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 7, 'tieline', 'effect.confirmed', 'netsuite:cost_forecast:asg_7d749bfa495f5c41a81d99bdb828e49a', '{"flow": "staffing", "hash": "dc834306204c2a96305bd12339519b5239d6a48b1622a786ab25c36926cf8c31", "label": "Cost forecast in ERP", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (38, '2026-11-21 17:45:41.614018+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', NULL, 'tieline', 'lines.posted', 'netsuite:time:prj_02778992ba495783a890794cd3d81f91', '{"label": "2 approved time entries", "lines": 2, "batches": [1]}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (39, '2026-11-21 17:45:43.506394+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 8, 'tieline', 'effect.confirmed', 'netsuite:invoice:inv_bf14dfd957bf5e0d9d046d56b0ed5255', '{"flow": "billing", "hash": "6a5bbc940264b566a76359b5971801a9321a60bffc99a8b110cbe85c5a652acd", "label": "Draft invoice in ERP", "problem": null, "external_id": "3"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (40, '2026-11-21 17:45:44.677066+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 9, 'tieline', 'effect.confirmed', 'salesforce:project.financials:prj_02778992ba495783a890794cd3d81f91', '{"flow": "project_feedback", "hash": "c6af7f477315ce094ecf71709739faeb8f0d5e83d2c872481989856e1b5b4540", "label": "Burn and billing in CRM", "problem": null, "external_id": "a00Hm0000000002IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (41, '2026-11-21 17:45:44.727079+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 9, 'tieline', 'effect.confirmed', 'kantata:project.financials:prj_02778992ba495783a890794cd3d81f91', '{"flow": "project_feedback", "hash": "fc4583e1e047db0f4f94e621d1c0935fc5bcfdadc3bbe917247326451dca8904", "label": "Burn and billing in PSA", "problem": null, "external_id": "1"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (42, '2026-11-21 17:45:47.307403+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 10, 'tieline', 'effect.confirmed', 'salesforce:invoice:inv_bf14dfd957bf5e0d9d046d56b0ed5255', '{"flow": "invoice_feedback", "hash": "8c5b1c9965efcb5bf48d6a1ba8cf7ed7176d23d4b33b00184313d3a782a70586", "label": "Invoice shown in CRM", "problem": null, "external_id": "a01Hm0000000001IAA"}');
INSERT INTO public.audit_event_all OVERRIDING SYSTEM VALUE VALUES (43, '2026-11-21 17:45:47.310117+00', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', NULL, 'tieline', 'invoice.changed', 'netsuite:invoice:inv_bf14dfd957bf5e0d9d046d56b0ed5255', '{"label": "Invoice INV00001 draft", "value": "USD 525.00 still to be paid", "external_id": "3"}');

INSERT INTO public.change_count VALUES ('kantata', 'contract_to_project', '2026-11-21 17:00:00+00', 13, '{"USD": 26700.00}', NULL);
INSERT INTO public.change_count VALUES ('netsuite', 'contract_to_project', '2026-11-21 17:00:00+00', 14, '{"USD": 53400.00}', NULL);
INSERT INTO public.change_count VALUES ('salesforce', 'contract_to_project', '2026-11-21 17:00:00+00', 4, '{"USD": 26700.00}', NULL);
INSERT INTO public.change_count VALUES ('netsuite', 'staffing', '2026-11-21 17:00:00+00', 1, '{}', NULL);
INSERT INTO public.change_count VALUES ('salesforce', 'staffing', '2026-11-21 17:00:00+00', 3, '{}', NULL);
INSERT INTO public.change_count VALUES ('netsuite', 'billing', '2026-11-21 17:00:00+00', 1, '{"USD": 525.00}', NULL);
INSERT INTO public.change_count VALUES ('kantata', 'project_feedback', '2026-11-21 17:00:00+00', 1, '{}', NULL);
INSERT INTO public.change_count VALUES ('salesforce', 'project_feedback', '2026-11-21 17:00:00+00', 1, '{}', NULL);
INSERT INTO public.change_count VALUES ('salesforce', 'invoice_feedback', '2026-11-21 17:00:00+00', 1, '{"USD": 525.00}', NULL);

INSERT INTO public.connection VALUES ('salesforce', 'salesforce', '00DHm0000000001MAA', NULL, NULL, NULL);
INSERT INTO public.connection VALUES ('kantata', 'kantata', '1', NULL, NULL, NULL);
INSERT INTO public.connection VALUES ('netsuite', 'netsuite', 'TSTDRV1234567_SB1', NULL, NULL, NULL);

INSERT INTO public.contract_version VALUES ('con_676c55b78cdf55d28bb6254989409fc0', 1, 'eng_9f5763c1e8e851a2a152dee13af45f2b', 1, '{"id": "con_676c55b78cdf55d28bb6254989409fc0", "name": "Deal without a role", "lines": [{"id": "col_95cacbddfbc95e039815798c69da7fbc", "rate": null, "role": null, "hours": "0", "amount": {"amount": "8400.00", "currency": "USD"}, "workstream": "Design", "description": "Design by None", "delivering_entity": "US"}], "value": {"amount": "8400.00", "currency": "USD"}, "budget": {"id": "con_676c55b78cdf55d28bb6254989409fc0", "cost": null, "hours": "0", "revenue": {"amount": "8400.00", "currency": "USD"}}, "phases": ["Mobilise"], "region": null, "version": 1, "currency": "USD", "end_date": "2027-03-01", "po_number": null, "rate_card": [], "signed_on": "2026-11-21", "tax_nexus": "US-CA", "deviations": [], "dimensions": {"class": "Americas", "department": "Technology"}, "start_date": "2026-11-01", "customer_id": "cus_821dcb58aa7d59d392c4af761eb1ee76", "is_standard": true, "sales_owner": "integration@haldenmarsh.example", "legal_entity": "US", "service_line": "Implementation", "contract_type": "SOW", "engagement_id": "eng_9f5763c1e8e851a2a152dee13af45f2b", "payment_terms": "NET30", "tax_treatment": "standard", "billing_method": "time_and_materials", "closing_phases": [], "delivery_leads": ["dana.whitfield@haldenmarsh.example"], "opportunity_id": "opp_e30d328bfdc15d43a64334b4507adc63", "revenue_method": "as_billed", "billing_schedule": {"id": "con_676c55b78cdf55d28bb6254989409fc0", "cycle": "monthly", "items": [{"id": "mil_17dae43a23a45818bbf722e592711a1e", "name": "Design by None", "amount": {"amount": "8400.00", "currency": "USD"}, "due_on": "2027-03-01", "milestone_id": "mil_17dae43a23a45818bbf722e592711a1e"}], "method": "time_and_materials", "contract_id": "con_676c55b78cdf55d28bb6254989409fc0"}}', '2026-11-21 17:45:33.464627+00');
INSERT INTO public.contract_version VALUES ('con_8d7c8846f8f25f46bb8e2778ef22b0cb', 1, 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 1, '{"id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb", "name": "Grid analytics", "lines": [{"id": "col_8e52043ae0ef5480ad2449b2db90b168", "rate": "210.00", "role": "Senior Consultant", "hours": "40.00", "amount": {"amount": "8400.00", "currency": "USD"}, "workstream": "Design", "description": "Design by Senior Consultant", "delivering_entity": "US"}, {"id": "col_1b9fe3363f975db69246b8cd08ad7972", "rate": "165.00", "role": "Consultant", "hours": "60.00", "amount": {"amount": "9900.00", "currency": "USD"}, "workstream": "Build", "description": "Build by Consultant", "delivering_entity": "US"}], "value": {"amount": "18300.00", "currency": "USD"}, "budget": {"id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb", "cost": null, "hours": "100.00", "revenue": {"amount": "18300.00", "currency": "USD"}}, "phases": ["Mobilise"], "region": null, "version": 1, "currency": "USD", "end_date": "2027-03-01", "po_number": null, "rate_card": [{"id": "rat_d916c2c886d95422a9f6117cf2de158f", "rate": "165.00", "role": "Consultant", "person": null, "currency": "USD", "valid_to": null, "precedence": 4, "project_id": null, "valid_from": "2026-11-01", "contract_id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb"}, {"id": "rat_4523df4bd0705afdadd6dd1e709d5628", "rate": "210.00", "role": "Senior Consultant", "person": null, "currency": "USD", "valid_to": null, "precedence": 4, "project_id": null, "valid_from": "2026-11-01", "contract_id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb"}], "signed_on": "2026-11-21", "tax_nexus": "US-CA", "deviations": [], "dimensions": {"class": "Americas", "department": "Technology"}, "start_date": "2026-11-01", "customer_id": "cus_9da067383fdb5d908865c8c9cd8cbcb2", "is_standard": true, "sales_owner": "integration@haldenmarsh.example", "legal_entity": "US", "service_line": "Implementation", "contract_type": "SOW", "engagement_id": "eng_dbeb7e2309125e78a92e36301b5e2f8b", "payment_terms": "NET30", "tax_treatment": "standard", "billing_method": "time_and_materials", "closing_phases": [], "delivery_leads": ["dana.whitfield@haldenmarsh.example"], "opportunity_id": "opp_a6ad418fd7ee5fe2aba0584c748ee9d3", "revenue_method": "as_billed", "billing_schedule": {"id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb", "cycle": "monthly", "items": [], "method": "time_and_materials", "contract_id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb"}}', '2026-11-21 17:45:33.467096+00');

INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'aisha.khan@haldenmarsh.example', '5');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'dana.whitfield@haldenmarsh.example', '8');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'grace.lee@haldenmarsh.example', '7');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'jonas.weber@haldenmarsh.example', '6');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'lena.brandt@haldenmarsh.example', '3');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'marco.silva@haldenmarsh.example', '4');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'priya.raman@haldenmarsh.example', '1');
INSERT INTO public.cross_reference VALUES ('kantata', 'person', 'tom.okafor@haldenmarsh.example', '2');
INSERT INTO public.cross_reference VALUES ('salesforce', 'opportunity', 'opp_a6ad418fd7ee5fe2aba0584c748ee9d3', '006Hm0000000001IAA');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'priya.raman@haldenmarsh.example', '1');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'tom.okafor@haldenmarsh.example', '2');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'lena.brandt@haldenmarsh.example', '3');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'marco.silva@haldenmarsh.example', '4');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'aisha.khan@haldenmarsh.example', '5');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'jonas.weber@haldenmarsh.example', '6');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'grace.lee@haldenmarsh.example', '7');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'dana.whitfield@haldenmarsh.example', '8');
INSERT INTO public.cross_reference VALUES ('netsuite', 'person', 'sam.ortiz@haldenmarsh.example', '9');
INSERT INTO public.cross_reference VALUES ('salesforce', 'opportunity', 'opp_e30d328bfdc15d43a64334b4507adc63', '006Hm0000000002IAA');
INSERT INTO public.cross_reference VALUES ('salesforce', 'customer', 'cus_9da067383fdb5d908865c8c9cd8cbcb2', '001Hm0000000003IAA');
INSERT INTO public.cross_reference VALUES ('salesforce', 'customer', 'cus_821dcb58aa7d59d392c4af761eb1ee76', '001Hm0000000004IAA');
INSERT INTO public.cross_reference VALUES ('netsuite', 'customer', 'cus_9da067383fdb5d908865c8c9cd8cbcb2:US', '10');
INSERT INTO public.cross_reference VALUES ('netsuite', 'customer', 'cus_821dcb58aa7d59d392c4af761eb1ee76:US', '11');
INSERT INTO public.cross_reference VALUES ('salesforce', 'customer.erp_number', 'cus_9da067383fdb5d908865c8c9cd8cbcb2:US', 'a02Hm0000000001IAA');
INSERT INTO public.cross_reference VALUES ('salesforce', 'customer.erp_number', 'cus_821dcb58aa7d59d392c4af761eb1ee76:US', 'a02Hm0000000002IAA');
INSERT INTO public.cross_reference VALUES ('netsuite', 'project', 'prj_02778992ba495783a890794cd3d81f91', '12');
INSERT INTO public.cross_reference VALUES ('netsuite', 'project', 'prj_565bdd8a694259cd99e33323bfeca9a3', '13');
INSERT INTO public.cross_reference VALUES ('netsuite', 'contract', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb:US', '1');
INSERT INTO public.cross_reference VALUES ('netsuite', 'billing_schedule', 'prj_02778992ba495783a890794cd3d81f91', '1');
INSERT INTO public.cross_reference VALUES ('netsuite', 'wbs_element', 'wbs_79525923ad0a59fcbef08bf04416953f', '1');
INSERT INTO public.cross_reference VALUES ('netsuite', 'wbs_element', 'wbs_92a82340684756899173dec85f953b8d', '2');
INSERT INTO public.cross_reference VALUES ('netsuite', 'wbs_element', 'wbs_3c0e8784a8f750a5892bd67212e4d7f2', '3');
INSERT INTO public.cross_reference VALUES ('netsuite', 'contract', 'con_676c55b78cdf55d28bb6254989409fc0:US', '2');
INSERT INTO public.cross_reference VALUES ('netsuite', 'wbs_element', 'wbs_bfd3ba778277556eaa831cfc0c07b757', '4');
INSERT INTO public.cross_reference VALUES ('netsuite', 'wbs_element', 'wbs_e6ebcfe8afee57a487941b6ef70044ce', '5');
INSERT INTO public.cross_reference VALUES ('netsuite', 'billing_schedule', 'prj_565bdd8a694259cd99e33323bfeca9a3', '2');
INSERT INTO public.cross_reference VALUES ('netsuite', 'wbs_element', 'wbs_f16024bd280251cb9c0a38dd94140d9c', '6');
INSERT INTO public.cross_reference VALUES ('kantata', 'project', 'prj_02778992ba495783a890794cd3d81f91', '1');
INSERT INTO public.cross_reference VALUES ('kantata', 'project', 'prj_565bdd8a694259cd99e33323bfeca9a3', '2');
INSERT INTO public.cross_reference VALUES ('kantata', 'wbs_element', 'wbs_79525923ad0a59fcbef08bf04416953f', '1');
INSERT INTO public.cross_reference VALUES ('kantata', 'wbs_element', 'wbs_92a82340684756899173dec85f953b8d', '2');
INSERT INTO public.cross_reference VALUES ('kantata', 'wbs_element', 'wbs_f16024bd280251cb9c0a38dd94140d9c', '4');
INSERT INTO public.cross_reference VALUES ('kantata', 'wbs_element', 'wbs_3c0e8784a8f750a5892bd67212e4d7f2', '3');
INSERT INTO public.cross_reference VALUES ('kantata', 'milestone', 'mil_17dae43a23a45818bbf722e592711a1e', '6');
INSERT INTO public.cross_reference VALUES ('kantata', 'wbs_element', 'wbs_bfd3ba778277556eaa831cfc0c07b757', '5');
INSERT INTO public.cross_reference VALUES ('salesforce', 'project', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'a00Hm0000000001IAA');
INSERT INTO public.cross_reference VALUES ('kantata', 'wbs_element', 'wbs_e6ebcfe8afee57a487941b6ef70044ce', '7');
INSERT INTO public.cross_reference VALUES ('kantata', 'notice', 'ready:prj_565bdd8a694259cd99e33323bfeca9a3:1', '1');
INSERT INTO public.cross_reference VALUES ('kantata', 'resource_request', 'req_fc826705ec705a05a1e8d3c6233b393d', '1');
INSERT INTO public.cross_reference VALUES ('kantata', 'resource_request', 'req_ddb687de4d0151d798fa6c4a99709d19', '2');
INSERT INTO public.cross_reference VALUES ('salesforce', 'project', 'prj_02778992ba495783a890794cd3d81f91', 'a00Hm0000000002IAA');
INSERT INTO public.cross_reference VALUES ('kantata', 'notice', 'ready:prj_02778992ba495783a890794cd3d81f91:1', '2');
INSERT INTO public.cross_reference VALUES ('salesforce', 'project.staffing', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'a00Hm0000000001IAA');
INSERT INTO public.cross_reference VALUES ('salesforce', 'project.staffing', 'prj_02778992ba495783a890794cd3d81f91', 'a00Hm0000000002IAA');
INSERT INTO public.cross_reference VALUES ('netsuite', 'cost_forecast', 'asg_7d749bfa495f5c41a81d99bdb828e49a', '1');
INSERT INTO public.cross_reference VALUES ('netsuite', 'invoice', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', '3');
INSERT INTO public.cross_reference VALUES ('salesforce', 'project.financials', 'prj_02778992ba495783a890794cd3d81f91', 'a00Hm0000000002IAA');
INSERT INTO public.cross_reference VALUES ('kantata', 'project.financials', 'prj_02778992ba495783a890794cd3d81f91', '1');
INSERT INTO public.cross_reference VALUES ('salesforce', 'invoice', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'a01Hm0000000001IAA');

INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (1, 'netsuite', 'customer', 'cus_9da067383fdb5d908865c8c9cd8cbcb2:US', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Customer in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/customer/cus_9da067383fdb5d908865c8c9cd8cbcb2:US#1', '\x464a1f0d46279aa81407d11864c0fda253640fa558b5af7ecc9f70640221c40c', '\x464a1f0d46279aa81407d11864c0fda253640fa558b5af7ecc9f70640221c40c', NULL, NULL, '10', NULL, '2026-11-21 17:45:33.579814+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.659483+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (2, 'netsuite', 'customer', 'cus_821dcb58aa7d59d392c4af761eb1ee76:US', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Customer in ERP', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/customer/cus_821dcb58aa7d59d392c4af761eb1ee76:US#1', '\xc75f66f6cace100a8904c48188c93c4da5f0320a30ee28cc2a5cbd9a664fb761', '\xc75f66f6cace100a8904c48188c93c4da5f0320a30ee28cc2a5cbd9a664fb761', NULL, NULL, '11', NULL, '2026-11-21 17:45:33.585466+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.662286+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (3, 'salesforce', 'customer.erp_number', 'cus_9da067383fdb5d908865c8c9cd8cbcb2:US', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'ERP number in CRM', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/salesforce/customer.erp_number/cus_9da067383fdb5d908865c8c9cd8cbcb2:US#1', '\x2472ba38b39fb899cf628dda85ece22dc0c8b760214d19f8ce7a7cfd1a844540', '\x2472ba38b39fb899cf628dda85ece22dc0c8b760214d19f8ce7a7cfd1a844540', NULL, NULL, 'a02Hm0000000001IAA', NULL, '2026-11-21 17:45:33.660886+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.688027+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (4, 'salesforce', 'customer.erp_number', 'cus_821dcb58aa7d59d392c4af761eb1ee76:US', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'ERP number in CRM', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/salesforce/customer.erp_number/cus_821dcb58aa7d59d392c4af761eb1ee76:US#1', '\x8d5b81aa88bc440987a628431ce1bbbbee62cc4062287661581ae9dc10f83211', '\x8d5b81aa88bc440987a628431ce1bbbbee62cc4062287661581ae9dc10f83211', NULL, NULL, 'a02Hm0000000002IAA', NULL, '2026-11-21 17:45:33.679341+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.70776+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (5, 'netsuite', 'project', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Project in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/project/prj_02778992ba495783a890794cd3d81f91#1', '\x8827e33fd60b733d1286f9ecf737cc8aa0c5fa89c9dda3814658fd9dc0fae09a', '\x8827e33fd60b733d1286f9ecf737cc8aa0c5fa89c9dda3814658fd9dc0fae09a', NULL, NULL, '12', NULL, '2026-11-21 17:45:33.70098+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.779481+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (6, 'netsuite', 'project', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Project in ERP', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/project/prj_565bdd8a694259cd99e33323bfeca9a3#1', '\xb5306bdce0ed200ff20bd61610fb6f34976e1dd7cdf1648a1b278bebd5a48c59', '\xb5306bdce0ed200ff20bd61610fb6f34976e1dd7cdf1648a1b278bebd5a48c59', NULL, NULL, '13', NULL, '2026-11-21 17:45:33.712494+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.805507+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (9, 'netsuite', 'contract', 'con_676c55b78cdf55d28bb6254989409fc0:US', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Contract in ERP', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/contract/con_676c55b78cdf55d28bb6254989409fc0:US#1', '\x78a6e98f6cb932086b90a2e758f2d808ad9f43d5a61e29d833aaf9dfabe045bb', '\x78a6e98f6cb932086b90a2e758f2d808ad9f43d5a61e29d833aaf9dfabe045bb', NULL, NULL, '2', NULL, '2026-11-21 17:45:33.810629+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.854588+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (15, 'netsuite', 'billing_schedule', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Billing schedule in ERP', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/billing_schedule/prj_565bdd8a694259cd99e33323bfeca9a3#1', '\x4fa8d2fdd6f8346eccf9d3024711596be5e0e096b89a8fe56e6a8cd7b5ab8fcc', '\x4fa8d2fdd6f8346eccf9d3024711596be5e0e096b89a8fe56e6a8cd7b5ab8fcc', NULL, NULL, '2', NULL, '2026-11-21 17:45:33.868946+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.903404+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (17, 'netsuite', 'wbs_element', 'wbs_f16024bd280251cb9c0a38dd94140d9c', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Tasks in ERP', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/wbs_element/wbs_f16024bd280251cb9c0a38dd94140d9c#1', '\x9cc9e105d8f3aae829c64d65f417a7bb7f3b746859f418b764c3527b4a2ecf02', '\x9cc9e105d8f3aae829c64d65f417a7bb7f3b746859f418b764c3527b4a2ecf02', NULL, NULL, '6', NULL, '2026-11-21 17:45:33.908411+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.933073+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (21, 'kantata', 'wbs_element', 'wbs_3c0e8784a8f750a5892bd67212e4d7f2', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/wbs_element/wbs_3c0e8784a8f750a5892bd67212e4d7f2#1', '\x35f405e2dfdfea66c87b041d1270727782c60b30d2b5ba26088ea58377011ccc', '\x35f405e2dfdfea66c87b041d1270727782c60b30d2b5ba26088ea58377011ccc', NULL, NULL, '3', NULL, '2026-11-21 17:45:34.032811+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.150075+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (7, 'netsuite', 'contract', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb:US', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Contract in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/contract/con_8d7c8846f8f25f46bb8e2778ef22b0cb:US#1', '\xa4d5155bde195ba674b61942a6deeb1787680c1058d7ec47e14aebed1a6fd7d7', '\xa4d5155bde195ba674b61942a6deeb1787680c1058d7ec47e14aebed1a6fd7d7', NULL, NULL, '1', NULL, '2026-11-21 17:45:33.78494+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.807412+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (8, 'netsuite', 'billing_schedule', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Billing schedule in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/billing_schedule/prj_02778992ba495783a890794cd3d81f91#1', '\x5b2745893a10d7b7af7337b482d7555380532200f0f6c4c4fd314798dc8b9862', '\x5b2745893a10d7b7af7337b482d7555380532200f0f6c4c4fd314798dc8b9862', NULL, NULL, '1', NULL, '2026-11-21 17:45:33.808413+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.823753+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (10, 'netsuite', 'wbs_element', 'wbs_79525923ad0a59fcbef08bf04416953f', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/wbs_element/wbs_79525923ad0a59fcbef08bf04416953f#1', '\xa4a919a8a5e4b4aacabe6b3642938a8c1ed9caafedbf5d73138cc9c81846dfbd', '\xa4a919a8a5e4b4aacabe6b3642938a8c1ed9caafedbf5d73138cc9c81846dfbd', NULL, NULL, '1', NULL, '2026-11-21 17:45:33.825575+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.858537+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (11, 'netsuite', 'wbs_element', 'wbs_92a82340684756899173dec85f953b8d', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/wbs_element/wbs_92a82340684756899173dec85f953b8d#1', '\x665b2ff35b53098f03ecac64d21d91ca460312f5add4267305a6ecf391675fd0', '\x665b2ff35b53098f03ecac64d21d91ca460312f5add4267305a6ecf391675fd0', NULL, NULL, '2', NULL, '2026-11-21 17:45:33.826009+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.859318+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (12, 'netsuite', 'wbs_element', 'wbs_3c0e8784a8f750a5892bd67212e4d7f2', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/wbs_element/wbs_3c0e8784a8f750a5892bd67212e4d7f2#1', '\x18855673f46af600e6ac526c08bbad21c09f3a98eecb31a09409d611785f93f2', '\x18855673f46af600e6ac526c08bbad21c09f3a98eecb31a09409d611785f93f2', NULL, NULL, '3', NULL, '2026-11-21 17:45:33.826289+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.860026+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (13, 'netsuite', 'wbs_element', 'wbs_bfd3ba778277556eaa831cfc0c07b757', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/wbs_element/wbs_bfd3ba778277556eaa831cfc0c07b757#1', '\x1b3e9fa42fd155c431101289a4ef5cf4dd22785d89f719bd0ad7e9287427ba0b', '\x1b3e9fa42fd155c431101289a4ef5cf4dd22785d89f719bd0ad7e9287427ba0b', NULL, NULL, '4', NULL, '2026-11-21 17:45:33.860546+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.86356+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (14, 'netsuite', 'wbs_element', 'wbs_e6ebcfe8afee57a487941b6ef70044ce', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in ERP', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/netsuite/wbs_element/wbs_e6ebcfe8afee57a487941b6ef70044ce#1', '\xe49e16ecd43645790d52f0267895cd69b614d62219fb7910e3a612887a57c6f9', '\xe49e16ecd43645790d52f0267895cd69b614d62219fb7910e3a612887a57c6f9', NULL, NULL, '5', NULL, '2026-11-21 17:45:33.865563+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:33.8827+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (16, 'kantata', 'project', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Project in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/project/prj_02778992ba495783a890794cd3d81f91#1', '\x1466e43e500307fb80bc253901fe80586696978a85455737cce788267f0a15ce', '\x1466e43e500307fb80bc253901fe80586696978a85455737cce788267f0a15ce', NULL, NULL, '1', NULL, '2026-11-21 17:45:33.893407+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.029706+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (19, 'kantata', 'wbs_element', 'wbs_79525923ad0a59fcbef08bf04416953f', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/wbs_element/wbs_79525923ad0a59fcbef08bf04416953f#1', '\x53d3ac54912c130f4967c1d52331e322daa998eb71de4cdf3f5741af363c7621', '\x53d3ac54912c130f4967c1d52331e322daa998eb71de4cdf3f5741af363c7621', NULL, NULL, '1', NULL, '2026-11-21 17:45:34.032272+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.115418+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (20, 'kantata', 'wbs_element', 'wbs_92a82340684756899173dec85f953b8d', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/wbs_element/wbs_92a82340684756899173dec85f953b8d#1', '\xcb1808a062771d4f4d00a42c95e7a76c606944a463808b67fe2aa466b920fb2a', '\xcb1808a062771d4f4d00a42c95e7a76c606944a463808b67fe2aa466b920fb2a', NULL, NULL, '2', NULL, '2026-11-21 17:45:34.032581+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.139032+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (18, 'kantata', 'project', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Project in PSA', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/project/prj_565bdd8a694259cd99e33323bfeca9a3#1', '\x54750e61a2cdade4a7ad9af5718430a0e066c861f89089cb774f0ca0255ba0d1', '\x54750e61a2cdade4a7ad9af5718430a0e066c861f89089cb774f0ca0255ba0d1', NULL, NULL, '2', NULL, '2026-11-21 17:45:33.947144+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.075643+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (22, 'kantata', 'wbs_element', 'wbs_f16024bd280251cb9c0a38dd94140d9c', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Tasks in PSA', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/wbs_element/wbs_f16024bd280251cb9c0a38dd94140d9c#1', '\xe0ecbc6418798c1f67739562b7c802366cc495137941fa48f7f359c225630a06', '\xe0ecbc6418798c1f67739562b7c802366cc495137941fa48f7f359c225630a06', NULL, NULL, '4', NULL, '2026-11-21 17:45:34.088215+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.149545+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (23, 'kantata', 'milestone', 'mil_17dae43a23a45818bbf722e592711a1e', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Milestones in PSA', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/milestone/mil_17dae43a23a45818bbf722e592711a1e#1', '\xddf6e0d0111e60420eab6909601d45963cd33e7fea77be507a6f8c117acc5644', '\xddf6e0d0111e60420eab6909601d45963cd33e7fea77be507a6f8c117acc5644', NULL, NULL, '6', NULL, '2026-11-21 17:45:34.153083+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.178812+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (25, 'salesforce', 'project', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Project shown in CRM', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/salesforce/project/prj_565bdd8a694259cd99e33323bfeca9a3#1', '\x1b4e7ffbe0d3493905150d3782b981518e7cdd9eeab91fd3e547a93724083e70', '\x1b4e7ffbe0d3493905150d3782b981518e7cdd9eeab91fd3e547a93724083e70', NULL, NULL, 'a00Hm0000000001IAA', NULL, '2026-11-21 17:45:34.179935+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.261613+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (24, 'kantata', 'wbs_element', 'wbs_bfd3ba778277556eaa831cfc0c07b757', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/wbs_element/wbs_bfd3ba778277556eaa831cfc0c07b757#1', '\x8f53d4810731b656536d05b30fdd1e86563ebe09e091a74ec2dc033636ed7ac3', '\x8f53d4810731b656536d05b30fdd1e86563ebe09e091a74ec2dc033636ed7ac3', NULL, NULL, '5', NULL, '2026-11-21 17:45:34.154034+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.188086+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (26, 'kantata', 'wbs_element', 'wbs_e6ebcfe8afee57a487941b6ef70044ce', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Tasks in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/wbs_element/wbs_e6ebcfe8afee57a487941b6ef70044ce#1', '\xb28e6cd854f4443e0fda6eb3be40f55acb706553eb48dfa890ed68ff502e4589', '\xb28e6cd854f4443e0fda6eb3be40f55acb706553eb48dfa890ed68ff502e4589', NULL, NULL, '7', NULL, '2026-11-21 17:45:34.207028+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.251033+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (27, 'kantata', 'resource_request', 'req_fc826705ec705a05a1e8d3c6233b393d', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Resource requests in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/resource_request/req_fc826705ec705a05a1e8d3c6233b393d#1', '\xa105f09df36566fffa0a903e0218bfb3adf1ca1de217df87250f5ab763f7afbb', '\xa105f09df36566fffa0a903e0218bfb3adf1ca1de217df87250f5ab763f7afbb', NULL, NULL, '1', NULL, '2026-11-21 17:45:34.272797+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.369127+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (28, 'kantata', 'resource_request', 'req_ddb687de4d0151d798fa6c4a99709d19', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Resource requests in PSA', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/resource_request/req_ddb687de4d0151d798fa6c4a99709d19#1', '\x2424ebcb302a474e100d016a475cee3a181b7967c9a159fc9b1e13d144ce75d5', '\x2424ebcb302a474e100d016a475cee3a181b7967c9a159fc9b1e13d144ce75d5', NULL, NULL, '2', NULL, '2026-11-21 17:45:34.273317+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.369653+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (29, 'kantata', 'notice', 'ready:prj_565bdd8a694259cd99e33323bfeca9a3:1', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'Ready to staff', 4, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/notice/ready:prj_565bdd8a694259cd99e33323bfeca9a3:1#1', '\x5aa3eedb893b83018e612b79b8fa7102059c3cc38b7b0f35bfe633397487480b', '\x5aa3eedb893b83018e612b79b8fa7102059c3cc38b7b0f35bfe633397487480b', NULL, NULL, '1', NULL, '2026-11-21 17:45:34.273798+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.323587+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (30, 'salesforce', 'project', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Project shown in CRM', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/salesforce/project/prj_02778992ba495783a890794cd3d81f91#1', '\x22f62c60823b9413e1809f00b3e11218eb14ff5105d20d3d402305164eacaf5e', '\x22f62c60823b9413e1809f00b3e11218eb14ff5105d20d3d402305164eacaf5e', NULL, NULL, 'a00Hm0000000002IAA', NULL, '2026-11-21 17:45:34.371038+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.411212+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (31, 'kantata', 'notice', 'ready:prj_02778992ba495783a890794cd3d81f91:1', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'Ready to staff', 3, 'confirmed', 1, 1, 1, 1, 'e88e2c72f6daa136/kantata/notice/ready:prj_02778992ba495783a890794cd3d81f91:1#1', '\x4ee379dfeb2fd231777e9f9fd53e29846a9597fed5c616c7500abed1d2d30841', '\x4ee379dfeb2fd231777e9f9fd53e29846a9597fed5c616c7500abed1d2d30841', NULL, NULL, '2', NULL, '2026-11-21 17:45:34.415074+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.46503+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (32, 'salesforce', 'project.staffing', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'staffing', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'Staffing shown in CRM', 5, 'confirmed', 1, 1, 1, 2, 'e88e2c72f6daa136/salesforce/project.staffing/prj_565bdd8a694259cd99e33323bfeca9a3#1', '\x8d4e391a00b450e8fd63a80e6bf84db9f248db424968822d2ca8b102d2dd2cb6', '\x8d4e391a00b450e8fd63a80e6bf84db9f248db424968822d2ca8b102d2dd2cb6', NULL, NULL, 'a00Hm0000000001IAA', NULL, '2026-11-21 17:45:34.523612+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:34.530647+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (33, 'salesforce', 'project.staffing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'staffing', 'prj_02778992ba495783a890794cd3d81f91', 'Staffing shown in CRM', 7, 'confirmed', 2, 2, 1, 9, 'e88e2c72f6daa136/salesforce/project.staffing/prj_02778992ba495783a890794cd3d81f91#1', '\x39bb2917c9276377739b6b2879f9d3569c46709d6be75726e602494bf5ba0bd5', '\x39bb2917c9276377739b6b2879f9d3569c46709d6be75726e602494bf5ba0bd5', NULL, NULL, 'a00Hm0000000002IAA', NULL, '2026-11-21 17:45:41.304524+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:41.326397+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (34, 'netsuite', 'cost_forecast', 'asg_7d749bfa495f5c41a81d99bdb828e49a', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'staffing', 'prj_02778992ba495783a890794cd3d81f91', 'Cost forecast in ERP', 7, 'confirmed', 1, 1, 1, 9, 'e88e2c72f6daa136/netsuite/cost_forecast/asg_7d749bfa495f5c41a81d99bdb828e49a#1', '\xdc834306204c2a96305bd12339519b5239d6a48b1622a786ab25c36926cf8c31', '\xdc834306204c2a96305bd12339519b5239d6a48b1622a786ab25c36926cf8c31', NULL, NULL, '1', NULL, '2026-11-21 17:45:41.328778+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:41.34309+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (36, 'salesforce', 'project.financials', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'project_feedback', 'prj_02778992ba495783a890794cd3d81f91', 'Burn and billing in CRM', 9, 'confirmed', 1, 1, 1, 12, 'e88e2c72f6daa136/salesforce/project.financials/prj_02778992ba495783a890794cd3d81f91#1', '\xc6af7f477315ce094ecf71709739faeb8f0d5e83d2c872481989856e1b5b4540', '\xc6af7f477315ce094ecf71709739faeb8f0d5e83d2c872481989856e1b5b4540', NULL, NULL, 'a00Hm0000000002IAA', NULL, '2026-11-21 17:45:44.640808+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:44.672569+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (37, 'kantata', 'project.financials', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'project_feedback', 'prj_02778992ba495783a890794cd3d81f91', 'Burn and billing in PSA', 9, 'confirmed', 1, 1, 1, 12, 'e88e2c72f6daa136/kantata/project.financials/prj_02778992ba495783a890794cd3d81f91#1', '\xfc4583e1e047db0f4f94e621d1c0935fc5bcfdadc3bbe917247326451dca8904', '\xfc4583e1e047db0f4f94e621d1c0935fc5bcfdadc3bbe917247326451dca8904', NULL, NULL, '1', NULL, '2026-11-21 17:45:44.680641+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:44.723693+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (35, 'netsuite', 'invoice', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'billing', 'prj_02778992ba495783a890794cd3d81f91', 'Draft invoice in ERP', 11, 'intended', 2, 2, 1, 21, 'e88e2c72f6daa136/netsuite/invoice/inv_bf14dfd957bf5e0d9d046d56b0ed5255#1', '\xb4ab923c879e02e5c3b15667f3db5c3fa40d5c2a71a3d1ce593b67db65b5e357', '\x6a5bbc940264b566a76359b5971801a9321a60bffc99a8b110cbe85c5a652acd', '{"job": {"id": "12"}, "item": {"items": [{"job": {"id": "12"}, "item": {"id": "3"}, "rate": 165.00, "class": {"id": "1"}, "amount": 165.00, "orderDoc": {"id": "1"}, "quantity": 1.0000, "department": {"id": "2"}, "description": "Consultant, marco.silva@haldenmarsh.example (2026-11-21)"}, {"job": {"id": "12"}, "item": {"id": "2"}, "rate": 210.00, "class": {"id": "1"}, "amount": 525.00, "orderDoc": {"id": "1"}, "quantity": 2.5000, "department": {"id": "2"}, "description": "Senior Consultant, tom.okafor@haldenmarsh.example (2026-11-20 to 2026-11-21)"}]}, "memo": "2026-11-20 to 2026-11-21", "class": {"id": "1"}, "terms": {"id": "3"}, "entity": {"id": "10"}, "currency": {"id": "1"}, "tranDate": "2026-11-21", "startDate": "2026-11-20", "department": {"id": "2"}, "externalId": "inv_bf14dfd957bf5e0d9d046d56b0ed5255", "otherRefNum": null, "approvalStatus": {"id": "1"}}', NULL, '3', NULL, '2026-11-21 17:45:53.48561+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:53.48561+00');
INSERT INTO public.effect OVERRIDING SYSTEM VALUE VALUES (38, 'salesforce', 'invoice', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'invoice_feedback', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'Invoice shown in CRM', 10, 'confirmed', 1, 1, 1, 15, 'e88e2c72f6daa136/salesforce/invoice/inv_bf14dfd957bf5e0d9d046d56b0ed5255#1', '\x8c5b1c9965efcb5bf48d6a1ba8cf7ed7176d23d4b33b00184313d3a782a70586', '\x8c5b1c9965efcb5bf48d6a1ba8cf7ed7176d23d4b33b00184313d3a782a70586', NULL, NULL, 'a01Hm0000000001IAA', NULL, '2026-11-21 17:45:47.27377+00', NULL, NULL, 0, NULL, NULL, '2026-11-21 17:45:47.300032+00');

INSERT INTO public.engagement VALUES ('eng_9f5763c1e8e851a2a152dee13af45f2b', 'Deal without a role', 'cus_821dcb58aa7d59d392c4af761eb1ee76', 'Deal without a role Ltd', 'US', 'USD', '2026-11-21 17:45:33.462279+00', NULL);
INSERT INTO public.engagement VALUES ('eng_dbeb7e2309125e78a92e36301b5e2f8b', 'Grid analytics', 'cus_9da067383fdb5d908865c8c9cd8cbcb2', 'Grid analytics Ltd', 'US', 'USD', '2026-11-21 17:45:33.456102+00', NULL);

INSERT INTO public.engagement_opportunity VALUES ('opp_a6ad418fd7ee5fe2aba0584c748ee9d3', 'eng_dbeb7e2309125e78a92e36301b5e2f8b');
INSERT INTO public.engagement_opportunity VALUES ('opp_e30d328bfdc15d43a64334b4507adc63', 'eng_9f5763c1e8e851a2a152dee13af45f2b');

INSERT INTO public.erp_line VALUES (1, 1, 'netsuite', '1', '2026-11-21 17:45:41.605866+00');
INSERT INTO public.erp_line VALUES (2, 1, 'netsuite', '2', '2026-11-21 17:45:41.60608+00');

INSERT INTO public.feed_cursor VALUES ('tieline:nightly', NULL, '2026-11-21 17:45:33.020827+00', 0, NULL);
INSERT INTO public.feed_cursor VALUES ('kantata:expense', '{"lines":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"of_waiting":{"anchor":null,"offset":0},"seen":{},"submissions":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"turn":"submissions","waiting":[]}', '2026-11-21 17:45:53.326122+00', 0, NULL);
INSERT INTO public.feed_cursor VALUES ('netsuite:invoices', '{"after":null,"seen":{"invoice":"2026-11-21 17:45:49"},"stream":"invoice"}', '2026-11-21 17:45:53.339782+00', 0, NULL);
INSERT INTO public.feed_cursor VALUES ('kantata:time', '{"lines":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"of_waiting":{"anchor":null,"offset":0},"seen":{"1":"2026-11-21T17:45:44Z","2":"2026-11-21T17:45:59Z"},"submissions":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"turn":"submissions","waiting":[]}', '2026-11-21 17:45:53.343501+00', 0, NULL);
INSERT INTO public.feed_cursor VALUES ('salesforce:opportunities', '{"positions":{"customer":["2026-11-21T17:45:18+00:00","2026-11-21T17:45:18+00:00","001Hm0000000004IAA"],"line":["2026-11-21T17:45:18+00:00","2026-11-21T17:45:18+00:00","00kHm0000000003IAA"],"opportunity":["2026-11-21T17:45:18+00:00","2026-11-21T17:45:18+00:00","006Hm0000000002IAA"]},"running":[]}', '2026-11-21 17:45:53.348782+00', 0, NULL);
INSERT INTO public.feed_cursor VALUES ('kantata:projects', '{"positions":{"stories":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"workspace_allocations":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"workspace_resources":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"workspaces":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0}},"running":[]}', '2026-11-21 17:45:53.40245+00', 0, NULL);

INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (1, 'salesforce', 'opportunity:006Hm0000000001IAA:1795283117000000:False', 'opportunity', NULL, NULL, NULL, '2026-11-21 17:45:33.128303+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (2, 'salesforce', 'opportunity:006Hm0000000002IAA:1795283118000000:False', 'opportunity', NULL, NULL, NULL, '2026-11-21 17:45:33.175603+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (6, 'salesforce', 'opportunity:006Hm0000000001IAA:1795283118000000:False', 'opportunity', NULL, NULL, NULL, '2026-11-21 17:45:33.218794+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (30, 'salesforce', 'opportunity:006Hm0000000001IAA:1795283117000000:False:again', 'opportunity', NULL, NULL, NULL, '2026-11-21 17:45:35.50259+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (32, 'salesforce', 'opportunity:006Hm0000000002IAA:1795283118000000:False:again', 'opportunity', NULL, NULL, NULL, '2026-11-21 17:45:35.539185+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (40, 'salesforce', 'opportunity:006Hm0000000001IAA:1795283118000000:False:again', 'opportunity', NULL, NULL, NULL, '2026-11-21 17:45:35.598073+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (47, 'kantata', 'project:1:1795283137000000:False', 'project', NULL, NULL, NULL, '2026-11-21 17:45:36.125976+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (62, 'kantata', 'project:2:1795283137000000:False', 'project', NULL, NULL, NULL, '2026-11-21 17:45:36.137303+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (127, 'kantata', 'project:2:1795283137000000:False:again', 'project', NULL, NULL, NULL, '2026-11-21 17:45:38.397389+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (129, 'kantata', 'project:1:1795283137000000:False:again', 'project', NULL, NULL, NULL, '2026-11-21 17:45:38.406778+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (272, 'kantata', 'project:1:1795283143000000:False', 'project', NULL, NULL, NULL, '2026-11-21 17:45:41.13878+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (393, 'kantata', 'project:1:1795283143000000:False:again', 'project', NULL, NULL, NULL, '2026-11-21 17:45:43.439532+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (418, 'netsuite', 'invoice:3:1795283149000000:False', 'invoice', NULL, NULL, NULL, '2026-11-21 17:45:43.983075+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (547, 'netsuite', 'invoice:3:1795283149000000:False:again', 'invoice', NULL, NULL, NULL, '2026-11-21 17:45:46.113618+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (578, 'kantata', 'project:1:1795283150000000:False', 'project', NULL, NULL, NULL, '2026-11-21 17:45:46.147469+00');
INSERT INTO public.inbox OVERRIDING SYSTEM VALUE VALUES (695, 'kantata', 'project:1:1795283150000000:False:again', 'project', NULL, NULL, NULL, '2026-11-21 17:45:48.655229+00');

INSERT INTO public.invoice VALUES ('inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'prj_02778992ba495783a890794cd3d81f91', 'netsuite', 1, '{"id": "inv_bf14dfd957bf5e0d9d046d56b0ed5255", "net": {"amount": "690.00", "currency": "USD"}, "lines": [{"id": "inv_bf14dfd957bf5e0d9d046d56b0ed5255:1", "item": "Consultant", "rate": "165.00", "unit": "hour", "amount": "165.00", "quantity": "1.0000", "tax_code": null, "description": "Consultant, marco.silva@haldenmarsh.example (2026-11-21)", "transaction_ids": ["ptx_298943ce06e95bd5955587a1b88f256b"]}, {"id": "inv_bf14dfd957bf5e0d9d046d56b0ed5255:2", "item": "Senior Consultant", "rate": "210.00", "unit": "hour", "amount": "525.00", "quantity": "2.5000", "tax_code": null, "description": "Senior Consultant, tom.okafor@haldenmarsh.example (2026-11-20 to 2026-11-21)", "transaction_ids": ["ptx_02f70afd34495bd1bd8563063c315b24", "ptx_19b8deb1c8235959af57dc18774cc059"]}], "currency": "USD", "po_number": null, "dimensions": {"class": "Americas", "department": "Technology", "legal_entity": "US"}, "period_end": "2026-11-21", "project_id": "prj_02778992ba495783a890794cd3d81f91", "contract_id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb", "customer_id": "cus_9da067383fdb5d908865c8c9cd8cbcb2", "legal_entity": "US", "period_start": "2026-11-20", "engagement_id": "eng_dbeb7e2309125e78a92e36301b5e2f8b", "payment_terms": "NET30"}', '3', 'INV00001', 'draft', '{"id": "inv_bf14dfd957bf5e0d9d046d56b0ed5255", "net": {"amount": "525.00", "currency": "USD"}, "tax": {"amount": "0.00", "currency": "USD"}, "paid": {"amount": "0.00", "currency": "USD"}, "total": {"amount": "525.00", "currency": "USD"}, "due_on": "2026-12-21", "number": "INV00001", "status": "draft", "issued_on": "2026-11-21", "external_id": "3", "source_version": 1795283149000000}', '2026-11-21 17:45:43.430456+00', '2026-11-21 17:45:53.483579+00');

INSERT INTO public.invoice_line VALUES (1, 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', '2026-11-21 17:45:43.523912+00');
INSERT INTO public.invoice_line VALUES (2, 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', '2026-11-21 17:45:43.52404+00');

INSERT INTO public.lease VALUES ('opp_a6ad418fd7ee5fe2aba0584c748ee9d3', 1);
INSERT INTO public.lease VALUES ('opp_e30d328bfdc15d43a64334b4507adc63', 1);
INSERT INTO public.lease VALUES ('eng_9f5763c1e8e851a2a152dee13af45f2b', 7);
INSERT INTO public.lease VALUES ('eng_dbeb7e2309125e78a92e36301b5e2f8b', 21);

INSERT INTO public.limit_bucket VALUES ('salesforce:00DHm0000000001MAA', 1440, '2026-11-21 17:45:52.67125+00');
INSERT INTO public.limit_bucket VALUES ('kantata:1', 1440, '2026-11-21 17:45:52.715062+00');
INSERT INTO public.limit_bucket VALUES ('netsuite:TSTDRV1234567_SB1', 1440, '2026-11-21 17:45:52.783625+00');

INSERT INTO public.posting_batch OVERRIDING SYSTEM VALUE VALUES (1, 'netsuite', 'US', 'done', '{1,2}', 0, NULL, 2, NULL, NULL, 2, 0, '2026-11-21 17:45:41.599311+00', '2026-11-21 18:01:41.325595+00', NULL, '2026-11-21 17:45:41.244756+00');
INSERT INTO public.posting_batch OVERRIDING SYSTEM VALUE VALUES (2, 'netsuite', 'US', 'sending', '{101}', 0, NULL, 1, 664717621, '2026-11-21 17:45:53.421435+00', 1, 0, '-infinity', NULL, NULL, '2026-11-21 17:45:53.387164+00');

INSERT INTO public.procrastinate_events VALUES (59, 38, 'deferred', '2026-11-21 17:45:53.343263+00');
INSERT INTO public.procrastinate_events VALUES (60, 39, 'deferred', '2026-11-21 17:45:53.343263+00');
INSERT INTO public.procrastinate_events VALUES (61, 38, 'started', '2026-11-21 17:45:53.407415+00');

INSERT INTO public.procrastinate_jobs VALUES (39, 'flows', 'run_flow', 0, 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'project_feedback:prj_02778992ba495783a890794cd3d81f91', '{"key": "prj_02778992ba495783a890794cd3d81f91", "flow": "project_feedback"}', 'todo', NULL, 0, false, NULL);
INSERT INTO public.procrastinate_jobs VALUES (38, 'flows', 'run_flow', 0, 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'billing:prj_02778992ba495783a890794cd3d81f91', '{"key": "prj_02778992ba495783a890794cd3d81f91", "flow": "billing"}', 'doing', NULL, 0, false, 1);

INSERT INTO public.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-21 17:45:53.481133+00');

INSERT INTO public.project VALUES ('prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 'con_676c55b78cdf55d28bb6254989409fc0', 1, 'US', 'USD', 'P-ZG5GO6', 1, '{"id": "prj_565bdd8a694259cd99e33323bfeca9a3", "wbs": [{"id": "wbs_f16024bd280251cb9c0a38dd94140d9c", "code": "1", "name": "Mobilise", "role": null, "billable": false, "end_date": "2027-03-01", "parent_id": null, "project_id": "prj_565bdd8a694259cd99e33323bfeca9a3", "start_date": "2026-11-01", "planned_hours": "0"}], "code": "P-ZG5GO6", "name": "Deal without a role", "value": {"amount": "8400.00", "currency": "USD"}, "budget": {"id": "prj_565bdd8a694259cd99e33323bfeca9a3", "cost": null, "hours": "0", "revenue": {"amount": "8400.00", "currency": "USD"}}, "demand": [], "summary": {"id": "prj_565bdd8a694259cd99e33323bfeca9a3", "code": "P-ZG5GO6", "name": "Deal without a role", "value": {"amount": "8400.00", "currency": "USD"}, "end_date": "2027-03-01", "start_date": "2026-11-01", "customer_ref": "001Hm0000000004IAA", "legal_entity": "US", "engagement_id": "eng_9f5763c1e8e851a2a152dee13af45f2b", "planned_hours": "0", "opportunity_id": "opp_e30d328bfdc15d43a64334b4507adc63", "opportunity_ref": "006Hm0000000002IAA", "contract_version": 1}, "currency": "USD", "end_date": "2027-03-01", "po_number": null, "dimensions": {"class": "Americas", "department": "Technology", "legal_entity": "US"}, "milestones": [{"id": "mil_17dae43a23a45818bbf722e592711a1e", "name": "Design by None", "amount": {"amount": "8400.00", "currency": "USD"}, "due_on": "2027-03-01", "project_id": "prj_565bdd8a694259cd99e33323bfeca9a3", "approved_by": null, "completed_on": null}], "start_date": "2026-11-01", "contract_id": "con_676c55b78cdf55d28bb6254989409fc0", "customer_id": "cus_821dcb58aa7d59d392c4af761eb1ee76", "legal_entity": "US", "customer_name": "Deal without a role Ltd", "engagement_id": "eng_9f5763c1e8e851a2a152dee13af45f2b", "billing_method": "time_and_materials", "delivery_leads": ["dana.whitfield@haldenmarsh.example"], "revenue_method": "as_billed", "contract_version": 1}', '2026-11-21 17:45:34.392233+00');
INSERT INTO public.project VALUES ('prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 1, 'US', 'USD', 'P-DBVSHV', 1, '{"id": "prj_02778992ba495783a890794cd3d81f91", "wbs": [{"id": "wbs_79525923ad0a59fcbef08bf04416953f", "code": "1", "name": "Mobilise", "role": null, "billable": false, "end_date": "2027-03-01", "parent_id": null, "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01", "planned_hours": "0"}, {"id": "wbs_92a82340684756899173dec85f953b8d", "code": "2", "name": "Design", "role": null, "billable": true, "end_date": "2027-03-01", "parent_id": null, "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01", "planned_hours": "0"}, {"id": "wbs_bfd3ba778277556eaa831cfc0c07b757", "code": "2.1", "name": "Design by Senior Consultant", "role": "Senior Consultant", "billable": true, "end_date": "2027-03-01", "parent_id": "wbs_92a82340684756899173dec85f953b8d", "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01", "planned_hours": "40.00"}, {"id": "wbs_3c0e8784a8f750a5892bd67212e4d7f2", "code": "3", "name": "Build", "role": null, "billable": true, "end_date": "2027-03-01", "parent_id": null, "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01", "planned_hours": "0"}, {"id": "wbs_e6ebcfe8afee57a487941b6ef70044ce", "code": "3.1", "name": "Build by Consultant", "role": "Consultant", "billable": true, "end_date": "2027-03-01", "parent_id": "wbs_3c0e8784a8f750a5892bd67212e4d7f2", "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01", "planned_hours": "60.00"}], "code": "P-DBVSHV", "name": "Grid analytics", "value": {"amount": "18300.00", "currency": "USD"}, "budget": {"id": "prj_02778992ba495783a890794cd3d81f91", "cost": null, "hours": "100.00", "revenue": {"amount": "18300.00", "currency": "USD"}}, "demand": [{"id": "req_fc826705ec705a05a1e8d3c6233b393d", "note": "Design by Senior Consultant", "role": "Senior Consultant", "hours": "40.00", "region": null, "skills": [], "end_date": "2027-03-01", "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01"}, {"id": "req_ddb687de4d0151d798fa6c4a99709d19", "note": "Build by Consultant", "role": "Consultant", "hours": "60.00", "region": null, "skills": [], "end_date": "2027-03-01", "project_id": "prj_02778992ba495783a890794cd3d81f91", "start_date": "2026-11-01"}], "summary": {"id": "prj_02778992ba495783a890794cd3d81f91", "code": "P-DBVSHV", "name": "Grid analytics", "value": {"amount": "18300.00", "currency": "USD"}, "end_date": "2027-03-01", "start_date": "2026-11-01", "customer_ref": "001Hm0000000003IAA", "legal_entity": "US", "engagement_id": "eng_dbeb7e2309125e78a92e36301b5e2f8b", "planned_hours": "100.00", "opportunity_id": "opp_a6ad418fd7ee5fe2aba0584c748ee9d3", "opportunity_ref": "006Hm0000000001IAA", "contract_version": 1}, "currency": "USD", "end_date": "2027-03-01", "po_number": null, "dimensions": {"class": "Americas", "department": "Technology", "legal_entity": "US"}, "milestones": [], "start_date": "2026-11-01", "contract_id": "con_8d7c8846f8f25f46bb8e2778ef22b0cb", "customer_id": "cus_9da067383fdb5d908865c8c9cd8cbcb2", "legal_entity": "US", "customer_name": "Grid analytics Ltd", "engagement_id": "eng_dbeb7e2309125e78a92e36301b5e2f8b", "billing_method": "time_and_materials", "delivery_leads": ["dana.whitfield@haldenmarsh.example"], "revenue_method": "as_billed", "contract_version": 1}', '2026-11-21 17:45:34.475612+00');

INSERT INTO public.project_transaction VALUES (1, 'kantata', 'time', '1', 1795283144000000, 0, 0, 1, true, NULL, 1, 'US', 'prj_02778992ba495783a890794cd3d81f91', 'tom.okafor@haldenmarsh.example', '1', '2', '5', 'Senior Consultant', '2026-11-21', 60, 'min', true, NULL, NULL, 'dana.whitfield@haldenmarsh.example', '2026-11-21 17:45:44+00', 'work', 'USD', 210.00, 210.00, NULL, 'contract rate card: Senior Consultant USD 210.00 from 2026-11-01', 95.00, 'USD', 1, 'Senior Consultant', 'billable', NULL, 'checked', 1);
INSERT INTO public.project_transaction VALUES (2, 'kantata', 'time', '2', 1795283144000000, 0, 0, 1, true, NULL, 1, 'US', 'prj_02778992ba495783a890794cd3d81f91', 'tom.okafor@haldenmarsh.example', '1', '2', '5', 'Senior Consultant', '2026-11-20', 90, 'min', true, NULL, NULL, 'dana.whitfield@haldenmarsh.example', '2026-11-21 17:45:44+00', 'work', 'USD', 210.00, 315.00, NULL, 'contract rate card: Senior Consultant USD 210.00 from 2026-11-01', 95.00, 'USD', 1, 'Senior Consultant', 'billable', NULL, 'checked', 1);
INSERT INTO public.project_transaction VALUES (101, 'kantata', 'time', '3', 1795283159000000, 0, 0, 1, true, NULL, 2, 'US', 'prj_02778992ba495783a890794cd3d81f91', 'marco.silva@haldenmarsh.example', '1', '4', '7', 'Consultant', '2026-11-21', 60, 'min', true, NULL, NULL, 'dana.whitfield@haldenmarsh.example', '2026-11-21 17:45:59+00', 'work', 'USD', 165.00, 165.00, NULL, 'contract rate card: Consultant USD 165.00 from 2026-11-01', 70.00, 'USD', 1, 'Consultant', 'billable', NULL, 'checked', 2);

INSERT INTO public.pull_page OVERRIDING SYSTEM VALUE VALUES (1, 'kantata:time', '{"lines":{"after":"2026-11-21T17:40:47+00:00","anchor":null,"offset":0},"of_waiting":{"anchor":null,"offset":0},"seen":{"1":"2026-11-21T17:45:44Z"},"submissions":{"after":"2026-11-21T17:40:47+00:00","anchor":null,"offset":0},"turn":"submissions","waiting":[]}', 2, 150, '\x7b22636f756e74223a322c226d657461223a7b22636f756e74223a322c22706167655f636f756e74223a312c22706167655f6e756d626572223a312c22706167655f73697a65223a3230307d2c22726573756c7473223a5b7b226b6579223a2274696d655f656e7472696573222c226964223a2231227d2c7b226b6579223a2274696d655f656e7472696573222c226964223a2232227d5d2c2274696d655f656e7472696573223a7b2231223a7b226964223a2231222c22646174655f706572666f726d6564223a22323032362d31312d3231222c2274696d655f696e5f6d696e75746573223a36302c2262696c6c61626c65223a747275652c226e6f746573223a22776f726b222c22726174655f696e5f63656e7473223a32313030302c22636f73745f726174655f696e5f63656e7473223a393530302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22617070726f766564223a747275652c2269735f696e766f69636564223a66616c73652c2274617861626c65223a66616c73652c226c6f636174696f6e223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22726563656e745f7375626d697373696f6e5f6964223a2231222c22726f6c655f6964223a2232222c2273746f72795f6964223a2235222c22757365725f6964223a2232222c22776f726b73706163655f6964223a2231227d2c2232223a7b226964223a2232222c22646174655f706572666f726d6564223a22323032362d31312d3230222c2274696d655f696e5f6d696e75746573223a39302c2262696c6c61626c65223a747275652c226e6f746573223a22776f726b222c22726174655f696e5f63656e7473223a32313030302c22636f73745f726174655f696e5f63656e7473223a393530302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22617070726f766564223a747275652c2269735f696e766f69636564223a66616c73652c2274617861626c65223a66616c73652c226c6f636174696f6e223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22726563656e745f7375626d697373696f6e5f6964223a2231222c22726f6c655f6964223a2232222c2273746f72795f6964223a2235222c22757365725f6964223a2232222c22776f726b73706163655f6964223a2231227d7d2c2274696d6573686565745f7375626d697373696f6e73223a7b2231223a7b226964223a2231222c227469746c65223a225765656b206f66203231204e6f76222c22636f6d6d656e74223a6e756c6c2c22737461747573223a22617070726f766564222c2274797065223a2254696d657368656574222c2273746172745f64617465223a22323032362d31312d3230222c22656e645f64617465223a22323032362d31312d3231222c2263757272656e6379223a22555344222c226c696e655f6974656d5f746f74616c5f696e5f63656e7473223a35323530302c226c696e655f6974656d5f746f74616c5f666f726d6174746564223a22243532352e3030222c2263757272656e745f7265736f6c7574696f6e5f63726561746f725f6964223a2238222c2263757272656e745f7265736f6c7574696f6e5f637265617465645f61745f64617465223a22323032362d31312d3231222c2263757272656e745f7265736f6c7574696f6e5f6465736372697074696f6e223a6e756c6c2c227065726d697373696f6e73223a7b2263616e5f617070726f7665223a66616c73652c2263616e5f72656a656374223a747275652c2263616e5f63616e63656c223a66616c73657d2c22637265617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a34345a227d7d2c22726f6c6573223a7b2232223a7b226964223a2232222c226e616d65223a2253656e696f7220436f6e73756c74616e74222c2264656c657465645f6174223a6e756c6c2c22637265617465645f6174223a22323032362d30312d30315430303a30303a30305a222c22757064617465645f6174223a22323032362d30312d30315430303a30303a30305a227d7d2c2273746f72696573223a7b2235223a7b226964223a2235222c2273746f72795f74797065223a227461736b222c227469746c65223a2244657369676e2062792053656e696f7220436f6e73756c74616e74222c226465736372697074696f6e223a6e756c6c2c22706f736974696f6e223a302c227374617465223a226e6f742073746172746564222c22737461747573223a6e756c6c2c2273746172745f64617465223a22323032362d31312d3031222c226475655f64617465223a22323032372d30332d3031222c2270657263656e746167655f636f6d706c657465223a302c2262696c6c61626c65223a747275652c2266697865645f666565223a66616c73652c2274696d655f747261636b61626c65223a747275652c2263757272656e6379223a22555344222c226275646765745f657374696d6174655f696e5f63656e7473223a6e756c6c2c226275646765745f757365645f696e5f63656e7473223a35323530302c2274696d655f657374696d6174655f696e5f6d696e75746573223a323430302c226c6f676765645f62696c6c61626c655f74696d655f696e5f6d696e75746573223a3135302c226c6f676765645f6e6f6e62696c6c61626c655f74696d655f696e5f6d696e75746573223a302c22696e766f696365645f62616c616e63655f696e5f63656e7473223a302c22756e696e766f696365645f62616c616e63655f696e5f63656e7473223a302c22776569676874223a6e756c6c2c227072696f72697479223a226e6f726d616c222c2270726f6a6563745f706c616e223a747275652c226172636869766564223a66616c73652c2264656c657465645f6174223a6e756c6c2c22616e636573746f725f696473223a5b2232225d2c22637265617465645f6174223a22323032362d31312d32315431373a34353a33375a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a33375a227d7d2c227573657273223a7b2232223a7b226964223a2232222c2266756c6c5f6e616d65223a22546f6d204f6b61666f72222c22656d61696c5f61646472657373223a22746f6d2e6f6b61666f724068616c64656e6d617273682e6578616d706c65222c22686561646c696e65223a6e756c6c2c2270686f746f5f70617468223a6e756c6c2c226163636f756e745f6964223a312c22637265617465645f6174223a22323032362d30312d30315430303a30303a30305a222c22757064617465645f6174223a22323032362d30312d30315430303a30303a30305a227d7d2c22776f726b737061636573223a7b2231223a7b226964223a2231222c227469746c65223a224772696420616e616c7974696373222c226465736372697074696f6e223a22502d44425653485620666f72204772696420616e616c7974696373204c7464222c226163636f756e745f6964223a312c2273746172745f64617465223a22323032362d31312d3031222c226475655f64617465223a22323032372d30332d3031222c226566666563746976655f6475655f64617465223a6e756c6c2c226172636869766564223a66616c73652c226163636573735f6c6576656c223a22696e7669746174696f6e222c226275646765746564223a747275652c227072696365223a222431382c3330302e3030222c2270726963655f696e5f63656e7473223a313833303030302c226275646765745f75736564223a22243532352e3030222c226275646765745f757365645f696e5f63656e7473223a35323530302c226275646765745f72656d61696e696e67223a222431372c3737352e3030222c2270657263656e745f6f665f6275646765745f75736564223a322c226f7665725f627564676574223a66616c73652c22746f74616c5f657870656e7365735f696e5f63656e7473223a302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22726174655f636172645f6964223a6e756c6c2c2264656661756c745f72617465223a6e756c6c2c227461726765745f6d617267696e223a6e756c6c2c2270657263656e746167655f636f6d706c657465223a302c226368616e67655f6f72646572735f656e61626c6564223a66616c73652c22636f6e73756c74616e745f726f6c655f6e616d65223a22436f6e73756c74616e7473222c22636c69656e745f726f6c655f6e616d65223a22436c69656e7473222c22737461747573223a7b22636f6c6f72223a2267726579222c226b6579223a3130302c226d657373616765223a224e6f20537461747573227d2c22726571756972655f74696d655f617070726f76616c73223a747275652c22726571756972655f657870656e73655f617070726f76616c73223a747275652c22726571756972655f6e6f7465735f6f6e5f74696d655f656e7472696573223a66616c73652c227461736b735f64656661756c745f6e6f6e5f62696c6c61626c65223a66616c73652c2273746f726965735f6172655f66697865645f6665655f62795f64656661756c74223a66616c73652c2274696d655f747261636b61626c65223a747275652c227461736b5f7374617475735f7365745f6964223a6e756c6c2c22726576656e75655f7265636f676e6974696f6e5f6d6574686f645f6e616d65223a2254696d652026204d6174657269616c73222c22776f726b73706163655f696e766f6963655f707265666572656e63655f6964223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a33375a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a33375a227d7d7d', '2026-11-21 17:45:41.23925+00');
INSERT INTO public.pull_page OVERRIDING SYSTEM VALUE VALUES (2, 'kantata:time', '{"lines":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"of_waiting":{"anchor":null,"offset":0},"seen":{"1":"2026-11-21T17:45:44Z","2":"2026-11-21T17:45:59Z"},"submissions":{"after":"2026-11-21T17:41:02+00:00","anchor":null,"offset":0},"turn":"submissions","waiting":[]}', 1, 60, '\x7b22636f756e74223a332c226d657461223a7b22636f756e74223a332c22706167655f636f756e74223a312c22706167655f6e756d626572223a312c22706167655f73697a65223a3230307d2c22726573756c7473223a5b7b226b6579223a2274696d655f656e7472696573222c226964223a2231227d2c7b226b6579223a2274696d655f656e7472696573222c226964223a2232227d2c7b226b6579223a2274696d655f656e7472696573222c226964223a2233227d5d2c2274696d655f656e7472696573223a7b2231223a7b226964223a2231222c22646174655f706572666f726d6564223a22323032362d31312d3231222c2274696d655f696e5f6d696e75746573223a36302c2262696c6c61626c65223a747275652c226e6f746573223a22776f726b222c22726174655f696e5f63656e7473223a32313030302c22636f73745f726174655f696e5f63656e7473223a393530302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22617070726f766564223a747275652c2269735f696e766f69636564223a66616c73652c2274617861626c65223a66616c73652c226c6f636174696f6e223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22726563656e745f7375626d697373696f6e5f6964223a2231222c22726f6c655f6964223a2232222c2273746f72795f6964223a2235222c22757365725f6964223a2232222c22776f726b73706163655f6964223a2231227d2c2232223a7b226964223a2232222c22646174655f706572666f726d6564223a22323032362d31312d3230222c2274696d655f696e5f6d696e75746573223a39302c2262696c6c61626c65223a747275652c226e6f746573223a22776f726b222c22726174655f696e5f63656e7473223a32313030302c22636f73745f726174655f696e5f63656e7473223a393530302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22617070726f766564223a747275652c2269735f696e766f69636564223a66616c73652c2274617861626c65223a66616c73652c226c6f636174696f6e223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22726563656e745f7375626d697373696f6e5f6964223a2231222c22726f6c655f6964223a2232222c2273746f72795f6964223a2235222c22757365725f6964223a2232222c22776f726b73706163655f6964223a2231227d2c2233223a7b226964223a2233222c22646174655f706572666f726d6564223a22323032362d31312d3231222c2274696d655f696e5f6d696e75746573223a36302c2262696c6c61626c65223a747275652c226e6f746573223a22776f726b222c22726174655f696e5f63656e7473223a31363530302c22636f73745f726174655f696e5f63656e7473223a373030302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22617070726f766564223a747275652c2269735f696e766f69636564223a66616c73652c2274617861626c65223a66616c73652c226c6f636174696f6e223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a35395a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a35395a222c22726563656e745f7375626d697373696f6e5f6964223a2232222c22726f6c655f6964223a2233222c2273746f72795f6964223a2237222c22757365725f6964223a2234222c22776f726b73706163655f6964223a2231227d7d2c2274696d6573686565745f7375626d697373696f6e73223a7b2231223a7b226964223a2231222c227469746c65223a225765656b206f66203231204e6f76222c22636f6d6d656e74223a6e756c6c2c22737461747573223a22617070726f766564222c2274797065223a2254696d657368656574222c2273746172745f64617465223a22323032362d31312d3230222c22656e645f64617465223a22323032362d31312d3231222c2263757272656e6379223a22555344222c226c696e655f6974656d5f746f74616c5f696e5f63656e7473223a35323530302c226c696e655f6974656d5f746f74616c5f666f726d6174746564223a22243532352e3030222c2263757272656e745f7265736f6c7574696f6e5f63726561746f725f6964223a2238222c2263757272656e745f7265736f6c7574696f6e5f637265617465645f61745f64617465223a22323032362d31312d3231222c2263757272656e745f7265736f6c7574696f6e5f6465736372697074696f6e223a6e756c6c2c227065726d697373696f6e73223a7b2263616e5f617070726f7665223a66616c73652c2263616e5f72656a656374223a747275652c2263616e5f63616e63656c223a66616c73657d2c22637265617465645f6174223a22323032362d31312d32315431373a34353a34345a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a34345a227d2c2232223a7b226964223a2232222c227469746c65223a225765656b206f66203231204e6f76222c22636f6d6d656e74223a6e756c6c2c22737461747573223a22617070726f766564222c2274797065223a2254696d657368656574222c2273746172745f64617465223a22323032362d31312d3231222c22656e645f64617465223a22323032362d31312d3231222c2263757272656e6379223a22555344222c226c696e655f6974656d5f746f74616c5f696e5f63656e7473223a31363530302c226c696e655f6974656d5f746f74616c5f666f726d6174746564223a22243136352e3030222c2263757272656e745f7265736f6c7574696f6e5f63726561746f725f6964223a2238222c2263757272656e745f7265736f6c7574696f6e5f637265617465645f61745f64617465223a22323032362d31312d3231222c2263757272656e745f7265736f6c7574696f6e5f6465736372697074696f6e223a6e756c6c2c227065726d697373696f6e73223a7b2263616e5f617070726f7665223a66616c73652c2263616e5f72656a656374223a747275652c2263616e5f63616e63656c223a66616c73657d2c22637265617465645f6174223a22323032362d31312d32315431373a34353a35395a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a35395a227d7d2c22726f6c6573223a7b2232223a7b226964223a2232222c226e616d65223a2253656e696f7220436f6e73756c74616e74222c2264656c657465645f6174223a6e756c6c2c22637265617465645f6174223a22323032362d30312d30315430303a30303a30305a222c22757064617465645f6174223a22323032362d30312d30315430303a30303a30305a227d2c2233223a7b226964223a2233222c226e616d65223a22436f6e73756c74616e74222c2264656c657465645f6174223a6e756c6c2c22637265617465645f6174223a22323032362d30312d30315430303a30303a30305a222c22757064617465645f6174223a22323032362d30312d30315430303a30303a30305a227d7d2c2273746f72696573223a7b2235223a7b226964223a2235222c2273746f72795f74797065223a227461736b222c227469746c65223a2244657369676e2062792053656e696f7220436f6e73756c74616e74222c226465736372697074696f6e223a6e756c6c2c22706f736974696f6e223a302c227374617465223a226e6f742073746172746564222c22737461747573223a6e756c6c2c2273746172745f64617465223a22323032362d31312d3031222c226475655f64617465223a22323032372d30332d3031222c2270657263656e746167655f636f6d706c657465223a302c2262696c6c61626c65223a747275652c2266697865645f666565223a66616c73652c2274696d655f747261636b61626c65223a747275652c2263757272656e6379223a22555344222c226275646765745f657374696d6174655f696e5f63656e7473223a6e756c6c2c226275646765745f757365645f696e5f63656e7473223a35323530302c2274696d655f657374696d6174655f696e5f6d696e75746573223a323430302c226c6f676765645f62696c6c61626c655f74696d655f696e5f6d696e75746573223a3135302c226c6f676765645f6e6f6e62696c6c61626c655f74696d655f696e5f6d696e75746573223a302c22696e766f696365645f62616c616e63655f696e5f63656e7473223a302c22756e696e766f696365645f62616c616e63655f696e5f63656e7473223a302c22776569676874223a6e756c6c2c227072696f72697479223a226e6f726d616c222c2270726f6a6563745f706c616e223a747275652c226172636869766564223a66616c73652c2264656c657465645f6174223a6e756c6c2c22616e636573746f725f696473223a5b2232225d2c22637265617465645f6174223a22323032362d31312d32315431373a34353a33375a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a33375a227d2c2237223a7b226964223a2237222c2273746f72795f74797065223a227461736b222c227469746c65223a224275696c6420627920436f6e73756c74616e74222c226465736372697074696f6e223a6e756c6c2c22706f736974696f6e223a302c227374617465223a226e6f742073746172746564222c22737461747573223a6e756c6c2c2273746172745f64617465223a22323032362d31312d3031222c226475655f64617465223a22323032372d30332d3031222c2270657263656e746167655f636f6d706c657465223a302c2262696c6c61626c65223a747275652c2266697865645f666565223a66616c73652c2274696d655f747261636b61626c65223a747275652c2263757272656e6379223a22555344222c226275646765745f657374696d6174655f696e5f63656e7473223a6e756c6c2c226275646765745f757365645f696e5f63656e7473223a31363530302c2274696d655f657374696d6174655f696e5f6d696e75746573223a333630302c226c6f676765645f62696c6c61626c655f74696d655f696e5f6d696e75746573223a36302c226c6f676765645f6e6f6e62696c6c61626c655f74696d655f696e5f6d696e75746573223a302c22696e766f696365645f62616c616e63655f696e5f63656e7473223a302c22756e696e766f696365645f62616c616e63655f696e5f63656e7473223a302c22776569676874223a6e756c6c2c227072696f72697479223a226e6f726d616c222c2270726f6a6563745f706c616e223a747275652c226172636869766564223a66616c73652c2264656c657465645f6174223a6e756c6c2c22616e636573746f725f696473223a5b2233225d2c22637265617465645f6174223a22323032362d31312d32315431373a34353a33375a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a33375a227d7d2c227573657273223a7b2232223a7b226964223a2232222c2266756c6c5f6e616d65223a22546f6d204f6b61666f72222c22656d61696c5f61646472657373223a22746f6d2e6f6b61666f724068616c64656e6d617273682e6578616d706c65222c22686561646c696e65223a6e756c6c2c2270686f746f5f70617468223a6e756c6c2c226163636f756e745f6964223a312c22637265617465645f6174223a22323032362d30312d30315430303a30303a30305a222c22757064617465645f6174223a22323032362d30312d30315430303a30303a30305a227d2c2234223a7b226964223a2234222c2266756c6c5f6e616d65223a224d6172636f2053696c7661222c22656d61696c5f61646472657373223a226d6172636f2e73696c76614068616c64656e6d617273682e6578616d706c65222c22686561646c696e65223a6e756c6c2c2270686f746f5f70617468223a6e756c6c2c226163636f756e745f6964223a312c22637265617465645f6174223a22323032362d30312d30315430303a30303a30305a222c22757064617465645f6174223a22323032362d30312d30315430303a30303a30305a227d7d2c22776f726b737061636573223a7b2231223a7b226964223a2231222c227469746c65223a224772696420616e616c7974696373222c226465736372697074696f6e223a22502d44425653485620666f72204772696420616e616c7974696373204c7464222c226163636f756e745f6964223a312c2273746172745f64617465223a22323032362d31312d3031222c226475655f64617465223a22323032372d30332d3031222c226566666563746976655f6475655f64617465223a6e756c6c2c226172636869766564223a66616c73652c226163636573735f6c6576656c223a22696e7669746174696f6e222c226275646765746564223a747275652c227072696365223a222431382c3330302e3030222c2270726963655f696e5f63656e7473223a313833303030302c226275646765745f75736564223a22243639302e3030222c226275646765745f757365645f696e5f63656e7473223a36393030302c226275646765745f72656d61696e696e67223a222431372c3631302e3030222c2270657263656e745f6f665f6275646765745f75736564223a332c226f7665725f627564676574223a66616c73652c22746f74616c5f657870656e7365735f696e5f63656e7473223a302c2263757272656e6379223a22555344222c2263757272656e63795f73796d626f6c223a2224222c2263757272656e63795f626173655f756e6974223a3130302c22726174655f636172645f6964223a6e756c6c2c2264656661756c745f72617465223a6e756c6c2c227461726765745f6d617267696e223a6e756c6c2c2270657263656e746167655f636f6d706c657465223a302c226368616e67655f6f72646572735f656e61626c6564223a66616c73652c22636f6e73756c74616e745f726f6c655f6e616d65223a22436f6e73756c74616e7473222c22636c69656e745f726f6c655f6e616d65223a22436c69656e7473222c22737461747573223a7b22636f6c6f72223a2267726579222c226b6579223a3130302c226d657373616765223a224e6f20537461747573227d2c22726571756972655f74696d655f617070726f76616c73223a747275652c22726571756972655f657870656e73655f617070726f76616c73223a747275652c22726571756972655f6e6f7465735f6f6e5f74696d655f656e7472696573223a66616c73652c227461736b735f64656661756c745f6e6f6e5f62696c6c61626c65223a66616c73652c2273746f726965735f6172655f66697865645f6665655f62795f64656661756c74223a66616c73652c2274696d655f747261636b61626c65223a747275652c227461736b5f7374617475735f7365745f6964223a6e756c6c2c22726576656e75655f7265636f676e6974696f6e5f6d6574686f645f6e616d65223a2254696d652026204d6174657269616c73222c22776f726b73706163655f696e766f6963655f707265666572656e63655f6964223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32315431373a34353a33375a222c22757064617465645f6174223a22323032362d31312d32315431373a34353a35305a227d7d7d', '2026-11-21 17:45:53.344445+00');

INSERT INTO public.record VALUES ('customer', 'cus_9da067383fdb5d908865c8c9cd8cbcb2', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 1, '{"id": "cus_9da067383fdb5d908865c8c9cd8cbcb2", "name": "Grid analytics Ltd", "email": null, "phone": null, "tax_id": null, "website": null, "contacts": [], "currency": "USD", "billed_by": null, "parent_id": null, "tax_nexus": "US-CA", "erp_number": null, "legal_entity": null, "payment_terms": null, "billing_address": {"id": "address", "city": null, "region": null, "street": null, "country": "US", "postal_code": null}}', 0, '2026-11-21 17:45:33.424406+00');
INSERT INTO public.record VALUES ('customer', 'cus_821dcb58aa7d59d392c4af761eb1ee76', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 1, '{"id": "cus_821dcb58aa7d59d392c4af761eb1ee76", "name": "Deal without a role Ltd", "email": null, "phone": null, "tax_id": null, "website": null, "contacts": [], "currency": "USD", "billed_by": null, "parent_id": null, "tax_nexus": "US-CA", "erp_number": null, "legal_entity": null, "payment_terms": null, "billing_address": {"id": "address", "city": null, "region": null, "street": null, "country": "US", "postal_code": null}}', 0, '2026-11-21 17:45:33.459487+00');
INSERT INTO public.record VALUES ('project_financials', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 1, '{"id": "prj_02778992ba495783a890794cd3d81f91", "unbilled": {"amount": "525.00", "currency": "USD"}, "outstanding": {"amount": "0", "currency": "USD"}, "burn_percent": "2.5", "cost_to_date": {"amount": "237.50", "currency": "USD"}, "hours_worked": "2.5000000000000000", "paid_to_date": {"amount": "0", "currency": "USD"}, "billed_to_date": {"amount": "0", "currency": "USD"}, "contract_value": {"amount": "18300.00", "currency": "USD"}, "hours_budgeted": "100.00", "margin_percent": "54.8", "collection_status": "nothing billed"}', 0, '2026-11-21 17:45:44.737112+00');

INSERT INTO public.route VALUES ('prj_02778992ba495783a890794cd3d81f91', 'erp', 'netsuite');
INSERT INTO public.route VALUES ('prj_02778992ba495783a890794cd3d81f91', 'psa', 'kantata');
INSERT INTO public.route VALUES ('prj_565bdd8a694259cd99e33323bfeca9a3', 'erp', 'netsuite');
INSERT INTO public.route VALUES ('prj_565bdd8a694259cd99e33323bfeca9a3', 'psa', 'kantata');

INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (2, 'opportunity_to_contract', 'opp_e30d328bfdc15d43a64334b4507adc63', 'opp_e30d328bfdc15d43a64334b4507adc63', 1, '{sweep}', '0.1.0', '2026-11-21 17:45:33.332901+00', '2026-11-21 17:45:33.4848+00', 'done', NULL, '[{"what": "note", "label": "Contract active", "detail": "version 1, USD 8,400.00"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (1, 'opportunity_to_contract', 'opp_a6ad418fd7ee5fe2aba0584c748ee9d3', 'opp_a6ad418fd7ee5fe2aba0584c748ee9d3', 1, '{sweep}', '0.1.0', '2026-11-21 17:45:33.321435+00', '2026-11-21 17:45:33.486516+00', 'done', NULL, '[{"what": "note", "label": "Contract active", "detail": "version 1, USD 18,300.00"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (4, 'contract_to_project', 'con_676c55b78cdf55d28bb6254989409fc0', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 1, '{flow}', '0.1.0', '2026-11-21 17:45:33.549984+00', '2026-11-21 17:45:34.410836+00', 'done', NULL, '[{"what": "confirmed", "label": "Customer in ERP", "target": "customer", "subject": "cus_821dcb58aa7d59d392c4af761eb1ee76:US", "connection": "netsuite", "external_id": "11"}, {"what": "confirmed", "label": "ERP number in CRM", "target": "customer.erp_number", "subject": "cus_821dcb58aa7d59d392c4af761eb1ee76:US", "connection": "salesforce", "external_id": "a02Hm0000000002IAA"}, {"what": "confirmed", "label": "Project in ERP", "target": "project", "subject": "prj_565bdd8a694259cd99e33323bfeca9a3", "connection": "netsuite", "external_id": "13"}, {"what": "confirmed", "label": "Contract in ERP", "target": "contract", "subject": "con_676c55b78cdf55d28bb6254989409fc0:US", "connection": "netsuite", "external_id": "2"}, {"what": "confirmed", "label": "Billing schedule in ERP", "target": "billing_schedule", "subject": "prj_565bdd8a694259cd99e33323bfeca9a3", "connection": "netsuite", "external_id": "2"}, {"what": "confirmed", "label": "Tasks in ERP", "target": "wbs_element", "subject": "wbs_f16024bd280251cb9c0a38dd94140d9c", "connection": "netsuite", "external_id": "6"}, {"what": "confirmed", "label": "Project in PSA", "target": "project", "subject": "prj_565bdd8a694259cd99e33323bfeca9a3", "connection": "kantata", "external_id": "2"}, {"what": "confirmed", "label": "Tasks in PSA", "target": "wbs_element", "subject": "wbs_f16024bd280251cb9c0a38dd94140d9c", "connection": "kantata", "external_id": "4"}, {"what": "confirmed", "label": "Milestones in PSA", "target": "milestone", "subject": "mil_17dae43a23a45818bbf722e592711a1e", "connection": "kantata", "external_id": "6"}, {"what": "confirmed", "label": "Project shown in CRM", "target": "project", "subject": "prj_565bdd8a694259cd99e33323bfeca9a3", "connection": "salesforce", "external_id": "a00Hm0000000001IAA"}, {"what": "confirmed", "label": "Ready to staff", "target": "notice", "subject": "ready:prj_565bdd8a694259cd99e33323bfeca9a3:1", "connection": "kantata", "external_id": "1"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (3, 'contract_to_project', 'con_8d7c8846f8f25f46bb8e2778ef22b0cb', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 1, '{flow}', '0.1.0', '2026-11-21 17:45:33.565156+00', '2026-11-21 17:45:34.488014+00', 'done', NULL, '[{"what": "confirmed", "label": "Customer in ERP", "target": "customer", "subject": "cus_9da067383fdb5d908865c8c9cd8cbcb2:US", "connection": "netsuite", "external_id": "10"}, {"what": "confirmed", "label": "ERP number in CRM", "target": "customer.erp_number", "subject": "cus_9da067383fdb5d908865c8c9cd8cbcb2:US", "connection": "salesforce", "external_id": "a02Hm0000000001IAA"}, {"what": "confirmed", "label": "Project in ERP", "target": "project", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "netsuite", "external_id": "12"}, {"what": "confirmed", "label": "Contract in ERP", "target": "contract", "subject": "con_8d7c8846f8f25f46bb8e2778ef22b0cb:US", "connection": "netsuite", "external_id": "1"}, {"what": "confirmed", "label": "Billing schedule in ERP", "target": "billing_schedule", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "netsuite", "external_id": "1"}, {"what": "confirmed", "label": "Tasks in ERP", "target": "wbs_element", "subject": "wbs_79525923ad0a59fcbef08bf04416953f", "connection": "netsuite", "external_id": "1"}, {"what": "confirmed", "label": "Tasks in ERP", "target": "wbs_element", "subject": "wbs_92a82340684756899173dec85f953b8d", "connection": "netsuite", "external_id": "2"}, {"what": "confirmed", "label": "Tasks in ERP", "target": "wbs_element", "subject": "wbs_3c0e8784a8f750a5892bd67212e4d7f2", "connection": "netsuite", "external_id": "3"}, {"what": "confirmed", "label": "Tasks in ERP", "target": "wbs_element", "subject": "wbs_bfd3ba778277556eaa831cfc0c07b757", "connection": "netsuite", "external_id": "4"}, {"what": "confirmed", "label": "Tasks in ERP", "target": "wbs_element", "subject": "wbs_e6ebcfe8afee57a487941b6ef70044ce", "connection": "netsuite", "external_id": "5"}, {"what": "confirmed", "label": "Project in PSA", "target": "project", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "kantata", "external_id": "1"}, {"what": "confirmed", "label": "Tasks in PSA", "target": "wbs_element", "subject": "wbs_79525923ad0a59fcbef08bf04416953f", "connection": "kantata", "external_id": "1"}, {"what": "confirmed", "label": "Tasks in PSA", "target": "wbs_element", "subject": "wbs_92a82340684756899173dec85f953b8d", "connection": "kantata", "external_id": "2"}, {"what": "confirmed", "label": "Tasks in PSA", "target": "wbs_element", "subject": "wbs_3c0e8784a8f750a5892bd67212e4d7f2", "connection": "kantata", "external_id": "3"}, {"what": "confirmed", "label": "Tasks in PSA", "target": "wbs_element", "subject": "wbs_bfd3ba778277556eaa831cfc0c07b757", "connection": "kantata", "external_id": "5"}, {"what": "confirmed", "label": "Tasks in PSA", "target": "wbs_element", "subject": "wbs_e6ebcfe8afee57a487941b6ef70044ce", "connection": "kantata", "external_id": "7"}, {"what": "confirmed", "label": "Resource requests in PSA", "target": "resource_request", "subject": "req_fc826705ec705a05a1e8d3c6233b393d", "connection": "kantata", "external_id": "1"}, {"what": "confirmed", "label": "Resource requests in PSA", "target": "resource_request", "subject": "req_ddb687de4d0151d798fa6c4a99709d19", "connection": "kantata", "external_id": "2"}, {"what": "confirmed", "label": "Project shown in CRM", "target": "project", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "salesforce", "external_id": "a00Hm0000000002IAA"}, {"what": "confirmed", "label": "Ready to staff", "target": "notice", "subject": "ready:prj_02778992ba495783a890794cd3d81f91:1", "connection": "kantata", "external_id": "2"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (5, 'staffing', 'prj_565bdd8a694259cd99e33323bfeca9a3', 'eng_9f5763c1e8e851a2a152dee13af45f2b', 2, '{flow}', '0.1.0', '2026-11-21 17:45:34.512511+00', '2026-11-21 17:45:34.537814+00', 'done', NULL, '[{"what": "confirmed", "label": "Staffing shown in CRM", "target": "project.staffing", "subject": "prj_565bdd8a694259cd99e33323bfeca9a3", "connection": "salesforce", "external_id": "a00Hm0000000001IAA"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (6, 'staffing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 2, '{flow}', '0.1.0', '2026-11-21 17:45:34.526252+00', '2026-11-21 17:45:34.647203+00', 'done', NULL, '[{"what": "confirmed", "label": "Staffing shown in CRM", "target": "project.staffing", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "salesforce", "external_id": "a00Hm0000000002IAA"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (7, 'staffing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 9, '{sweep}', '0.1.0', '2026-11-21 17:45:41.237924+00', '2026-11-21 17:45:41.353687+00', 'done', NULL, '[{"what": "confirmed", "label": "Staffing shown in CRM", "target": "project.staffing", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "salesforce", "external_id": "a00Hm0000000002IAA"}, {"what": "confirmed", "label": "Cost forecast in ERP", "target": "cost_forecast", "subject": "asg_7d749bfa495f5c41a81d99bdb828e49a", "connection": "netsuite", "external_id": "1"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (8, 'billing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 11, '{event}', '0.1.0', '2026-11-21 17:45:43.359389+00', '2026-11-21 17:45:43.548282+00', 'done', NULL, '[{"what": "confirmed", "label": "Draft invoice in ERP", "target": "invoice", "subject": "inv_bf14dfd957bf5e0d9d046d56b0ed5255", "connection": "netsuite", "external_id": "3"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (9, 'project_feedback', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 12, '{event}', '0.1.0', '2026-11-21 17:45:44.604566+00', '2026-11-21 17:45:44.749752+00', 'done', NULL, '[{"what": "confirmed", "label": "Burn and billing in CRM", "target": "project.financials", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "salesforce", "external_id": "a00Hm0000000002IAA"}, {"what": "confirmed", "label": "Burn and billing in PSA", "target": "project.financials", "subject": "prj_02778992ba495783a890794cd3d81f91", "connection": "kantata", "external_id": "1"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (10, 'invoice_feedback', 'inv_bf14dfd957bf5e0d9d046d56b0ed5255', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 15, '{flow,sweep}', '0.1.0', '2026-11-21 17:45:47.223539+00', '2026-11-21 17:45:47.320228+00', 'done', NULL, '[{"what": "confirmed", "label": "Invoice shown in CRM", "target": "invoice", "subject": "inv_bf14dfd957bf5e0d9d046d56b0ed5255", "connection": "salesforce", "external_id": "a01Hm0000000001IAA"}]');
INSERT INTO public.run OVERRIDING SYSTEM VALUE VALUES (11, 'billing', 'prj_02778992ba495783a890794cd3d81f91', 'eng_dbeb7e2309125e78a92e36301b5e2f8b', 21, '{event}', '0.1.0', '2026-11-21 17:45:53.424009+00', NULL, 'running', NULL, NULL);

INSERT INTO public.schema_migration VALUES ('0001_engine.sql', '2026-11-21 17:45:30.56457+00');
INSERT INTO public.schema_migration VALUES ('0002_lane.sql', '2026-11-21 17:45:30.625657+00');
INSERT INTO public.schema_migration VALUES ('0003_queue.sql', '2026-11-21 17:45:30.636667+00');

SELECT pg_catalog.setval('public.approval_id_seq', 1, false);

SELECT pg_catalog.setval('public.audit_event_id_seq', 43, true);

SELECT pg_catalog.setval('public.effect_id_seq', 38, true);

SELECT pg_catalog.setval('public.exception_item_id_seq', 1, false);

SELECT pg_catalog.setval('public.inbox_id_seq', 983, true);

SELECT pg_catalog.setval('public.posting_batch_id_seq', 2, true);

SELECT pg_catalog.setval('public.procrastinate_events_id_seq', 61, true);

SELECT pg_catalog.setval('public.procrastinate_jobs_id_seq', 39, true);

SELECT pg_catalog.setval('public.procrastinate_periodic_defers_id_seq', 1, false);

SELECT pg_catalog.setval('public.procrastinate_workers_id_seq', 1, true);

SELECT pg_catalog.setval('public.project_transaction_id_seq', 200, true);

SELECT pg_catalog.setval('public.pull_page_id_seq', 2, true);

SELECT pg_catalog.setval('public.run_id_seq', 11, true);

ALTER TABLE ONLY public.agenda
    ADD CONSTRAINT agenda_pkey PRIMARY KEY (flow, key);

ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY public.audit_event_all
    ADD CONSTRAINT audit_event_all_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY public.change_count
    ADD CONSTRAINT change_count_pkey PRIMARY KEY (connection, flow, hour);

ALTER TABLE ONLY public.circuit
    ADD CONSTRAINT circuit_pkey PRIMARY KEY (connection);

ALTER TABLE ONLY public.connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.contract_version
    ADD CONSTRAINT contract_version_pkey PRIMARY KEY (contract_id, version);

ALTER TABLE ONLY public.cross_reference
    ADD CONSTRAINT cross_reference_connection_target_external_id_key UNIQUE (connection, target, external_id);

ALTER TABLE ONLY public.cross_reference
    ADD CONSTRAINT cross_reference_pkey PRIMARY KEY (connection, target, subject);

ALTER TABLE ONLY public.effect
    ADD CONSTRAINT effect_connection_target_subject_key UNIQUE (connection, target, subject);

ALTER TABLE ONLY public.effect
    ADD CONSTRAINT effect_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.engagement_opportunity
    ADD CONSTRAINT engagement_opportunity_pkey PRIMARY KEY (opportunity_id);

ALTER TABLE ONLY public.engagement
    ADD CONSTRAINT engagement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.erp_line
    ADD CONSTRAINT erp_line_pkey PRIMARY KEY (transaction_id);

ALTER TABLE ONLY public.exception_item
    ADD CONSTRAINT exception_item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.feed_cursor
    ADD CONSTRAINT feed_cursor_pkey PRIMARY KEY (stream);

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_connection_vendor_event_id_key UNIQUE (connection, vendor_event_id);

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invoice_line
    ADD CONSTRAINT invoice_line_pkey PRIMARY KEY (transaction_id);

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (engagement);

ALTER TABLE ONLY public.limit_bucket
    ADD CONSTRAINT limit_bucket_pkey PRIMARY KEY (account);

ALTER TABLE ONLY public.pause
    ADD CONSTRAINT pause_pkey PRIMARY KEY (scope, name);

ALTER TABLE ONLY public.posting_batch
    ADD CONSTRAINT posting_batch_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);

ALTER TABLE ONLY public.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.project
    ADD CONSTRAINT project_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.project_transaction
    ADD CONSTRAINT project_transaction_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pull_page
    ADD CONSTRAINT pull_page_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (kind, id);

ALTER TABLE ONLY public.route
    ADD CONSTRAINT route_pkey PRIMARY KEY (record_id, role);

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.shadow_effect
    ADD CONSTRAINT shadow_effect_pkey PRIMARY KEY (connection, target, subject);

CREATE INDEX agenda_due_at_idx ON public.agenda USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX agenda_engagement_idx ON public.agenda USING btree (engagement);

CREATE INDEX agenda_flow_idx ON public.agenda USING btree (flow) WHERE behind;

CREATE UNIQUE INDEX approval_flow_key_label_idx ON public.approval USING btree (flow, key, label) WHERE (state = ANY (ARRAY['asked'::text, 'approved'::text, 'declined'::text]));

CREATE INDEX audit_event_engagement_id_idx ON ONLY public.audit_event USING btree (engagement, id);

CREATE INDEX audit_event_all_engagement_id_idx ON public.audit_event_all USING btree (engagement, id);

CREATE INDEX audit_event_object_id_idx ON ONLY public.audit_event USING btree (object, id) WHERE (action ~~ 'exception.%'::text);

CREATE INDEX audit_event_all_object_id_idx ON public.audit_event_all USING btree (object, id) WHERE (action ~~ 'exception.%'::text);

CREATE INDEX contract_version_engagement_id_idx ON public.contract_version USING btree (engagement_id);

CREATE INDEX cross_reference_external_id_idx ON public.cross_reference USING btree (external_id);

CREATE INDEX effect_engagement_idx ON public.effect USING btree (engagement);

CREATE INDEX effect_flow_key_idx ON public.effect USING btree (flow, key);

CREATE INDEX effect_state_idx ON public.effect USING btree (state) WHERE (state <> 'confirmed'::text);

CREATE INDEX engagement_opportunity_engagement_id_idx ON public.engagement_opportunity USING btree (engagement_id);

CREATE INDEX exception_line_engagement_idx ON public.exception_line USING btree (engagement);

CREATE UNIQUE INDEX exception_line_exception_id_flow_key_idx ON public.exception_line USING btree (exception_id, flow, key) WHERE (flow IS NOT NULL);

CREATE UNIQUE INDEX exception_line_exception_id_transaction_id_idx ON public.exception_line USING btree (exception_id, transaction_id) WHERE (transaction_id IS NOT NULL);

CREATE INDEX exception_line_flow_key_idx ON public.exception_line USING btree (flow, key);

CREATE INDEX exception_line_transaction_id_idx ON public.exception_line USING btree (transaction_id);

CREATE UNIQUE INDEX exception_one_open ON public.exception_item USING btree (cause) WHERE (closed_at IS NULL);

CREATE INDEX idx_procrastinate_jobs_worker_not_null ON public.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::public.procrastinate_job_status));

CREATE INDEX idx_procrastinate_workers_last_heartbeat ON public.procrastinate_workers USING btree (last_heartbeat);

CREATE INDEX invoice_engagement_id_idx ON public.invoice USING btree (engagement_id);

CREATE INDEX invoice_left_idx ON public.invoice USING btree ("left"(number, 100)) WHERE (number IS NOT NULL);

CREATE INDEX invoice_line_invoice_id_idx ON public.invoice_line USING btree (invoice_id);

CREATE INDEX invoice_project_id_idx ON public.invoice USING btree (project_id);

CREATE INDEX posting_batch_open ON public.posting_batch USING btree (connection, id) WHERE (state <> 'done'::text);

CREATE INDEX procrastinate_events_job_id_fkey_v1 ON public.procrastinate_events USING btree (job_id);

CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON public.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]));

CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON public.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::public.procrastinate_job_status);

CREATE INDEX procrastinate_jobs_priority_idx_v1 ON public.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::public.procrastinate_job_status);

CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON public.procrastinate_jobs USING btree (queue_name);

CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON public.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::public.procrastinate_job_status);

CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON public.procrastinate_periodic_defers USING btree (job_id);

CREATE INDEX project_code_idx ON public.project USING btree (code);

CREATE INDEX project_engagement_id_idx ON public.project USING btree (engagement_id);

CREATE UNIQUE INDEX ptx_live ON public.project_transaction USING btree (connection, kind, source_id, part) WHERE live;

CREATE INDEX ptx_project ON public.project_transaction USING btree (project_id, work_date);

CREATE INDEX ptx_supersedes ON public.project_transaction USING btree (supersedes_id) WHERE (supersedes_id IS NOT NULL);

CREATE INDEX pull_page_stream_id_idx ON public.pull_page USING btree (stream, id);

CREATE INDEX record_engagement_id_kind_idx ON public.record USING btree (engagement_id, kind);

CREATE INDEX run_engagement_id_idx ON public.run USING btree (engagement, id DESC);

CREATE INDEX run_flow_key_id_idx ON public.run USING btree (flow, key, id DESC);

CREATE INDEX shadow_effect_engagement_idx ON public.shadow_effect USING btree (engagement);

ALTER INDEX public.audit_event_engagement_id_idx ATTACH PARTITION public.audit_event_all_engagement_id_idx;

ALTER INDEX public.audit_event_object_id_idx ATTACH PARTITION public.audit_event_all_object_id_idx;

ALTER INDEX public.audit_event_pkey ATTACH PARTITION public.audit_event_all_pkey;

CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_notify_queue_abort_job_v1();

CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_notify_queue_job_inserted_v1();

CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1();

CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_unlink_periodic_defers_v1();

CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1();

CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1();

CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_update_v1();

ALTER TABLE ONLY public.contract_version
    ADD CONSTRAINT contract_version_engagement_id_fkey FOREIGN KEY (engagement_id) REFERENCES public.engagement(id);

ALTER TABLE ONLY public.engagement_opportunity
    ADD CONSTRAINT engagement_opportunity_engagement_id_fkey FOREIGN KEY (engagement_id) REFERENCES public.engagement(id);

ALTER TABLE ONLY public.exception_line
    ADD CONSTRAINT exception_line_exception_id_fkey FOREIGN KEY (exception_id) REFERENCES public.exception_item(id);

ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.procrastinate_workers(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id);

ALTER TABLE ONLY public.project
    ADD CONSTRAINT project_engagement_id_fkey FOREIGN KEY (engagement_id) REFERENCES public.engagement(id);

