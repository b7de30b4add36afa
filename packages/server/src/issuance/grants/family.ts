import { randomBytes } from 'node:crypto';
import type { AgentId, TaskId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { orNotReady } from '#authn/proof-fault';
import { announce } from '#change/announce';
import { recordEnded } from '#delegation/end-task';
import { endTaskTree } from '#delegation/task-store';
import { Fault } from '#kernel/fault';
import type { Spend } from '#ledger/commit-queue';
import { isSpent } from '#ledger/is-spent';
import { record } from '#ledger/record';
import { removeConsentOf } from '../interactive/consent-store.ts';
import { type Refresh, sealRefresh } from '../interactive/refresh-token.ts';
import type { TokenResponse } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import type { GrantRequest } from './grant.ts';

/** What comes of one consent: a code, tokens, refresh tokens. All hang from one task, and end with it. */
export type FamilyMember = {
  readonly spend: Spend;
  /** Id of the task. */
  readonly family: string;
  readonly kind: 'code' | 'refresh';
  readonly client: string;
};

/**
 * The key of the proof must be an enrolled one of the agent: the token of a person's consent is worth nothing elsewhere.
 * Fault `dpop.proof_invalid`, which says so.
 */
export async function checkEnrolledKey({ facts, clock }: IssuanceRoom, { client, proof }: GrantRequest): Promise<void> {
  const keys = await orNotReady(facts.credentialsOf(client.clientId));
  const now = clock();
  const isEnrolled = keys.some(
    ({ jkt, state, expiresAt }) =>
      jkt === proof.jkt && state === 'active' && (expiresAt === undefined || Date.parse(expiresAt) > now),
  );
  if (isEnrolled) return;
  const issues = [{ path: '/dpop', message: 'is not by an enrolled key of this agent; enrol the key, or sign with one that is' }];
  throw new Fault('dpop.proof_invalid', 'the key of the proof is not enrolled', { issues });
}

/** How a commit says that something was used before; it does not say what. */
const replayed: ReadonlySet<string> = new Set(['client.assertion_replayed', 'subject.refused']);

/**
 * Gives out what a code or refresh token is good for, once: of any number of requests that show it one commits. One that
 * was used before is in wrong hands, and nobody knows which: the whole family ends. Fault `grant.refused`.
 */
export async function issueOnce(
  room: IssuanceRoom,
  member: FamilyMember,
  issue: () => Promise<TokenResponse>,
): Promise<TokenResponse> {
  if (await orNotReady(isSpent(room.db, member.spend.key))) return endFamily(room, member);
  try {
    return await issue();
  } catch (thrown) {
    const isReplayed = thrown instanceof Fault && replayed.has(thrown.code);
    if (isReplayed && (await orNotReady(isSpent(room.db, member.spend.key)))) return endFamily(room, member);
    throw thrown;
  }
}

async function endFamily(room: IssuanceRoom, { family, kind, client }: FamilyMember): Promise<never> {
  const { db, clock, feed } = room;
  const change = await orNotReady(
    db.transaction(async (tx) => {
      const ended = await endTaskTree(tx, family);
      await record(tx, clock, { type: 'grant.reused', actor: client, about: client, data: { kind, task: family } });
      await removeConsentOf(tx, family);
      // announced also when there is no task yet: whoever is about to commit it is then behind the news, and looks again
      return announce(tx, [{ what: 'cutoff', key: family }, ...(await recordEnded(tx, clock, { ended, actor: client }))]);
    }),
  );
  await feed.waitFor(change, 1_000);
  throw new Fault('grant.refused', 'it was used before; everything that came of it has ended');
}

/**
 * Ends all that came of a consent because its client gives it back (RFC 7009 §2.1), also by a refresh token that was used
 * before. What has ended already changes nothing.
 */
export async function revokeFamily({ db, clock, feed }: IssuanceRoom, { task, agent, jti }: Refresh): Promise<void> {
  const change = await orNotReady(
    db.transaction(async (tx) => {
      const ended = await endTaskTree(tx, task);
      if (ended.length === 0) return undefined;
      await record(tx, clock, { type: 'token.revoked', actor: agent, about: agent, task, data: { tokenId: jti } });
      return announce(tx, await recordEnded(tx, clock, { ended, actor: agent }));
    }),
  );
  if (change !== undefined) await feed.waitFor(change, 1_000);
}

/** The next refresh token of a task's family. */
export function newRefresh(
  { id, agent, expiresAt }: Pick<Task, 'id' | 'agent' | 'expiresAt'>,
  { jkt, resource, authTime }: Pick<Refresh, 'jkt' | 'resource' | 'authTime'>,
): Refresh {
  const jti = randomBytes(16).toString('base64url');
  return { jti, task: id as TaskId, agent: agent as AgentId, jkt, resource, authTime, expiresAtMs: Date.parse(expiresAt) };
}

export function withRefresh(response: TokenResponse, { interactive }: IssuanceRoom, refresh: Refresh): TokenResponse {
  return { ...response, refresh_token: sealRefresh(interactive.sealer, refresh) };
}
