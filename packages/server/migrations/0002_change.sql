-- 0002 change: whatever can shrink a right, numbered so that number order is commit order.
--
-- Writers take an advisory lock until they commit, then number = highest + 1. Nodes poll by number. `key` is the id
-- that changed; `what` says how. A cut-off ends every token of that key that was issued before it.

create table change (
  number  bigint      primary key check (number > 0),
  at      timestamptz not null default clock_timestamp(),
  what    text        not null check (what in ('changed', 'cutoff', 'stopped', 'answered')),
  key     text        not null
);

create index change_key_idx on change (key, number);
create index change_at_idx on change (at);

-- Who enforces, what they have applied, and when they were last heard of.
create table enforcement_point (
  id          text        primary key,
  name        text        not null,
  change      bigint      not null,
  started_at  timestamptz not null default clock_timestamp(),
  seen_at     timestamptz not null default clock_timestamp()
);

-- DPoP proofs and client assertions that were used, until they could not be accepted anyway.
create table spent_proof (
  key         bytea       primary key,
  expires_at  timestamptz not null
);

create index spent_proof_expires_idx on spent_proof (expires_at);
