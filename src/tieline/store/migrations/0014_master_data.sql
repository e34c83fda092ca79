-- Master data: customers as last seen, pairs of them that may be one, and merges by people beside those of the CRM.

create table master_record (               -- a golden record's sources, with the keys that find its likes
  kind text not null, id text not null, body jsonb not null, keys text[] not null, source_version bigint not null,
  seen_at timestamptz not null default clock_timestamp(), primary key (kind, id));
create index on master_record using gin (keys);

create table match_pair (                  -- two records that may be one; who decided what, and why
  id bigint generated always as identity primary key, kind text not null, one text not null, other text not null,
  probability double precision not null, reasons jsonb not null,
  state text not null default 'open' check (state in ('open', 'same', 'different')),
  found_at timestamptz not null default clock_timestamp(), decided_by text, decided_at timestamptz, reason text,
  survivor text, choices jsonb not null default '{}', unique (kind, one, other), check (one < other));
create index on match_pair (probability desc, id) where state = 'open';
create index on match_pair (decided_at desc, id) where state <> 'open';
create index on match_pair (kind, other);

alter table merged_customer add column pair_id bigint references match_pair; -- null: merged in the CRM
create index on merged_customer (pair_id) where pair_id is not null;
create index on engagement (customer_id);
create index on audit_event (object, id) where action like 'match.%';

-- From a customer up to the one that stands for it; a limit, since two ways to merge may make a circle.
create function customer_up(customer text) returns table (id text, depth int) language sql stable as $$
  with recursive up as (
    select customer as id, 0 as depth
    union select m.master_id, up.depth + 1 from up join merged_customer m on m.id = up.id where up.depth < 20)
  select id, depth from up
$$;

-- All that are one with a customer: the one that stands for them at depth 0, those merged into it below.
create function customer_family(customer text) returns table (id text, depth int) language sql stable as $$
  with recursive down as (
    select (select u.id from customer_up(customer) u order by u.depth desc limit 1) as id, 0 as depth
    union select m.id, down.depth + 1 from down join merged_customer m on m.master_id = down.id where down.depth < 20)
  select down.id, min(down.depth) from down group by down.id
$$;

-- Whose name counts for a customer: that of the one that stands for it, or of the one a person chose.
create function customer_named_by(customer text) returns text language sql stable as $$
  with root as (select u.id from customer_up(customer) u order by u.depth desc limit 1)
  select coalesce((select p.choices->>'name' from merged_customer m join match_pair p on p.id = m.pair_id
    where m.master_id = root.id and p.choices ? 'name' order by p.decided_at desc limit 1), root.id) from root
$$;

alter table discrepancy drop constraint discrepancy_kind_check, add constraint discrepancy_kind_check check (
  kind in ('missing', 'extra', 'amount', 'date', 'wrong_project', 'duplicate', 'stale_version', 'name'));
