import { createHash } from 'node:crypto';
import { canonicalJson, ExactNumber, type ExactRecord } from '@surety/contract/exact-json';
import type { AccessQuestion } from '@surety/decision/authzen/access-question';
import { readJws, signJws, verifyJws } from '@surety/proof/jws';
import { ProofError } from '@surety/proof/proof-error';
import type { AuthzenRoom } from './authzen-room.ts';

/** What the house signs for a PEP to bring back (ARAP): that it may ask a person, and that a person said yes. */
export type BoundKind = 'surety-access-denial+jwt' | 'surety-access-approval+jwt';

/** Members of the context that count in a decision about an operation, and so in what is bound. */
export const boundContext: readonly string[] = ['agent', 'arguments', 'task'];

/** SHA-256, base64url, over the canonical JSON of what was asked: another question, another hash (ARAP, binding_hash). */
export function bindingHash({ subject, action, resource, context }: AccessQuestion): string {
  const { act: _chain, ...properties } = subject.properties;
  const counted = boundContext
    .filter((name) => context[name] !== undefined)
    .map((name) => [name, context[name] ?? null] as const);
  const text = canonicalJson({
    subject: { ...subject, properties },
    action: { ...action },
    resource: { ...resource },
    context: Object.fromEntries(counted),
  });
  return createHash('sha256').update(text).digest('base64url');
}

export type BoundClaims = { readonly [name: string]: string | number | readonly string[] };

export type BoundToken = { readonly claims: ExactRecord; readonly isOver: boolean };

type Signing = Pick<AuthzenRoom, 'issuer' | 'clock' | 'keyRing'>;

/** A signed statement for one PEP, about one question, from us to us. `expiresAtMs`: when it says nothing any more. */
export function signBound(
  { issuer, clock, keyRing }: Signing,
  kind: BoundKind,
  expiresAtMs: number,
  claims: BoundClaims,
): string {
  const key = keyRing.tokenKey();
  const iat = Math.floor(clock() / 1000);
  const all = { iss: issuer, aud: issuer, iat, exp: Math.floor(expiresAtMs / 1000), ...claims };
  return signJws(key, { typ: kind, kid: key.kid }, JSON.stringify(all));
}

/** What one of those says, and whether its time is over. Undefined when it is not one of ours, of this kind, in its form. */
export function readBound({ issuer, clock, keyRing }: Signing, kind: BoundKind, token: string): BoundToken | undefined {
  const parsed = parse(kind, token);
  const key = parsed?.kid === undefined ? undefined : keyRing.keyByKid(parsed.kid);
  if (parsed === undefined || key === undefined || !verifyJws(parsed, key)) return undefined;
  const { claims } = parsed;
  const { exp } = claims;
  if (claims['iss'] !== issuer || claims['aud'] !== issuer || !(exp instanceof ExactNumber)) return undefined;
  return { claims, isOver: exp.toNumber() * 1000 <= clock() };
}

function parse(kind: BoundKind, token: string) {
  try {
    return readJws(token, { typ: kind, algs: ['ES256'] });
  } catch (thrown) {
    if (thrown instanceof ProofError) return undefined;
    throw thrown;
  }
}
