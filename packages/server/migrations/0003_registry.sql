-- 0003 registry: the three kinds of principal, their keys, and the codes with which keys are enrolled.
--
-- Nobody is ever deleted: a human leaves, an agent retires. Names are unique across all kinds. Who answers for an agent
-- or workload is exactly one person, and no deputy is that person.

create table principal_name (
  name       text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  principal  text not null unique
);

create table human (
  id            text        primary key check (id ~ '^hum_'),
  name          text        not null unique references principal_name (name),
  display_name  text        not null,
  title         text        not null,
  groups        text[]      not null default '{}',
  roles         text[]      not null default '{}',
  state         text        not null check (state in ('active', 'suspended', 'left')),
  revision      integer     not null check (revision > 0),
  created_at    timestamptz not null
);

create table workload (
  id            text        primary key check (id ~ '^wkl_'),
  name          text        not null unique references principal_name (name),
  display_name  text        not null,
  owner         text        not null references human (id),
  deputies      text[]      not null default '{}' check (array_position(deputies, null) is null and not deputies @> array[owner]),
  state         text        not null check (state in ('draft', 'active', 'suspended', 'retired')),
  revision      integer     not null check (revision > 0),
  created_at    timestamptz not null
);

create table agent (
  id            text        primary key check (id ~ '^agt_'),
  name          text        not null unique references principal_name (name),
  display_name  text        not null,
  purpose       text        not null,
  owner         text        not null references human (id),
  deputies      text[]      not null default '{}' check (array_position(deputies, null) is null and not deputies @> array[owner]),
  risk_tier     text        not null check (risk_tier in ('low', 'medium', 'high', 'critical')),
  autonomy      text        not null check (autonomy in ('observe', 'propose', 'act_within_limits', 'act')),
  manifest      jsonb       not null,
  state         text        not null check (state in ('draft', 'active', 'suspended', 'retired')),
  revision      integer     not null check (revision > 0),
  created_at    timestamptz not null
);

create index agent_owner_idx on agent (owner) where state <> 'retired';
create index agent_deputies_idx on agent using gin (deputies);
create index workload_owner_idx on workload (owner) where state <> 'retired';

create table credential (
  id          text        primary key check (id ~ '^crd_'),
  principal   text        not null,
  jkt         text        not null unique,
  jwk         jsonb       not null,
  label       text        not null,
  state       text        not null check (state in ('active', 'revoked')),
  created_at  timestamptz not null
);

create index credential_principal_idx on credential (principal);

-- Only the hash of a code is kept. A code works once, for a short time.
create table enrolment (
  id          text        primary key check (id ~ '^enr_'),
  code_hash   bytea       not null unique,
  principal   text,                       -- null: the claim of a new server
  expires_at  timestamptz not null,
  used_at     timestamptz
);

-- The life of an agent, once more where no code can step around it.
create function refuse_illegal_move() returns trigger language plpgsql as $$
begin
  if new.id <> old.id or new.name <> old.name then
    raise exception 'a principal keeps its id and name' using errcode = 'check_violation';
  end if;
  if old.state = 'retired' and new.state <> 'retired' then
    raise exception 'retired is final' using errcode = 'check_violation';
  end if;
  if new.state = 'draft' and old.state <> 'draft' then
    raise exception 'nothing returns to draft' using errcode = 'check_violation';
  end if;
  if old.state = 'draft' and new.state = 'suspended' then
    raise exception 'a draft cannot be suspended' using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger agent_life before update on agent for each row execute function refuse_illegal_move();
create trigger workload_life before update on workload for each row execute function refuse_illegal_move();

-- A row that could be deleted could be written again in another state.
create function refuse_removal() returns trigger language plpgsql as $$
begin
  raise exception 'a principal is never removed: it leaves or retires' using errcode = 'check_violation';
end $$;

create trigger human_stays before delete on human for each row execute function refuse_removal();
create trigger agent_stays before delete on agent for each row execute function refuse_removal();
create trigger workload_stays before delete on workload for each row execute function refuse_removal();
create trigger principal_name_stays before delete on principal_name for each row execute function refuse_removal();
