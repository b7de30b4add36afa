-- 0005 policy: what holders of a role may answer for, and what the organisation says. Versions are kept: a decision
-- names the version it was made with, and can be computed again.

create table role (
  name      text        not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  revision  integer     not null check (revision > 0),
  document  jsonb       not null,
  set_at    timestamptz not null,
  primary key (name, revision)
);

create table organisation_policy (
  version       integer     primary key check (version > 0),
  text          text        not null,
  published_by  text        not null,
  published_at  timestamptz not null
);
