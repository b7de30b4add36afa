import { generateKeyPairSync, sign } from 'node:crypto';
import { formatVerifierKey } from '@surety/transparency/note';
import type { LogSigner } from '#ledger/log-signer';

/** The signer of a log, with a key of its own. */
export function aSigner(name = 'ledger.example/log'): LogSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { name, publicKey: raw, vkey: formatVerifierKey(name, raw), sign: (text) => sign(null, text, privateKey) };
}
