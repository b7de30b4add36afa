import { randomBytes } from 'node:crypto';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { addSealedSecret, findSealedSecret } from './house-secret-store.ts';
import type { Sealer } from './seal.ts';

/** A secret of 32 random bytes by name, made where it is missing. Nodes that start together agree on one. */
export async function readHouseSecret(house: { db: Db; sealer: Sealer; clock: Clock }, name: string): Promise<Buffer> {
  const place = `house_secret|${name}|1`;
  const known = await findSealedSecret(house.db, name);
  if (known !== undefined) return house.sealer.open(place, known);
  await addSealedSecret(house.db, { name, sealed: house.sealer.seal(place, randomBytes(32)), madeAtMs: house.clock() });
  const kept = await findSealedSecret(house.db, name);
  if (kept === undefined) throw new Error(`the secret ${name} could not be kept`);
  return house.sealer.open(place, kept);
}
