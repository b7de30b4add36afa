import type { Tx } from '#kernel/db';
import { resolveOf } from './find-principal.ts';
import { holdHumans } from './human-store.ts';
import type { OwnershipRequest } from './ownership.ts';

/** Owner and deputies by id or name, held as they are until the transaction ends. Fault `human.not_found`. */
export async function readAnswerable(tx: Tx, owner: string, deputies: readonly string[]): Promise<OwnershipRequest> {
  const ids: string[] = [];
  for (const ref of [owner, ...deputies]) ids.push(await resolveOf(tx, 'human', ref));
  const [first, ...rest] = await holdHumans(tx, ids);
  if (first === undefined) throw new Error('an owner was read and is not there');
  return { owner: first, deputies: rest };
}
