-- 0012 signin: passkeys and sessions of people, and what the interactive half of issuance keeps between two steps of one sign-in.

create table passkey (
  id             text        primary key check (id ~ '^pky_'),
  human          text        not null references human (id),
  credential_id  text        not null unique,   -- base64url, as the authenticator names it
  public_key     bytea       not null,          -- COSE
  counter        bigint      not null check (counter >= 0),
  transports     text[]      not null default '{}',
  label          text        not null,
  state          text        not null check (state in ('active', 'revoked')),
  created_at     timestamptz not null
);

create index passkey_human_idx on passkey (human) where state = 'active';

-- Only the hash of a challenge is kept. It is deleted by the one answer that uses it.
create table signin_challenge (
  challenge_hash  bytea       primary key,
  purpose         text        not null check (purpose in ('register', 'signin')),
  human           text        references human (id),
  expires_at      timestamptz not null
);

-- Only the hash of a cookie is kept. What was opened before a cut-off of its human is over, also when the human comes back.
create table session (
  id                text        primary key check (id ~ '^ses_'),
  token_hash        bytea       not null unique,
  human             text        not null references human (id),
  passkey           text        not null references passkey (id),
  authenticated_at  timestamptz not null,
  seen_at           timestamptz not null,
  expires_at        timestamptz not null,
  ended_at          timestamptz,
  opened_after      bigint      not null        -- number of the newest change when it was opened
);

create index session_human_idx on session (human) where ended_at is null;
create index session_expiry_idx on session (expires_at);

-- Where a browser may be sent with a code for an agent.
create table agent_redirect (
  agent  text not null references agent (id),
  uri    text not null,
  primary key (agent, uri)
);

-- What a person agreed to, until the code that stands for it has expired. `task` is the id of the task it will become.
create table consent (
  id                text        primary key,
  human             text        not null references human (id),
  agent             text        not null references agent (id),
  resource          text        not null,
  system            text        not null,
  purpose           text        not null,
  details           jsonb,
  task              text        not null unique check (task ~ '^tsk_'),
  opened_after      bigint      not null,
  expires_at        timestamptz not null
);

create index consent_expiry_idx on consent (expires_at);

-- Requests, interactions and codes of the engine, by the hash of what the browser or client holds.
create table interaction_item (
  model       text        not null,
  id_hash     bytea       not null,
  uid         text,
  payload     jsonb       not null,
  expires_at  timestamptz not null,
  primary key (model, id_hash)
);

create index interaction_item_uid_idx on interaction_item (uid) where uid is not null;
create index interaction_item_expiry_idx on interaction_item (expires_at);
