import { sign } from 'node:crypto';
import type { SigningKey } from '@surety/proof/jwk';
import { formatVerifierKey, type NoteSigner } from '@surety/transparency/note';

/** Signs the notes of a log with Ed25519. `vkey` is what others verify them with (C2SP signed-note, "Verifier keys"). */
export type LogSigner = NoteSigner & { readonly vkey: string };

/** The signer of the log with this origin. Throws for a key that is not Ed25519 and an origin that cannot name a key. */
export function createLogSigner(origin: string, key: SigningKey): LogSigner {
  if (key.alg !== 'EdDSA') throw new Error('a log is signed with Ed25519');
  const publicKey = Buffer.from(key.publicJwk.x, 'base64url');
  return { name: origin, publicKey, vkey: formatVerifierKey(origin, publicKey), sign: (text) => sign(null, text, key.key) };
}
