import { hash, randomBytes } from 'node:crypto';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { findHuman } from '#registry/human-store';
import { addChallenge, useChallenge } from './challenge-store.ts';
import { lockPasskey, type Passkey, saveCounter } from './passkey-store.ts';
import { answeredChallenge } from './read-answer.ts';
import { addSession, endSession, type Session, touchSession } from './session-store.ts';
import { challengeMs, idleMs, sessionMs, type SigninHouse } from './signin-house.ts';

/** First step: a challenge (WebAuthn §5.5), for whoever has a passkey here. It names nobody. */
export async function startSignIn({ db, clock, origin }: SigninHouse) {
  const options = await generateAuthenticationOptions({
    rpID: new URL(origin).hostname,
    userVerification: 'required',
    timeout: challengeMs,
  });
  const expiresAt = new Date(clock() + challengeMs);
  await addChallenge(db, options.challenge, { purpose: 'signin', human: null, expiresAt });
  return options;
}

/**
 * Second step: opens a session for the person whose passkey answered. Whatever is wrong is one fault, `signin.refused`; the
 * challenge is used up either way. The token is for the cookie and is kept nowhere here.
 */
export async function finishSignIn(
  house: SigninHouse,
  answer: AuthenticationResponseJSON,
): Promise<{ readonly token: string; readonly session: Session }> {
  const { db, clock } = house;
  const challenge = answeredChallenge(answer.response.clientDataJSON) ?? refuse('no challenge');
  if ((await useChallenge(db, challenge, 'signin', new Date(clock()))) === undefined) refuse('the challenge is not open');
  return db.transaction(async (tx) => {
    const passkey = (await lockPasskey(tx, answer.id)) ?? refuse('the passkey is not known');
    if ((await findHuman(tx, passkey.human))?.state !== 'active') refuse('the person is not active');
    await saveCounter(tx, { id: passkey.id, counter: await newCounter(house, passkey, { answer, challenge }) });
    const now = clock();
    const token = randomBytes(32).toString('base64url');
    const session: Session = {
      id: newId('session', now),
      human: passkey.human,
      passkey: passkey.id,
      authenticatedAtMs: now,
      expiresAtMs: now + sessionMs,
    };
    await addSession(tx, hashOf(token), session);
    const data = { passkey: passkey.id, expiresAt: instant(session.expiresAtMs) };
    await record(tx, clock, { type: 'session.opened', actor: session.human, about: session.id, data });
    return { token, session };
  });
}

/** The counter after an answer that holds (WebAuthn §7.2): a counter that does not grow is a copy of the passkey. */
async function newCounter(
  { origin }: SigninHouse,
  { credentialId, publicKey, counter }: Passkey,
  { answer, challenge }: { readonly answer: AuthenticationResponseJSON; readonly challenge: string },
): Promise<number> {
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: answer,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: new URL(origin).hostname,
    credential: { id: credentialId, publicKey: Uint8Array.from(publicKey), counter },
    requireUserVerification: true,
  }).catch((thrown: unknown) => refuse(String(thrown)));
  return verified ? authenticationInfo.newCounter : refuse('not verified');
}

/** The live session of a cookie's token. */
export async function readSession({ db, clock }: SigninHouse, token: string | undefined): Promise<Session | undefined> {
  return token === undefined ? undefined : touchSession(db, hashOf(token), new Date(clock()), idleMs);
}

/** Ends the session of a token; once more changes nothing. */
export async function signOut({ db, clock }: SigninHouse, token: string): Promise<void> {
  await db.transaction(async (tx) => {
    const session = await endSession(tx, hashOf(token), new Date(clock()));
    if (session === undefined) return;
    const { id, human, passkey } = session;
    await record(tx, clock, { type: 'session.ended', actor: human, about: id, data: { passkey } });
  });
}

function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function refuse(why: string): never {
  throw new Fault('signin.refused', why);
}
