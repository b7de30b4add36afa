import type { Credential } from '@surety/contract/agent';
import type { PrincipalId } from '@surety/contract/id';
import { importPublicKey, readPublicJwk } from '@surety/proof/jwk';
import { ProofError } from '@surety/proof/proof-error';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import {
  addCredential,
  type CredentialFact,
  listActiveCredentials,
  maxActiveCredentials,
  viewCredential,
} from './credential-store.ts';
import { useEnrolment } from './enrolment-store.ts';
import { findPrincipal } from './find-principal.ts';
import { mayEnrol } from './lifecycle.ts';
import { hashCode } from './one-time-code.ts';
import type { Principal } from './principal.ts';
import type { RegistryHouse } from './registry-house.ts';

/** `jwk` is whatever was sent; it is checked here. */
export type EnrolKey = { readonly code: string; readonly jwk: unknown; readonly label: string };

export type EnrolledKey = { readonly principal: PrincipalId; readonly name: string; readonly credential: Credential };

/**
 * Enrols a public key with a single-use code. Whatever is wrong with the code is one fault, `enrolment.refused`; whatever
 * is wrong with the key is `key.refused`, and then the code can be used again.
 */
export async function enrolKey(house: RegistryHouse, { code, jwk, label }: EnrolKey): Promise<EnrolledKey> {
  return house.db.transaction(async (tx) => {
    const used = await useEnrolment(tx, hashCode(code), new Date(house.clock()));
    if (used?.principal == null) throw new Fault('enrolment.refused');
    const { one } = await getEnrolling(tx, used.principal);
    if ((await listActiveCredentials(tx, one.id)).length >= maxActiveCredentials) {
      throw new Fault('key.refused', 'the principal has as many active keys as it may have');
    }
    const credential = await addKey(tx, house.clock, { principal: one.id, jwk, label });
    await announce(tx, [{ what: 'changed', key: one.id }]);
    return { principal: one.id, name: one.name, credential: viewCredential(credential) };
  });
}

async function getEnrolling(tx: Tx, id: string): Promise<Principal> {
  const principal = await findPrincipal(tx, id);
  if (principal === undefined || !mayEnrol(principal.one.state)) throw new Fault('enrolment.refused', 'not in a state to enrol');
  return principal;
}

/**
 * A key to store: whose it is, and for one that an issuer vouches for, until when, what its instance is made of, and what for.
 */
export type AddedKey = Pick<CredentialFact, 'principal' | 'label' | 'expiresAt' | 'manifest' | 'forConsent'> & {
  readonly jwk: unknown;
};

/**
 * Stores a checked key and records it; the principal is who acts. Refused (`key.refused`): anything but a public P-256 or
 * Ed25519 key for signatures, a point off its curve or weak, and a key that anyone has or had.
 */
export async function addKey(tx: Tx, clock: Clock, { principal, jwk, label, ...vouched }: AddedKey): Promise<CredentialFact> {
  const now = clock();
  const credential: CredentialFact = {
    id: newId('credential', now),
    principal,
    ...checkKey(jwk),
    label,
    state: 'active',
    createdAt: instant(now),
    ...vouched,
  };
  await addCredential(tx, credential);
  await record(tx, clock, {
    type: 'credential.enrolled',
    actor: principal,
    about: principal,
    data: { credential: credential.id, jkt: credential.jkt },
  });
  return credential;
}

function checkKey(jwk: unknown): Pick<CredentialFact, 'jkt' | 'jwk'> {
  try {
    return { jkt: importPublicKey(jwk).jkt, jwk: readPublicJwk(jwk) };
  } catch (thrown) {
    if (thrown instanceof ProofError)
      throw new Fault('key.refused', undefined, { issues: [{ path: '/jwk', message: thrown.message }] });
    throw thrown;
  }
}
