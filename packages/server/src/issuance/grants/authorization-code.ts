import { hash, timingSafeEqual } from 'node:crypto';
import type { HumanId, TaskId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { orNotReady } from '#authn/proof-fault';
import { grantHop, hopsBelow } from '#delegation/hop';
import { newTask } from '#delegation/task';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { spendKey } from '#ledger/commit-queue';
import { authenticationClaims } from '#signin/authentication-claims';
import { requiredParameter } from '../form.ts';
import { type Consent, findConsent } from '../interactive/consent-store.ts';
import type { Code } from '../interactive/interactive.ts';
import { type Granted, type TokenResponse, issueToken } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { findResource } from '../resource-indicator.ts';
import { checkEnrolledKey, issueOnce, newRefresh, withRefresh } from './family.ts';
import type { GrantRequest } from './grant.ts';

/** How long it is remembered that a code was used, past its end, in milliseconds. */
const slackMs = 600_000;

/**
 * Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5): a root task that a person asked for, a token for it and the first
 * refresh token of its family, in one commit with the code's end. A code that comes again ends everything that came of
 * it (RFC 6749 §4.1.2). Faults `grant.refused`, `dpop.proof_invalid`.
 */
export async function redeemCode(room: IssuanceRoom, request: GrantRequest): Promise<TokenResponse> {
  const { form, client, proof } = request;
  const value = requiredParameter(form, 'code');
  const [redirectUri, verifier] = [requiredParameter(form, 'redirect_uri'), requiredParameter(form, 'code_verifier')];
  const code = await orNotReady(room.interactive.findCode(value));
  if (code?.clientId !== client.clientId) return refuse('the code is none of this client');
  if (code.redirectUri !== redirectUri || !isVerifier(code, verifier)) return refuse('the code was asked for in another way');
  if (code.dpopJkt !== undefined && code.dpopJkt !== proof.jkt) return refuse('the code is bound to another key');
  await checkEnrolledKey(room, request);
  const given = await orNotReady(findConsent(room.db, code.consent));
  if (given === undefined) return refuse('the consent is not known any more');
  const { consent } = given;
  const spend = { key: spendKey('code', value), expiresAtMs: code.expiresAtMs + slackMs };
  const task = taskOf(room, request, consent);
  const signedIn = authenticationClaims(code.authTime);
  return issueOnce(room, { spend, family: consent.task, kind: 'code', client: client.clientId }, async () => {
    const response = await issueToken(room, request, async () => {
      if (code.expiresAtMs <= room.clock()) refuse('the code has expired');
      return { ...(await grantOf(room, code.consent, task)), spends: [spend], signedIn };
    });
    return withRefresh(response, room, newRefresh(task, { jkt: proof.jkt, resource: consent.resource, authTime: code.authTime }));
  });
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

/** The task that a consent becomes: asked for by the person, who answers for it, on the one system that they were shown. */
function taskOf(room: IssuanceRoom, { client }: GrantRequest, consent: Consent): Task {
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
      grant: { ...grant, audiences: [consent.system] },
      instance: client.credential.id,
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
