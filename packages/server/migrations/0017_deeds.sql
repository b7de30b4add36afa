-- 0017 deeds: what agents did, as limits and rules about the past count it. A row is written in the statement that commits the
-- intent, so that a call in flight counts. It goes on counting when the call is done, and when nobody knows what became of it; only
-- what surely was not done is released, with its outcome or by a person. Values of arguments are kept as keyed fingerprints; only
-- numbers that some limit or rule sums are kept as they are.
--
-- Columns are what rows are found by. The rest is in `body`, because every column costs as much as the whole of it:
-- task, above (the agents that it was done for, the root's first; left out for none), owners (of each agent of the chain),
-- requester (who asked at the root), person (who answers at the root), effect, arguments (fingerprints by JSON pointer), partial
-- (true when not every plain value is among them), amounts (decimals by JSON pointer), rows (of results, asked for, then found).
create table deed (
  action     text        primary key check (action ~ '^act_'),
  root       text        not null,                 -- the task at the top of the tree
  agent      text        not null,
  system     text        not null,
  operation  text        not null,
  at         timestamptz not null,
  body       jsonb       not null,
  released   boolean     not null default false
) with (fillfactor = 95);

create index deed_call_idx on deed (system, operation, at);
create index deed_agent_idx on deed (agent, at);
create index deed_root_idx on deed (root);
create index deed_above_idx on deed using gin ((body->'above')) where (body->'above') is not null;
create index deed_at_idx on deed using brin (at);

-- What is locked while it is decided whether a call still fits. A row holds no number: what was counted is read from `deed`.
create table meter (
  key      text        primary key,
  made_at  timestamptz not null
);

-- Limits that sum are few among many mandates.
create index mandate_limits_idx on mandate (id) where document ? 'limits';

-- Rules of the organisation about what happened before, a version each with the policy beside them.
alter table organisation_policy add column rules jsonb not null default '[]';
