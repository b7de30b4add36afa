-- 0024 ways in: clients that are described by a document at their own address, and clients that register themselves.

-- A host whose documents describe clients is trusted like an issuer: its agents are received by a person, too.
alter table trusted_issuer drop constraint trusted_issuer_kind_check;
alter table trusted_issuer add constraint trusted_issuer_kind_check check (
  kind in ('kubernetes', 'github', 'gitlab', 'cloud', 'spiffe', 'workload-grant', 'id-jag', 'client-document'));
alter table trusted_issuer drop constraint trusted_issuer_check;
alter table trusted_issuer add constraint trusted_issuer_receiver_check check (
  (kind in ('workload-grant', 'client-document')) = (receiver is not null));

-- A key of a program that people run: good for what a person consented to, and never for the agent's own work.
alter table credential add column for_consent boolean not null default false;

-- An initial access token (RFC 7591 §1.2) that a person made, for one agent. Only its hash is kept; it works once.
create table registration (
  id          text        primary key check (id ~ '^rgt_'),
  token_hash  bytea       not null unique,
  owner       text        not null references human (id),   -- who answers for the draft that comes of it
  opened_by   text        not null references human (id),
  expires_at  timestamptz not null,
  used_at     timestamptz
);

-- How freshly a person must have signed in for calls that are made for them on a system (RFC 9470). No row: it does not matter.
create table sign_in_demand (
  system          text        primary key references system (id),
  within_seconds  integer     not null check (within_seconds between 30 and 2592000),
  set_by          text        not null references human (id),
  set_at          timestamptz not null
);

-- What a person let an agent do ends with their answering for it: a mandate is in force under the ownership it was given in and under no
-- later one, also when who answered before comes back.
alter table agent add column ownership integer not null default 1;     -- counts the owners that it has had
alter table mandate add column ownership integer not null default 1;
