import { importPublicKey, type PublicJwk, type PublicKey } from '@surety/proof/jwk';

/** What a key signs: access tokens (ES256), or checkpoints of the ledger (Ed25519). */
export type KeyPurpose = 'token' | 'log';

/** The life of a signing key. Each is seen in the JWKS before it signs, and stays there until what it signed has expired. */
export type KeyState = 'next' | 'current' | 'retiring' | 'retired';

/** A signing key as it is stored: its private half is sealed for its own row. */
export type StoredKey = {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly jwk: PublicJwk;
  readonly sealed: Buffer;
  readonly state: KeyState;
  readonly madeAtMs: number;
  /** When a retiring key stops verifying; null before it retires. */
  readonly retireAtMs: number | null;
};

/** The place that a private key is sealed for: moved to another row, it does not open. */
export function sealingPlace({ kid, purpose }: Pick<StoredKey, 'kid' | 'purpose'>): string {
  return `signing_key|${kid}|${purpose}`;
}

/** Whether a signature by this key still counts at an instant, in ms since the epoch. */
export function stillVerifies({ state, retireAtMs }: Pick<StoredKey, 'state' | 'retireAtMs'>, now: number): boolean {
  if (state === 'retiring') return retireAtMs !== null && now < retireAtMs;
  return state === 'next' || state === 'current';
}

/** The verifying half, whose name must be that of the key it is stored as. */
export function verifyingKey({ kid, jwk }: StoredKey): PublicKey {
  const key = importPublicKey(jwk);
  if (key.jkt !== kid) throw new Error(`the public half stored for the signing key ${kid} is of another key`);
  return key;
}
