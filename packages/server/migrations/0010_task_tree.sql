-- 0010 task tree: a hop of delegation is a child task. The chain of an agent is the path from the root to its task: it is assembled from
-- these rows and from nothing that a caller presents.
alter table task
  add column root      text,                          -- the task at the top of the tree; its own id at the top
  add column depth     integer not null default 0 check (depth between 0 and 8),
  add column granted   jsonb,                         -- what was granted by whoever handed it on; null when nobody did
  add column instance  text,                          -- the credential that opened it
  add column asked     jsonb   not null default '[]'; -- keyed fingerprints of the request's own values

with recursive tree (id, root, depth) as (
  select id, id, 0 from task where parent is null
  union all
  select task.id, tree.root, tree.depth + 1 from task join tree on task.parent = tree.id
)
update task set root = tree.root, depth = least(tree.depth, 8) from tree where tree.id = task.id;

alter table task alter column root set not null;
alter table task add constraint task_top check ((parent is null) = (depth = 0) and (parent is null) = (root = id));

create index task_parent_idx on task (parent) where parent is not null;
create index task_root_idx on task (root);
