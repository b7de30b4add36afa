-- 0022 lab: changes of policy before they are in force, for whom they are in force first, and what vouches for them.

-- A version that is in force for some agents only, until it is enforced, or for good when its stage ended otherwise. What a
-- version says never changes.
alter table organisation_policy add column in_force boolean not null default true;

-- Of a version that returns to what an earlier one said: the version that was in force before it. Such a return is not undone by one person.
alter table organisation_policy add column returned_from integer;

create index organisation_policy_force_idx on organisation_policy (version desc) where in_force;

-- For whom such a version is in force meanwhile. `salt` goes into the hash by which a share of all agents is chosen.
create table policy_stage (
  version   integer     primary key references organisation_policy (version),
  scope     jsonb       not null,
  salt      text        not null,
  ended_at  timestamptz
);

-- One stage at a time: what is in force for an agent is one version or the other.
create unique index policy_stage_open_idx on policy_stage ((true)) where ended_at is null;

create table proposal (
  id            text        primary key check (id ~ '^ppl_'),
  title         text        not null,
  change        jsonb       not null,
  base          jsonb       not null,
  digest        text        not null,
  state         text        not null check (state in ('draft', 'shadow', 'staged', 'enforced', 'rolled_back', 'withdrawn')),
  proposed_by   text        not null,
  answerable    text        not null references human (id),
  confirmed_by  text        references human (id) check (confirmed_by <> answerable),
  confirmed_cut integer,
  version       integer     references organisation_policy (version),
  stage         jsonb,
  effect        jsonb,
  created_at    timestamptz not null,
  moved_at      timestamptz not null
);

create index proposal_shadow_idx on proposal (id) where state = 'shadow';

-- The tests beside a version of the policy. Later revisions are tests that were given for the same text.
create table policy_test_set (
  version   integer     not null references organisation_policy (version),
  revision  integer     not null check (revision > 0),
  tests     jsonb       not null,
  set_at    timestamptz not null,
  primary key (version, revision)
);

-- The newest version of a document that tests or a second person vouch for: what a cut is measured against, so that it cannot be
-- made in small steps.
create table vetted_document (
  name     text        primary key,
  version  integer     not null check (version >= 0),
  at       timestamptz not null
);

-- What proposals in shadow would have decided beside what was decided. Added to by every node.
create table shadow_count (
  proposal   text        primary key references proposal (id),
  decisions  bigint      not null,
  differing  bigint      not null,
  skipped    bigint      not null
);

create table shadow_difference (
  proposal      text        not null references proposal (id),
  agent         text        not null,
  system        text        not null,
  operation     text        not null,
  outcome_now   text        not null,
  outcome_then  text        not null,
  reason_now    text        not null,
  reason_then   text        not null,
  decisions     bigint      not null,
  first_at      timestamptz not null,
  last_at       timestamptz not null,
  primary key (proposal, agent, system, operation, outcome_now, outcome_then, reason_now, reason_then)
);

-- Workloads that may propose and deploy policy.
create table policy_deployer (
  workload  text        primary key references workload (id),
  named_by  text        not null,
  named_at  timestamptz not null
);
