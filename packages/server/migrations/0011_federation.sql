-- 0011 federation: issuers whose word about their workloads is taken, which agent each of those is, and the keys that came that way.

create table trusted_issuer (
  id                    text        primary key check (id ~ '^iss_'),
  name                  text        not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  kind                  text        not null check (kind in ('kubernetes', 'github', 'gitlab', 'cloud', 'spiffe', 'workload-grant', 'id-jag')),
  issuer                text        not null,
  keys                  jsonb       not null,
  algs                  text[]      not null check (cardinality(algs) > 0),
  max_lifetime_seconds  integer     not null check (max_lifetime_seconds between 60 and 86400),
  is_internal           boolean     not null,
  receiver              text        references human (id),
  state                 text        not null check (state in ('active', 'removed')),
  created_at            timestamptz not null,
  check ((kind = 'workload-grant') = (receiver is not null)),
  -- SPIFFE: "RS, ES, PS 256/384/512 only".
  check (kind <> 'spiffe' or not 'EdDSA' = any (algs))
);

-- One name and one address for one trusted issuer at a time. What was removed stays, for the record.
create unique index trusted_issuer_name_idx on trusted_issuer (name) where state = 'active';
create unique index trusted_issuer_issuer_idx on trusted_issuer (issuer) where state = 'active';

create table issuer_match (
  id              text        primary key check (id ~ '^mat_'),
  issuer          text        not null references trusted_issuer (id),
  claims          jsonb       not null,
  below           text,
  agent           text        not null references agent (id),
  manifest_claim  text,
  state           text        not null check (state in ('active', 'removed')),
  created_at      timestamptz not null,
  check (claims <> '{}'::jsonb or below is not null)
);

create unique index issuer_match_once_idx on issuer_match (issuer, claims, coalesce(below, '')) where state = 'active';

-- An agent that its platform named, for good: the pair never comes to mean another agent, also when the issuer is trusted anew.
create table issuer_subject (
  issuer   text not null,
  subject  text not null,
  agent    text not null unique references agent (id),
  primary key (issuer, subject)
);

-- A key that an issuer vouched for proves its owner only while that word holds, and is told apart from keys that a person enrolled.
alter table credential
  add column expires_at         timestamptz,
  add column manifest_digest    text,
  add column manifest_attested  boolean not null default false,
  add column manifest_accepted  boolean not null default true;

-- Where such a key came from. `instance` tells two copies of one workload apart where the platform does.
create table instance (
  credential  text primary key references credential (id),
  issuer      text not null references trusted_issuer (id),
  match       text not null references issuer_match (id),
  subject     text not null,
  instance    text
);

create index instance_match_idx on instance (match);
create index credential_expiry_idx on credential (expires_at) where expires_at is not null and state = 'active';

create table accepted_manifest (
  agent        text        not null references agent (id),
  digest       text        not null,
  accepted_by  text        not null references human (id),
  accepted_at  timestamptz not null,
  primary key (agent, digest)
);

create table partner_client (
  id          text        primary key check (id ~ '^ptn_'),
  audience    text        not null,
  agent       text        not null references agent (id),
  client_id   text        not null,
  state       text        not null check (state in ('active', 'removed')),
  created_at  timestamptz not null
);

create unique index partner_client_agent_idx on partner_client (audience, agent) where state = 'active';
create unique index partner_client_name_idx on partner_client (audience, client_id) where state = 'active';
