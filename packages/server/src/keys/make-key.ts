import { exportPrivateKey, generateSigningKey } from '@surety/proof/jwk';
import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { houseActor } from '#kernel/house-actor';
import { record } from '#ledger/record';
import type { Sealer } from './seal.ts';
import { type KeyPurpose, type KeyState, sealingPlace, type StoredKey } from './signing-key.ts';
import { addKey, findKey, lockKeys } from './signing-key-store.ts';

/** What making a key needs. */
export type KeyHouse = { readonly sealer: Sealer; readonly clock: Clock };

const algs = { token: 'ES256', log: 'EdDSA' } as const satisfies Record<KeyPurpose, string>;

/** Makes, seals, stores and records a key, under `lockKeys`. */
export async function makeKey(
  tx: Tx,
  house: KeyHouse,
  actor: string,
  { purpose, state }: { readonly purpose: KeyPurpose; readonly state: KeyState },
): Promise<StoredKey> {
  const made = generateSigningKey(algs[purpose]);
  const sealed = house.sealer.seal(sealingPlace({ kid: made.kid, purpose }), JSON.stringify(exportPrivateKey(made)));
  const key: StoredKey = {
    kid: made.kid,
    purpose,
    jwk: made.publicJwk,
    sealed,
    state,
    madeAtMs: house.clock(),
    retireAtMs: null,
  };
  await addKey(tx, key);
  await record(tx, house.clock, { type: 'key.made', actor, about: key.kid, data: { purpose, jkt: made.jkt } });
  return key;
}

/**
 * Makes what a new house lacks: a current key for each purpose, and the token key that comes next. Nodes that start
 * together agree: they take turns, and the second finds what the first has made.
 */
export async function makeFirstKeys(tx: Tx, house: KeyHouse): Promise<void> {
  await lockKeys(tx);
  for (const [purpose, state] of [
    ['token', 'current'],
    ['token', 'next'],
    ['log', 'current'],
  ] as const) {
    if ((await findKey(tx, purpose, state)) === undefined) await makeKey(tx, house, houseActor, { purpose, state });
  }
}
