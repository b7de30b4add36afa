-- 0008 approval: a question to a person about one exact call, and the answer. The arguments are sealed.
--
-- At most one question is open for the same call of the same agent. A yes is used in the transaction that writes the
-- intent, once, by whichever node comes first.

create table approval (
  id               text        primary key check (id ~ '^apr_'),
  action           text        not null unique,
  agent            text        not null,
  task             text        not null,
  answerable       text        not null,
  system           text        not null,
  operation        text        not null,
  effect           text        not null,
  call_digest      text        not null,
  question_digest  text        not null,
  definition       text        not null,   -- digest of the operation's definition when it was asked; another voids the yes
  mandate_version  integer,
  policy_version   integer     not null,
  because          text        not null,
  sealed           bytea       not null,
  state            text        not null check (state in ('pending', 'approved', 'refused', 'used', 'expired')),
  asked_at         timestamptz not null,
  expires_at       timestamptz not null,
  valid_until      timestamptz,
  answered_by      text,
  answered_at      timestamptz,
  signature        text,
  reason           text,
  used_by          text
);

create unique index approval_open_idx on approval (agent, call_digest) where state in ('pending', 'approved');
create index approval_pending_idx on approval (expires_at) where state in ('pending', 'approved');
