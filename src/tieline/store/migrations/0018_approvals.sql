-- What an approval is about in money, who proposed it, and the word of each person where several must agree.
alter table approval
  add column amount numeric, add column currency text, add column legal_entity text, add column proposed_by text,
  drop constraint approval_state_check,
  add constraint approval_state_check check (state in ('asked', 'approved', 'declined', 'void', 'expired'));

create table approval_vote (               -- an approval of one person; the last one needed decides
  approval_id bigint not null references approval, person text not null, reason text not null default '',
  at timestamptz not null default clock_timestamp(), primary key (approval_id, person));
