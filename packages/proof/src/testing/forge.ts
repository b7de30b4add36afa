import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { rawFromDer } from '../ecdsa-signature.ts';
import type { SigningKey } from '../jwk.ts';
import { type ProofCode, ProofError } from '../proof-error.ts';

/** JSON as it would be written, or a text to be taken letter for letter. */
export type Part = object | string;

/** Base64url of a part of a JWS. */
export function encodePart(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** A compact JWS whose header and payload are the attacker's to choose and whose signature is the key's. */
export function forge(key: SigningKey, header: Part, claims: Part): string {
  return signInput(key, `${encodePart(header)}.${encodePart(claims)}`);
}

/** The same from a signing input that stands already. */
export function signInput(key: SigningKey, input: string): string {
  const bytes = Buffer.from(input, 'latin1');
  const signature = key.alg === 'ES256' ? rawFromDer(sign('sha256', bytes, key.key)) : sign(null, bytes, key.key);
  return `${input}.${signature.toString('base64url')}`;
}

/** Asserts that the work is refused with this code, and that the refusal quotes nothing of what was presented. */
export function refuses(code: ProofCode, work: () => unknown, presented?: string): void {
  assert.throws(work, (thrown: unknown) => {
    assert.ok(thrown instanceof ProofError, `not a ProofError: ${String(thrown)}`);
    assert.equal(thrown.code, code);
    if (presented !== undefined && presented.length > 12) assert.ok(!thrown.message.includes(presented));
    return true;
  });
}
