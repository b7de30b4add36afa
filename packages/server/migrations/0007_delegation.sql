-- 0007 delegation: mandates, in versions, each signed by the person who gave it; and tasks.

create table mandate (
  id               text        primary key check (id ~ '^man_'),
  agent            text        not null references agent (id),
  version          integer     not null check (version > 0),
  document         jsonb       not null,
  document_digest  text        not null,
  signature        text        not null,
  given_by         text        not null references human (id),
  state            text        not null check (state in ('active', 'replaced', 'ended')),
  created_at       timestamptz not null,
  unique (agent, version)
);

create unique index mandate_active_idx on mandate (agent) where state = 'active';

create table task (
  id          text        primary key check (id ~ '^tsk_'),
  agent       text        not null,
  requester   text        not null,
  answerable  text        not null,
  trigger     text        not null check (trigger in ('agent', 'schedule', 'event', 'human')),
  purpose     text        not null,
  parent      text        references task (id),
  state       text        not null check (state in ('open', 'ended')),
  expires_at  timestamptz not null,
  created_at  timestamptz not null
);

create index task_agent_idx on task (agent) where state = 'open';
