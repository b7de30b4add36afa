-- 0004 keys: signing keys and secrets of the house, sealed with the key-encryption key that is not in the database.

create table signing_key (
  kid         text        primary key,
  purpose     text        not null check (purpose in ('token', 'log')),
  jwk         jsonb       not null,
  sealed      bytea       not null,
  state       text        not null check (state in ('next', 'current', 'retiring', 'retired')),
  made_at     timestamptz not null,
  retire_at   timestamptz
);

create unique index signing_key_current_idx on signing_key (purpose) where state = 'current';

create table house_secret (
  name     text        primary key,
  sealed   bytea       not null,
  made_at  timestamptz not null
);
