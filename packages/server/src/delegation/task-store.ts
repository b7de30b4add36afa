import { HopGrant } from '@surety/contract/delegation';
import type { CredentialId, HumanId, TaskId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import * as z from 'zod';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { TaskRow } from '#store/rows';

const given = 'id, agent, requester, answerable, trigger, purpose, parent, root, depth, granted, instance, asked';

/**
 * A task is over as well when its agent, or who asked for it, was cut off since it was opened: what was begun before is not
 * gone on with when they are enabled again. So is one that was handed on before the agent above lost its mandate, also under a
 * new one; and one that came of a delegation token that was given back. `cut_off` belongs to the room of changes; it is read
 * here so that there is one truth about a task, by number: also of one that was committed while that happened.
 */
const columns = `${given}, expires_at, created_at,
  case when exists (
    select from cut_off
    where cut_off.key in (task.agent, task.requester, case when task.parent is not null then 'handed_on:' || task.requester end,
                          'handed_on:' || (task.granted->>'offer'))
      and cut_off.number > task.opened_after
  ) then 'ended' else state end as state`;

export async function findTask(tx: Tx, id: string): Promise<Task | undefined> {
  const { rows } = await tx.query<TaskRow>(`select ${columns} from task where id = $1`, [id], 'task-by-id');
  return rows[0] && fromRow(rows[0]);
}

export async function getTask(tx: Tx, id: string): Promise<Task> {
  const task = await findTask(tx, id);
  if (task === undefined) throw new Fault('task.not_found', id);
  return task;
}

/**
 * The path from the root of a tree down to a task, the task last. Undefined for a task that is not known, or whose path
 * does not come to a root.
 */
export async function findChain(tx: Tx, id: string): Promise<Task[] | undefined> {
  const { rows } = await tx.query<TaskRow>(
    `with recursive path (id, up) as (
       select id, parent from task where id = $1
       union select task.id, task.parent from task join path on task.id = path.up)
     select ${columns} from task where id in (select id from path) order by depth`,
    [id],
    'task-chain',
  );
  const chain = rows.map(fromRow);
  return chain[0]?.parent === null ? chain : undefined;
}

/** Which tasks, all conditions together. `openAt`: only those that are open and not expired then. */
export type TaskFilter = {
  readonly agent?: string | undefined;
  readonly instance?: string | undefined;
  readonly openAt?: Date | undefined;
  readonly limit: number;
};

/** Newest first. */
export async function listTasks(tx: Tx, { agent, instance, openAt, limit }: TaskFilter): Promise<Task[]> {
  const { rows } = await tx.query<TaskRow>(
    `select * from (select ${columns} from task
       where ($1::text is null or agent = $1) and ($2::text is null or instance = $2)
         and ($3::timestamptz is null or (state = 'open' and expires_at > $3))) as found
     where $3::timestamptz is null or state = 'open' order by id desc limit $4`,
    [agent ?? null, instance ?? null, openAt ?? null, limit],
  );
  return rows.map(fromRow);
}

/** Every task of the tree with this root, in the order in which they were opened; `limit` of them at most. */
export async function listTree(tx: Tx, root: string, limit: number): Promise<Task[]> {
  const { rows } = await tx.query<TaskRow>(`select ${columns} from task where root = $1 order by id limit $2`, [root, limit]);
  return rows.map(fromRow);
}

export async function addTask(tx: Tx, task: Task): Promise<void> {
  await tx.query(
    `insert into task (${given}, state, expires_at, created_at, opened_after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, (select coalesce(max(number), 0) from change))`,
    [
      task.id,
      task.agent,
      task.requester,
      task.answerable,
      task.trigger,
      task.purpose,
      task.parent,
      task.root,
      task.depth,
      task.grant === null ? null : JSON.stringify(task.grant),
      task.instance,
      JSON.stringify(task.asked),
      task.state,
      task.expiresAt,
      task.createdAt,
    ],
    'task-add',
  );
}

/**
 * Ends a task and every open task below it; `limit` of them at most, from the task itself on. Returns those that were open,
 * in the order of their ids.
 */
export async function endTaskTree(tx: Tx, id: string, limit: number | null = null): Promise<Task[]> {
  const { rows } = await tx.query<TaskRow>(
    `with recursive tree (id) as (select $1::text union select task.id from task join tree on task.parent = tree.id),
       held as (select id from task where state = 'open' and id in (select id from tree) order by id <> $1, id limit $2 for update)
     update task set state = 'ended' where id in (select id from held) returning ${columns}`,
    [id, limit],
  );
  return inOrder(rows);
}

/** Ends every open task that came of a delegation token, and what hangs from them. Returns those that were open. */
export async function endTasksOfOffer(tx: Tx, offer: string): Promise<Task[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select id from task where granted->>'offer' = $1 and granted is not null order by id`,
    [offer],
  );
  const ended: Task[] = [];
  for (const { id } of rows) ended.push(...(await endTaskTree(tx, id)));
  return ended;
}

/** Ends every open task of an agent or workload, and what hangs from them. Returns those that were open. */
export async function endTasksOf(tx: Tx, agent: string): Promise<Task[]> {
  const { rows } = await tx.query<TaskRow>(
    `with recursive tree (id) as (
       select id from task where agent = $1 and state = 'open' union select task.id from task join tree on task.parent = tree.id),
       held as (select id from task where state = 'open' and id in (select id from tree) order by id for update)
     update task set state = 'ended' where id in (select id from held) returning ${columns}`,
    [agent],
  );
  return inOrder(rows);
}

/** What hangs from the open tasks of an agent: what it handed on, and what was handed on below that. Its own are not in it. */
const handedOn = `tree (id) as (
  select below.id from task below join task above on below.parent = above.id where above.agent = $1 and above.state = 'open'
  union select task.id from task join tree on task.parent = tree.id)`;

/** Ends every open task that hangs from a task of an agent; its own stay. Returns those that were open. */
export async function endTasksBelow(tx: Tx, agent: string): Promise<Task[]> {
  const { rows } = await tx.query<TaskRow>(
    `with recursive ${handedOn},
       held as (select id from task where state = 'open' and id in (select id from tree) order by id for update)
     update task set state = 'ended' where id in (select id from held) returning ${columns}`,
    [agent],
  );
  return inOrder(rows);
}

/** How many open tasks hang from the tasks of an agent; its own do not count. */
export async function countOpenTasksBelow(tx: Tx, agent: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `with recursive ${handedOn} select count(*) as count from task where state = 'open' and id in (select id from tree)`,
    [agent],
  );
  return rows[0]?.count ?? 0;
}

/** How many open tasks an agent or workload has, with what hangs from them. */
export async function countOpenTasksOf(tx: Tx, agent: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `with recursive tree (id) as (
       select id from task where agent = $1 and state = 'open' union select task.id from task join tree on task.parent = tree.id)
     select count(*) as count from task where state = 'open' and id in (select id from tree)`,
    [agent],
  );
  return rows[0]?.count ?? 0;
}

function inOrder(rows: readonly TaskRow[]): Task[] {
  return rows.map(fromRow).sort((one, other) => (one.id < other.id ? -1 : 1));
}

function fromRow(row: TaskRow): Task {
  return {
    id: row.id as TaskId,
    agent: row.agent as Task['agent'],
    requester: row.requester as Task['requester'],
    answerable: row.answerable as HumanId,
    trigger: row.trigger as Task['trigger'],
    purpose: row.purpose,
    parent: row.parent as TaskId | null,
    root: row.root as TaskId,
    depth: row.depth,
    grant: row.granted === null ? null : HopGrant.parse(row.granted),
    instance: row.instance as CredentialId | null,
    asked: z.array(z.string()).parse(row.asked),
    state: row.state as Task['state'],
    expiresAt: row.expires_at.toISOString(),
    createdAt: row.created_at.toISOString(),
  };
}
