-- 0019 flow: what comes out of systems, what the trees of tasks have seen of it, and the directory of known destinations.

-- Labels of whatever comes from a system. Text from outside the organisation counts as written by outsiders until a person says otherwise.
alter table system
  add column labels     text[] not null default '{untrusted}',
  add column labels_by  text   not null default 'heuristic' check (labels_by in ('heuristic', 'person'));
update system set labels = '{}' where upstream->>'inside' = 'true';

-- A label of a task tree, with the result that brought it first. When a tree gains one, the change of its root is announced in the same
-- transaction: an intent that was decided on the older tree is decided again.
create table tree_label (
  root       text        not null references task (id),
  name       text        not null,
  system     text        not null,
  operation  text        not null,
  action     text        not null,             -- empty for what came outside of a call
  at         timestamptz not null,
  primary key (root, name)
);

-- A value that a result held, as a keyed fingerprint (HMAC-SHA-256 under a key that is sealed elsewhere, 16 bytes): with the result it was met
-- in first, and the labels of all that it was met in. What outsiders wrote and what they did not are kept apart.
create table tree_value (
  root          text        not null,
  fingerprint   bytea       not null check (length(fingerprint) = 16),
  is_untrusted  boolean     not null,
  labels        text[]      not null,
  system        text        not null,
  operation     text        not null,
  action        text        not null,
  at            timestamptz not null,
  primary key (root, fingerprint, is_untrusted)
);
create index tree_value_at_idx on tree_value (at);

-- The trees that an instance has worked in lately: a task that an agent opens for itself goes on from them.
create index task_instance_idx on task (instance, expires_at) where instance is not null;

-- The organisation's directory of known destinations. Its values stand in the clear: they are what people write there to be known.
create table destination (
  kind      text        not null,
  value     text        not null,
  state     text        not null check (state in ('known', 'removed')),
  origin    text        not null check (origin in ('person', 'approval')),
  added_by  text        not null,
  approval  text,
  added_at  timestamptz not null,
  revision  integer     not null check (revision > 0),
  primary key (kind, value)
);
