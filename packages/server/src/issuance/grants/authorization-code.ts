import { hash, timingSafeEqual } from 'node:crypto';
import type { HumanId, TaskId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { orNotReady } from '#authn/proof-fault';
import { grantHop, hopsBelow } from '#delegation/hop';
import { detailTexts } from '#delegation/mint-task';
import { newTask } from '#delegation/task';
import { createFingerprints } from '#flow/fingerprints';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { spendKey } from '#ledger/commit-queue';
import { authenticationClaims, signInClass } from '#signin/authentication-claims';
import { requiredParameter } from '../form.ts';
import { type Consent, findConsent } from '../interactive/consent-store.ts';
import type { Code } from '../interactive/interactive.ts';
import { type Granted, type TokenResponse, issueToken } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { findResource } from '../resource-indicator.ts';
import { checkEnrolledKey, issueOnce, newRefresh, withRefresh } from './family.ts';
import type { GrantRequest, ProvenRequest } from './grant.ts';

/** How long it is remembered that a code was used, past its end, in milliseconds. */
const slackMs = 600_000;

/**
 * Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5): a root task that a person asked for, a token for it and the first
 * refresh token of its family, in one commit with the code's end. A code that comes again ends everything that came of
 * it (RFC 6749 §4.1.2). Faults `grant.refused`, `dpop.proof_invalid`.
 */
export async function redeemCode(room: IssuanceRoom, request: GrantRequest): Promise<TokenResponse> {
  const { form, client, proof } = request;
  const { code, value } = await checkCode(room, { form, proof, presentedId: client.document ?? client.clientId });
  await checkEnrolledKey(room, request);
  const given = await orNotReady(findConsent(room.db, code.consent));
  if (given === undefined) return refuse('the consent is not known any more');
  const { consent } = given;
  const spend = { key: spendKey('code', value), expiresAtMs: code.expiresAtMs + slackMs };
  const asked = await askedIn(room, consent);
  const task = taskOf(room, request, { consent, authTime: code.authTime, asked });
  const signedIn = authenticationClaims(code.authTime);
  return issueOnce(room, { spend, family: consent.task, kind: 'code', client: client.clientId }, async () => {
    const response = await issueToken(room, request, async () => {
      if (code.expiresAtMs <= room.clock()) refuse('the code has expired');
      return { ...(await grantOf(room, code.consent, task)), spends: [spend], signedIn };
    });
    return withRefresh(response, room, newRefresh(task, { jkt: proof.jkt, resource: consent.resource, authTime: code.authTime }));
  });
}

/**
 * A code that this client may redeem with this key: asked for by it, in this way. Whether it is still good is not looked at.
 * Fault `grant.refused`.
 */
export async function checkCode(
  room: Pick<IssuanceRoom, 'interactive'>,
  { form, proof, presentedId }: ProvenRequest & { readonly presentedId: string },
): Promise<{ readonly code: Code; readonly value: string }> {
  const value = requiredParameter(form, 'code');
  const [redirectUri, verifier] = [requiredParameter(form, 'redirect_uri'), requiredParameter(form, 'code_verifier')];
  const code = await orNotReady(room.interactive.findCode(value));
  if (code?.clientId !== presentedId) return refuse('the code is none of this client');
  if (code.redirectUri !== redirectUri || !isVerifier(code, verifier)) return refuse('the code was asked for in another way');
  if (code.dpopJkt !== undefined && code.dpopJkt !== proof.jkt) return refuse('the code is bound to another key');
  return { code, value };
}

/** Who agreed is active, and neither they nor the agent were cut off since. Looked at anew for each round of the commit. */
async function grantOf(room: IssuanceRoom, id: string, task: Task): Promise<Granted> {
  const given = await findConsent(room.db, id);
  if (given === undefined || given.isCutOff) return refuse('what was agreed to has ended');
  const { human, resource, passkey } = given.consent;
  if ((await room.facts.human(human))?.state !== 'active') return refuse('the person is not active');
  const found = await findResource(room, [resource]);
  return {
    resource: { ...found, keys: [...found.keys, human, task.id, ...(passkey === null ? [] : [passkey])] },
    scope: 'call',
    task,
    isNew: true,
  };
}

/**
 * Fingerprints of what the person was shown and agreed to. What the agent is for in general says nothing of this piece of work.
 */
async function askedIn({ facts, keyRing }: IssuanceRoom, { agent, purpose, details }: Consent): Promise<readonly string[]> {
  const general = (await orNotReady(facts.agent(agent)))?.purpose;
  return createFingerprints(keyRing.flowSecret).asked([...(purpose === general ? [] : [purpose]), ...detailTexts(details)]);
}

/** The task that a consent becomes: asked for by the person, who answers for it, on the one system that they were shown. */
function taskOf(
  room: IssuanceRoom,
  { client }: GrantRequest,
  { consent, authTime, asked }: { readonly consent: Consent; readonly authTime: number; readonly asked: readonly string[] },
): Task {
  const now = room.clock();
  const expiresAt = instant(now + room.taskSeconds * 1_000);
  const grant = grantHop({ details: consent.details, depth: undefined, expiresAt }, hopsBelow(undefined, undefined) + 1, 'call');
  const human = consent.human as HumanId;
  const task = newTask(
    {
      agent: consent.agent as Task['agent'],
      answerable: human,
      requester: human,
      trigger: 'human',
      purpose: consent.purpose,
      lifetimeSeconds: room.taskSeconds,
      grant: { ...grant, audiences: [consent.system], authTime, acr: signInClass },
      instance: client.credential.id,
      asked,
    },
    now,
  );
  const id = consent.task as TaskId;
  return { ...task, id, root: id };
}

function isVerifier({ codeChallenge }: Code, verifier: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const [made, kept] = [Buffer.from(hash('sha256', verifier, 'base64url')), Buffer.from(codeChallenge)];
  return made.length === kept.length && timingSafeEqual(made, kept);
}

function refuse(why: string): never {
  throw new Fault('grant.refused', why);
}
