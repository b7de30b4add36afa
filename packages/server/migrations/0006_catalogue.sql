-- 0006 catalogue: the protected systems, what can be called on them, and their own credentials, sealed.

create table system (
  id            text        primary key check (id ~ '^sys_'),
  name          text        not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  display_name  text        not null,
  system_owner  text        not null references human (id),
  upstream      jsonb       not null,
  operations    jsonb       not null,
  state         text        not null check (state in ('active', 'removed')),
  revision      integer     not null check (revision > 0),
  created_at    timestamptz not null
);

create table system_credential (
  system    text        primary key references system (id),
  place     jsonb       not null,
  sealed    bytea       not null,
  revision  integer     not null check (revision > 0)
);
