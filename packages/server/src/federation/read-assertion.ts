import { type ExactRecord, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { AssertionAlg } from '@surety/contract/federation';
import { hasZeroSpareBits } from '@surety/proof/base64url';
import { maxTokenLength } from '@surety/proof/jws';
import { refuseAssertion } from './refuse-assertion.ts';

/** An assertion whose form is right. Nothing in it is true yet. */
export type ReadAssertion = {
  readonly token: string;
  readonly typ: unknown;
  readonly alg: AssertionAlg;
  readonly kid: string | undefined;
  readonly claims: ExactRecord;
};

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Header members that would have us fetch or trust a key of the presenter's choice, or read the payload differently. */
const refusedMembers = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip'];

/**
 * Reads a JWT of another issuer (RFC 7519, RFC 8725 §3) before its key is known: compact, the one spelling of each part,
 * strict JSON without duplicate members, an asymmetric `alg`, no header that names a key or where to fetch one. Fault
 * `assertion.refused`.
 */
export function readAssertion(token: string): ReadAssertion {
  if (token.length > maxTokenLength || !compact.test(token)) refuseAssertion('it is no compact JWS');
  const [head = '', body = '', signature = ''] = token.split('.');
  if (![head, body, signature].every(hasZeroSpareBits)) refuseAssertion('it is not in its one spelling');
  const header = readPart(head);
  for (const member of refusedMembers) if (member in header) refuseAssertion('its header has a member that is refused');
  const alg = AssertionAlg.safeParse(header['alg']);
  if (!alg.success) return refuseAssertion('its "alg" is refused');
  const kid = header['kid'];
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 256))
    return refuseAssertion('its "kid" is malformed');
  return { token, typ: header['typ'], alg: alg.data, kid, claims: readPart(body) };
}

function readPart(part: string): ExactRecord {
  try {
    const value = readExactJson(Buffer.from(part, 'base64url'), { depth: 16, nodes: 1_000 });
    if (isExactRecord(value)) return value;
  } catch {
    // refused below, like every other text that is no object
  }
  return refuseAssertion('a part of it is no JSON object');
}
