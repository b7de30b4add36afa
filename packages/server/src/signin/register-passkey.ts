import { generateRegistrationOptions, type RegistrationResponseJSON, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { Human } from '@surety/contract/human';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { findEnrolment, useEnrolment } from '#registry/enrolment-store';
import { findHuman } from '#registry/human-store';
import { hashCode } from '#registry/one-time-code';
import { addChallenge, useChallenge } from './challenge-store.ts';
import { addPasskey, listPasskeys } from './passkey-store.ts';
import { answeredChallenge } from './read-answer.ts';
import type { Session } from './session-store.ts';
import { challengeMs, type SigninHouse } from './signin-house.ts';

/** By what a passkey is registered: a single-use code, or a session that is open. Nothing else. */
export type RegisteredBy = { readonly code: string } | { readonly session: Session };

/** The most passkeys of one person. */
const maxPasskeys = 20;

/** The algorithms taken: ES256, EdDSA, RS256, the last because some platforms make nothing else. */
const supportedAlgorithmIDs = [-7, -8, -257];

/**
 * First step: what the browser needs to make a passkey (WebAuthn §5.4), for the person whose code or session it is. The
 * code stays unused until the passkey is there. Faults `enrolment.refused` for whatever is wrong with the code,
 * `human.not_active`.
 */
export async function startRegistration({ db, clock, origin }: SigninHouse, by: RegisteredBy) {
  const human = await whose(db, by, new Date(clock()));
  const known = await listPasskeys(db, human.id);
  const options = await generateRegistrationOptions({
    rpName: 'Surety',
    rpID: new URL(origin).hostname,
    userName: human.name,
    userDisplayName: human.displayName,
    userID: Uint8Array.from(Buffer.from(human.id)),
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs,
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
    timeout: challengeMs,
  });
  const expiresAt = new Date(clock() + challengeMs);
  await addChallenge(db, options.challenge, { purpose: 'register', human: human.id, expiresAt });
  return options;
}

/**
 * Second step: keeps the passkey. The challenge, and the code, are used up with it, in one transaction. User verification is
 * required. Faults `enrolment.refused`, `key.refused`, `human.not_active`.
 */
export async function finishRegistration(
  house: SigninHouse,
  by: RegisteredBy,
  answer: RegistrationResponseJSON,
): Promise<{ readonly passkey: string; readonly human: string }> {
  const { db, clock, origin } = house;
  const challenge = answeredChallenge(answer.response.clientDataJSON) ?? refuse('no challenge');
  const known = await useChallenge(db, challenge, 'register', new Date(clock()));
  if (known === undefined) return refuse('the challenge is not open');
  const made = await verifyRegistrationResponse({
    response: answer,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: new URL(origin).hostname,
    requireUserVerification: true,
    supportedAlgorithmIDs,
  }).catch((thrown: unknown) => refuse(String(thrown)));
  if (!made.verified) return refuse('not verified');
  const { credential } = made.registrationInfo;
  return db.transaction(async (tx) => {
    const human = 'code' in by ? await useCode(tx, by.code, new Date(clock())) : by.session.human;
    if (human !== known.human) throw new Fault('enrolment.refused', 'the challenge was for another person');
    if ((await findHuman(tx, human))?.state !== 'active') throw new Fault('human.not_active');
    if ((await listPasskeys(tx, human)).length >= maxPasskeys) throw new Fault('key.refused', 'too many passkeys');
    const now = clock();
    const id = newId<string>('passkey', now);
    await addPasskey(tx, {
      id,
      human,
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports: credential.transports ?? [],
      label: made.registrationInfo.credentialBackedUp ? 'synced passkey' : 'passkey of one device',
      state: 'active',
      createdAt: instant(now),
    });
    const data = { passkey: id, by: 'code' in by ? ('code' as const) : ('session' as const) };
    await record(tx, clock, { type: 'passkey.registered', actor: human, about: human, data });
    return { passkey: id, human };
  });
}

async function whose(tx: Tx, by: RegisteredBy, now: Date): Promise<Human> {
  const id = 'code' in by ? (await findEnrolment(tx, hashCode(by.code), now))?.principal : by.session.human;
  const human = id == null ? undefined : await findHuman(tx, id);
  if (human === undefined) throw new Fault('enrolment.refused');
  if (human.state !== 'active') throw new Fault('human.not_active');
  return human;
}

async function useCode(tx: Tx, code: string, now: Date): Promise<string> {
  const used = await useEnrolment(tx, hashCode(code), now);
  if (used?.principal == null) throw new Fault('enrolment.refused');
  return used.principal;
}

function refuse(why: string): never {
  throw new Fault('key.refused', why);
}
