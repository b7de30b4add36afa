import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findAgent } from './agent-store.ts';
import { findHuman } from './human-store.ts';
import { findPrincipalByName } from './name-store.ts';
import { kindOf, type Principal, type PrincipalKind } from './principal.ts';
import { findWorkload } from './workload-store.ts';

const notFound = { human: 'human.not_found', workload: 'workload.not_found', agent: 'agent.not_found' } as const;

/** The id that a reference means: an id as it stands, a name through the registry. Undefined for an unknown name. */
export async function resolveRef(tx: Tx, ref: string): Promise<string | undefined> {
  return kindOf(ref) === undefined ? findPrincipalByName(tx, ref) : ref;
}

/** The id of a principal of this kind, by id or name. Fault `….not_found` when the name is unknown or of another kind. */
export async function resolveOf(tx: Tx, kind: PrincipalKind, ref: string): Promise<string> {
  const id = await resolveRef(tx, ref);
  if (id === undefined || kindOf(id) !== kind) throw new Fault(notFound[kind], ref);
  return id;
}

/** A principal of any kind by id or name; undefined if there is none. */
export async function findPrincipal(tx: Tx, ref: string): Promise<Principal | undefined> {
  const id = await resolveRef(tx, ref);
  const kind = id === undefined ? undefined : kindOf(id);
  if (id === undefined || kind === undefined) return undefined;
  if (kind === 'human') return withKind(kind, await findHuman(tx, id));
  if (kind === 'workload') return withKind(kind, await findWorkload(tx, id));
  return withKind(kind, await findAgent(tx, id));
}

function withKind<Kind extends PrincipalKind, One>(kind: Kind, one: One | undefined): { kind: Kind; one: One } | undefined {
  return one && { kind, one };
}

/** The same, or a fault: `human.not_found` or `workload.not_found` for such an id, else `agent.not_found`. */
export async function getPrincipal(tx: Tx, ref: string): Promise<Principal> {
  const found = await findPrincipal(tx, ref);
  if (found === undefined) throw new Fault(notFound[kindOf(ref) ?? 'agent'], ref);
  return found;
}
