import type { HumanId, SystemId } from '@surety/contract/id';
import { Operation, type System, Upstream } from '@surety/contract/system';
import * as z from 'zod';
import { listCredentialPlaces } from '#broker/system-credential-store';
import { orFault, type Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { SystemRow } from '#store/rows';

const columns = 'id, name, display_name, system_owner, upstream, operations, state, revision, created_at, labels, labels_by';

/** A system as its own row holds it; whether it has a credential is the broker's to know. */
export type StoredSystem = Omit<System, 'hasCredential'>;

export async function findSystem(tx: Tx, id: string): Promise<StoredSystem | undefined> {
  const { rows } = await tx.query<SystemRow>(`select ${columns} from system where id = $1`, [id], 'system-by-id');
  return rows[0] && fromRow(rows[0]);
}

/** The system with this name, removed or not: a name is never given to a second system. */
export async function findSystemByName(tx: Tx, name: string): Promise<StoredSystem | undefined> {
  const { rows } = await tx.query<SystemRow>(`select ${columns} from system where name = $1`, [name], 'system-by-name');
  return rows[0] && fromRow(rows[0]);
}

/** A system by id or name. Fault `system.not_found`. */
export async function getSystem(tx: Tx, ref: string): Promise<StoredSystem> {
  const system = isId(ref) ? await findSystem(tx, ref) : await findSystemByName(tx, ref);
  if (system === undefined) throw new Fault('system.not_found', ref);
  return system;
}

/** Reads a system by id or name and holds the row until the transaction ends. Fault `system.not_found`. */
export async function lockSystem(tx: Tx, ref: string): Promise<StoredSystem> {
  const { rows } = await tx.query<SystemRow>(`select ${columns} from system where ${isId(ref) ? 'id' : 'name'} = $1 for update`, [
    ref,
  ]);
  if (rows[0] === undefined) throw new Fault('system.not_found', ref);
  return fromRow(rows[0]);
}

/** The systems that are protected now, by name. */
export async function listSystems(tx: Tx): Promise<StoredSystem[]> {
  const { rows } = await tx.query<SystemRow>(`select ${columns} from system where state = 'active' order by name`);
  return rows.map(fromRow);
}

/** Of these names, those that a protected system has. */
export async function listSystemNames(tx: Tx, names: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ name: string }>(`select name from system where state = 'active' and name = any($1)`, [
    [...names],
  ]);
  return new Set(rows.map(({ name }) => name));
}

/** Fault `name.taken` when a system has, or had, this name. */
export async function addSystem(tx: Tx, system: StoredSystem): Promise<void> {
  await orFault(
    tx.query(`insert into system (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, [
      system.id,
      system.name,
      system.displayName,
      system.systemOwner,
      JSON.stringify(system.upstream),
      JSON.stringify(system.operations),
      system.state,
      system.revision,
      system.createdAt,
      system.flow.labels,
      system.flow.by,
    ]),
    'name.taken',
  );
}

export async function saveSystem(tx: Tx, system: StoredSystem): Promise<void> {
  await tx.query('update system set operations = $2, state = $3, revision = $4, labels = $5, labels_by = $6 where id = $1', [
    system.id,
    JSON.stringify(system.operations),
    system.state,
    system.revision,
    system.flow.labels,
    system.flow.by,
  ]);
}

/** Systems as the API shows them. */
export async function viewSystems(tx: Tx, systems: readonly StoredSystem[]): Promise<System[]> {
  const places = await listCredentialPlaces(
    tx,
    systems.map(({ id }) => id),
  );
  return systems.map((system) => ({ ...system, hasCredential: places.has(system.id) }));
}

export async function viewSystem(tx: Tx, system: StoredSystem): Promise<System> {
  return { ...system, hasCredential: (await listCredentialPlaces(tx, [system.id])).has(system.id) };
}

function isId(ref: string): boolean {
  return ref.startsWith('sys_');
}

function fromRow(row: SystemRow): StoredSystem {
  return {
    id: row.id as SystemId,
    name: row.name,
    displayName: row.display_name,
    systemOwner: row.system_owner as HumanId,
    upstream: Upstream.parse(row.upstream),
    flow: { labels: row.labels, by: row.labels_by as System['flow']['by'] },
    operations: z.array(Operation).parse(row.operations),
    state: row.state as System['state'],
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
  };
}
