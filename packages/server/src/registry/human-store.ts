import type { Human, HumanState } from '@surety/contract/human';
import type { HumanId } from '@surety/contract/id';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { HumanRow } from '#store/rows';
import { addName } from './name-store.ts';

const columns = 'id, name, display_name, title, groups, roles, state, revision, created_at';

export async function findHuman(tx: Tx, id: string): Promise<Human | undefined> {
  const { rows } = await tx.query<HumanRow>(`select ${columns} from human where id = $1`, [id], 'human-by-id');
  return rows[0] && fromRow(rows[0]);
}

export async function getHuman(tx: Tx, id: string): Promise<Human> {
  const human = await findHuman(tx, id);
  if (human === undefined) throw new Fault('human.not_found', id);
  return human;
}

/** Reads a person and holds the row until the transaction ends. */
export async function lockHuman(tx: Tx, id: string): Promise<Human> {
  const { rows } = await tx.query<HumanRow>(`select ${columns} from human where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('human.not_found', id);
  return fromRow(rows[0]);
}

/**
 * Reads people, each of whom stays as read until the transaction ends. In the order of `ids`; rows are locked in the
 * order of their ids. Fault `human.not_found` when one is not there.
 */
export async function holdHumans(tx: Tx, ids: readonly string[]): Promise<Human[]> {
  const { rows } = await tx.query<HumanRow>(`select ${columns} from human where id = any($1) order by id for share`, [[...ids]]);
  return ids.map((id) => {
    const row = rows.find((one) => one.id === id);
    if (row === undefined) throw new Fault('human.not_found', id);
    return fromRow(row);
  });
}

/** Everyone, by name. */
export async function listHumans(tx: Tx): Promise<Human[]> {
  const { rows } = await tx.query<HumanRow>(`select ${columns} from human order by name`);
  return rows.map(fromRow);
}

/** How many people there are, in whatever state. */
export async function countHumans(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ count: number }>('select count(*) as count from human');
  return rows[0]?.count ?? 0;
}

/** How many active people hold a role. */
export async function countActiveHolders(tx: Tx, role: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*) as count from human where state = 'active' and $1 = any(roles)`,
    [role],
  );
  return rows[0]?.count ?? 0;
}

export async function addHuman(tx: Tx, human: Human): Promise<void> {
  await addName(tx, human.name, human.id);
  await tx.query(`insert into human (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [
    human.id,
    human.name,
    human.displayName,
    human.title,
    human.groups,
    human.roles,
    human.state,
    human.revision,
    human.createdAt,
  ]);
}

export async function saveHuman(tx: Tx, human: Human): Promise<void> {
  await tx.query('update human set groups = $2, roles = $3, state = $4, revision = $5 where id = $1', [
    human.id,
    human.groups,
    human.roles,
    human.state,
    human.revision,
  ]);
}

function fromRow(row: HumanRow): Human {
  return {
    id: row.id as HumanId,
    name: row.name,
    displayName: row.display_name,
    title: row.title,
    groups: row.groups,
    roles: row.roles,
    state: row.state as HumanState,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
  };
}

/** Active people who hold a role, by name, at most `limit`. */
export async function listActiveHolders(tx: Tx, role: string, limit: number): Promise<Human[]> {
  const { rows } = await tx.query<HumanRow>(
    `select ${columns} from human where state = 'active' and $1 = any(roles) order by name limit $2`,
    [role, limit],
  );
  return rows.map(fromRow);
}
