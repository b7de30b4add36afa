import { announce } from '#change/announce';
import type { Db, Tx } from '#kernel/db';
import { houseActor } from '#kernel/house-actor';
import { record } from '#ledger/record';
import { type KeyHouse, makeKey } from './make-key.ts';
import type { StoredKey } from './signing-key.ts';
import { findKey, lockKeys, retireDueKeys, saveKey } from './signing-key-store.ts';

export type RotationHouse = KeyHouse & { readonly db: Db };

/**
 * How long a key verifies after it stopped signing, in seconds: the longest token (300), the allowed difference of clocks
 * (60), and the time until the last node has heard of it.
 */
export const overlapSeconds = 600;

/** How long a key stands in the JWKS before it signs, in seconds: twice as long as the JWKS may be kept. */
export const shownSeconds = 600;

/** What a rotation did: the key that signs now and the one that comes next. `too_soon`: the next key is not shown long enough. */
export type Rotation = { readonly current: string; readonly next: string } | 'too_soon';

/**
 * The next token key signs from now on, a new one is made to come after it, and the one that signed verifies until what
 * it signed has expired. `compromised`: the one that signed ends at once, with every token it signed, and the next key
 * signs however short a time it was shown. `expected`: only if this key is still the next one. Announces `keys`. Fault
 * `internal` when there are no keys to rotate.
 */
export async function rotateTokenKey(
  house: RotationHouse,
  actor: string,
  { compromised = false, expected }: { readonly compromised?: boolean; readonly expected?: string } = {},
): Promise<Rotation> {
  return house.db.transaction(async (tx) => {
    const now = house.clock();
    await lockKeys(tx);
    const current = await findKey(tx, 'token', 'current');
    const next = await findKey(tx, 'token', 'next');
    if (current === undefined || next === undefined) throw new Error('there is no token key to rotate');
    if (expected !== undefined && next.kid !== expected) return 'too_soon';
    if (!compromised && now < next.madeAtMs + shownSeconds * 1_000) return 'too_soon';
    await end(tx, house, actor, { current, retireAtMs: compromised ? now : now + overlapSeconds * 1_000 });
    await saveKey(tx, { ...next, state: 'current' });
    const after = await makeKey(tx, house, actor, { purpose: 'token', state: 'next' });
    await announce(tx, [{ what: 'changed', key: 'keys' }]);
    return { current: next.kid, next: after.kid };
  });
}

async function end(
  tx: Tx,
  house: RotationHouse,
  actor: string,
  { current, retireAtMs }: { readonly current: StoredKey; readonly retireAtMs: number },
): Promise<void> {
  const isOver = retireAtMs <= house.clock();
  await saveKey(tx, { ...current, state: isOver ? 'retired' : 'retiring', retireAtMs });
  if (isOver) await recordRetired(tx, house, actor, current);
}

/**
 * Rotates the token key when it has signed for `days`: it began to sign when the key after it was made. Nodes that do this
 * at once take turns, and the second finds it done. Whether it rotated.
 */
export async function rotateDueTokenKey(house: RotationHouse, days: number): Promise<boolean> {
  const next = await findKey(house.db, 'token', 'next');
  if (next === undefined || house.clock() < next.madeAtMs + days * 86_400_000) return false;
  return (await rotateTokenKey(house, houseActor, { expected: next.kid })) !== 'too_soon';
}

/** Ends the retiring keys whose time has come, and records it. They have stopped verifying by themselves; how many ended. */
export async function retireTokenKeys(house: RotationHouse): Promise<number> {
  return house.db.transaction(async (tx) => {
    await lockKeys(tx);
    const retired = await retireDueKeys(tx, house.clock());
    for (const key of retired) await recordRetired(tx, house, houseActor, key);
    if (retired.length > 0) await announce(tx, [{ what: 'changed', key: 'keys' }]);
    return retired.length;
  });
}

async function recordRetired(tx: Tx, house: KeyHouse, actor: string, { kid, purpose }: StoredKey): Promise<void> {
  await record(tx, house.clock, { type: 'key.retired', actor, about: kid, data: { purpose } });
}
