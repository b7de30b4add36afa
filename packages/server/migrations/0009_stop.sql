-- 0009 stop: the kill switch, and what each enforcement point said to it.

create table stop (
  id            text        primary key check (id ~ '^stp_'),
  agent         text        not null references agent (id),
  reason        text        not null,
  ordered_by    text        not null,
  ordered_at    timestamptz not null default clock_timestamp(),
  lifted_at     timestamptz,
  change        bigint      not null unique,
  tasks_ended   integer     not null,
  tokens_ended  integer     not null
);

create index stop_agent_idx on stop (agent);

create table stop_receipt (
  stop          text             not null references stop (id),
  point         text             not null,
  calls_cut     integer          not null,
  confirmed_at  timestamptz      not null default clock_timestamp(),
  primary key (stop, point)
);
